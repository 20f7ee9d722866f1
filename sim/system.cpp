// SPDX-License-Identifier: Apache-2.0
#include "sim/system.h"

#include <algorithm>

namespace milliwatt::sim {

int dma_channels(const dataflows::EngineShape& shape) {
  return static_cast<int>(std::count_if(
      shape.units.begin(), shape.units.end(),
      [](const dataflows::UnitShape& unit) { return unit.kind == dataflows::UnitKind::kDma; }));
}

System::System(const Platform& platform, const Program& program)
    : host_clock{platform.clock("host", platform.clocks.host)},
      engine_clock{platform.clock(kAcceleratorName, platform.clocks.accelerator)},
      sram{"sram", platform.sram, platform.clock("sram", platform.clocks.sram)},
      external{platform.external->build("external",
                                        platform.clock("external", platform.clocks.external))},
      bus{platform.bus, platform.clock("bus", platform.clocks.bus)} {
  int rank = 0;
  host_port = bus.add_initiator("host", rank++, platform.host.port_width);
  sram_link = bus.add_target("sram", program.map.sram, sram, platform.sram.port_width);
  external_link =
      bus.add_target("external", program.map.external, *external, platform.external->port_width());
  if (platform.flash) {
    flash = platform.flash->build("flash", platform.clock("flash", platform.clocks.flash));
    flash_link = bus.add_target("flash", program.map.flash, *flash, platform.flash->port_width());
  }
  if (platform.machine) {
    memory::RegisterConfig window;
    window.size = program.map.engine_stride;
    registers = std::make_unique<memory::RegisterCore>(window, engine_clock);
    register_link = bus.add_target("registers", program.map.engines, *registers);
    const int channels = dma_channels(platform.machine->shape());
    for (int channel = 0; channel < channels; ++channel) {
      const std::string name = std::string{kAcceleratorName} + ".dma" + std::to_string(channel);
      dma_ports.push_back(bus.add_initiator(name, rank++, platform.shell.port_width));
    }
  }
}

void System::assume(memory::Case assumed) {
  sram.assume(assumed);
  external->assume(assumed);
  if (flash) {
    flash->assume(assumed);
  }
}

}  // namespace milliwatt::sim
