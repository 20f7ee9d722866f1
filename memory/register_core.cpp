// SPDX-License-Identifier: Apache-2.0
#include "memory/register_core.h"

#include "base/error.h"

namespace milliwatt::memory {

base::Schema<RegisterConfig> register_schema() {
  base::Schema<RegisterConfig> schema{"registers", "Window of registers on the bus."};
  schema.bytes("size", &RegisterConfig::size)
      .range(64, 1 << 20)
      .def(4096)
      .doc("Size of the window.");
  schema.cycles("latency", &RegisterConfig::latency)
      .range(1, 64)
      .def(1)
      .assumed(1, 4)
      .doc("Of one access, in cycles of the window's clock.");
  return schema;
}

RegisterCore::RegisterCore(const RegisterConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock} {
  if (config.size <= 0) throw base::UserError("register window: the size must not be zero");
  if (config.latency < 1)
    throw base::UserError("register window: latency must be at least 1 cycle");
}

base::Picoseconds RegisterCore::serve(base::Picoseconds start, const Burst& burst,
                                      std::uint32_t beat_bytes) {
  const auto beats = words_touched(burst.address, burst.bytes, beat_bytes);
  return clock_.after(start, config_.latency + static_cast<base::Cycles>(beats) - 1);
}

}  // namespace milliwatt::memory
