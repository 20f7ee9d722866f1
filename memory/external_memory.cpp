// SPDX-License-Identifier: Apache-2.0
#include "memory/external_memory.h"

#include "base/error.h"

namespace milliwatt::memory {

ExternalMemoryCore::ExternalMemoryCore(const ExternalMemoryConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock} {
  if (config.size == 0 || config.bytes_per_cycle == 0) {
    throw base::UserError("external memory: size and bandwidth must not be zero");
  }
  if (config.latency < 0) throw base::UserError("external memory: negative latency");
  if (config.burst_bytes == 0 || (config.burst_bytes & (config.burst_bytes - 1)) != 0) {
    throw base::UserError("external memory: burst_bytes must be a power of two");
  }
}

base::Picoseconds ExternalMemoryCore::serve(base::Picoseconds start, const Burst& burst,
                                            std::uint32_t /*beat_bytes*/) {
  base::Cycles cycles = 0;
  split_bursts(burst.address, burst.bytes, config_.burst_bytes,
               [&](std::uint64_t /*address*/, std::uint32_t bytes) {
                 cycles += config_.latency +
                           (bytes + config_.bytes_per_cycle - 1) / config_.bytes_per_cycle;
               });
  return clock_.after(start, cycles);
}

}  // namespace milliwatt::memory
