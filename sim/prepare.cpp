// SPDX-License-Identifier: Apache-2.0
#include "sim/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/advice.h"
#include "base/error.h"
#include "base/integer_math.h"
#include "mcu/native_host.h"
#include "sim/collect.h"
#include "sim/system.h"

namespace milliwatt::sim {
namespace {

/// Arbitration of a burst: offered in one cycle, decided in the next.
constexpr double kDecisionCycles = 1;

double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

/// Accelerator cycles per cycle of another clock.
double clock_ratio(const Platform& platform, const std::optional<std::int64_t>& other) {
  const std::int64_t system = platform.clocks.system;
  return ratio(platform.clocks.accelerator.value_or(system), other.value_or(system));
}

/// The way from a DMA channel to a target whose port is `target_width` bytes wide.
struct Way {
  double pieces = 1;         ///< of an aligned burst of full length
  std::uint32_t narrow = 1;  ///< bytes that pass in a cycle of the bus
};

Way way_to(const Platform& platform, std::optional<std::uint32_t> target_width) {
  const memory::InterconnectConfig& bus = platform.bus;
  Way way;
  way.narrow =
      std::min({platform.dma_width(), bus.width_bytes, target_width.value_or(bus.width_bytes)});
  const std::uint32_t burst = platform.shell.burst_bytes;
  const std::uint32_t limit = std::min(bus.burst_limit ? *bus.burst_limit * way.narrow : burst,
                                       bus.boundary.value_or(burst));
  way.pieces = static_cast<double>(base::divide_up(burst, limit));
  return way;
}

dataflows::LinkCost sram_cost(const Platform& platform) {
  const Way way = way_to(platform, platform.sram.port_width);
  const double bus = clock_ratio(platform, platform.clocks.bus);
  const double sram = clock_ratio(platform, platform.clocks.sram);
  return {way.pieces * ((kDecisionCycles + static_cast<double>(platform.bus.latency)) * bus +
                        static_cast<double>(platform.sram.latency) * sram),
          std::max(bus / way.narrow, sram / (platform.sram.width_bytes * platform.sram.banks))};
}

/// Of an off-chip memory with a clock of its own.
dataflows::LinkCost off_chip_cost(const Platform& platform, const memory::ExternalConfig& config,
                                  const std::optional<std::int64_t>& its_clock) {
  const double bus = clock_ratio(platform, platform.clocks.bus);
  const double clock = clock_ratio(platform, its_clock);
  const memory::BurstCost cost = config.cost();
  const Way way = way_to(platform, config.port_width());
  return {
      way.pieces * ((kDecisionCycles + static_cast<double>(platform.bus.latency)) * bus +
                    static_cast<double>(cost.latency) * clock),
      std::max(bus / way.narrow, clock * static_cast<double>(cost.unit_clocks) / cost.unit_bytes)};
}

/// The program's image must fit its memory, and beside it what tensors live off chip.
void check_room(const Platform& platform, const workloads::Graph& graph,
                const dataflows::Plan& plan, std::uint64_t image,
                const dataflows::ForcedPlan& forced) {
  std::vector<std::string> faults;
  const auto check = [&](const char* key, std::uint64_t size, std::uint64_t least,
                         std::uint64_t most) {
    if (image > size) {
      faults.push_back(
          fmt::format("the program with the network's constants takes {} bytes; {}", image,
                      least > most ? "no memory would do that the bus has addresses for"
                                   : base::enlarge(key, size, least)));
    }
  };
  dataflows::PlatformView view = view_of(platform);
  const AddressMap map;
  const std::uint64_t tensors = plan.region_bytes[MW_REGION_EXTERNAL];
  if (platform.flash) {
    check("memory.flash.size", static_cast<std::uint64_t>(platform.flash->size()), image,
          dataflows::kAddressable - map.flash);
  } else {
    check("memory.external.size", view.external_bytes, image + tensors, view.external_most);
    view.program_bytes = std::min(image, view.external_bytes);
  }
  const bool told = !platform.flash && !faults.empty();
  if (!told && tensors > view.external_bytes - view.program_bytes) {
    try {
      dataflows::Plan again;
      dataflows::plan_memory(graph, view, again, forced);
    } catch (const base::UserError& error) {
      faults.insert(faults.end(), error.messages().begin(), error.messages().end());
    }
  }
  if (!faults.empty()) {
    throw base::UserError(faults);
  }
}

}  // namespace

dataflows::PlatformView view_of(const Platform& platform) {
  dataflows::PlatformView view;
  view.sram_bytes = static_cast<std::uint64_t>(platform.sram.size);
  view.sram_granule = std::uint64_t{platform.sram.width_bytes} * platform.sram.banks;
  if (!platform.external->writable()) {
    view.external_refuses = fmt::format("memory.external is of kind {}, which cannot be written",
                                        platform.external->kind());
  }
  const AddressMap map;
  view.sram_most = map.engines - map.sram;
  view.external_bytes = static_cast<std::uint64_t>(platform.external->size());
  view.external_most = map.flash - map.external;
  view.sram = sram_cost(platform);
  view.external = off_chip_cost(platform, *platform.external, platform.clocks.external);
  view.program = platform.flash ? off_chip_cost(platform, *platform.flash, platform.clocks.flash)
                                : view.external;
  view.burst_bytes = platform.shell.burst_bytes;
  return view;
}

dataflows::Plan plan_for(const Platform& platform, const workloads::Graph& graph,
                         const dataflows::ForcedPlan& forced) {
  std::unique_ptr<dataflows::EngineModel> model;
  dataflows::PlatformView view = view_of(platform);
  if (platform.machine) {
    model = platform.machine->model();
    view.engines.push_back(model.get());
  }
  view.external_is_open = true;  // what is left is known when there is a program
  return dataflows::make_plan(graph, view, forced);
}

Program program_for(const Platform& platform, const workloads::Graph& graph,
                    const dataflows::Plan& plan, const dataflows::ForcedPlan& forced) {
  const bool external_off_chip = !platform.external->on_chip();
  const OffChip off_chip = {platform.flash ? !platform.flash->on_chip() : external_off_chip,
                            external_off_chip};
  Program program =
      build_program(graph, plan, platform.flash != nullptr, platform.machine ? 1 : 0, off_chip);
  check_room(platform, graph, plan, program.image.size(), forced);
  return program;
}

std::vector<energy::Component> components_of(const Platform& platform) {
  const System system{platform, Program{}};
  const mcu::NativeHost host{platform.host, {}, mcu::NativeHost::Values::kSkipped};
  if (!platform.machine) {
    return platform_components(platform, take_snapshot(system, host, nullptr).counts);
  }
  const auto machine = platform.machine->build(kAcceleratorName, shell::Detail::kValues);
  const shell::EngineCounters engine{kAcceleratorName, machine->shape(), machine->parts()};
  return platform_components(platform, take_snapshot(system, host, &engine).counts);
}

energy::PriceList prices_for(const Platform& platform) {
  return energy::resolve(*platform.technology, components_of(platform));
}

Prepared::Prepared(Platform the_platform, workloads::Graph the_graph,
                   const dataflows::ForcedPlan& forced)
    : platform{std::move(the_platform)},
      graph{std::move(the_graph)},
      plan{plan_for(platform, graph, forced)},
      program{program_for(platform, graph, plan, forced)},
      prices{prices_for(platform)} {}

}  // namespace milliwatt::sim
