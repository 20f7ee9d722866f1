// SPDX-License-Identifier: Apache-2.0
#include "shell/engine_counters.h"

#include "base/counters.h"

namespace milliwatt::shell {

base::ComponentClass buffer_class() {
  return {
      "sram",
      {{"read", "one access of the bank's width"}, {"write", "one access of the bank's width"}}};
}

base::ComponentClass output_stage_class() {
  return {"output_stage", {{"requantize", "one sum to one output"}}};
}

base::ComponentClass vector_unit_class() {
  return {"vector_unit", {{"add_element", "one element"}, {"pool_tap", "one window tap"}}};
}

base::ComponentClass dma_class() {
  return {"dma", {{"burst", "one bus burst"}, {"beat", "one beat of the bus width"}}};
}

base::ComponentClass control_class() {
  return {"control", {{"step", "one schedule step"}, {"descriptor_byte", "one byte fetched"}}};
}

EngineCounters::EngineCounters(const std::string& engine, const dataflows::EngineShape& shape,
                               const std::vector<base::Counters>& machine_parts)
    : machine(machine_parts),
      output_stage{engine + ".output_stage", output_stage_class()},
      vector_unit{engine + ".vector_unit", vector_unit_class()},
      dma{engine + ".dma", dma_class()},
      control{engine + ".control", control_class()} {
  for (const dataflows::BufferShape& buffer : shape.buffers) {
    buffers.emplace_back(engine + "." + buffer.name, buffer_class());
  }
}

std::int64_t buffer_accesses(const dataflows::BufferShape& buffer, std::int64_t elements,
                             int bits) {
  return (elements * bits + buffer.width_bits - 1) / buffer.width_bits;
}

}  // namespace milliwatt::shell
