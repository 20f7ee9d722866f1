// SPDX-License-Identifier: Apache-2.0
#include "memory/sram.h"

#include <algorithm>

#include "base/error.h"

namespace milliwatt::memory {

SramCore::SramCore(const SramConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock} {
  if (config.width_bytes == 0 || config.size == 0 || config.size % config.width_bytes != 0) {
    throw base::UserError("sram: the size must be a multiple of the width, and neither be zero");
  }
  if (config.latency < 1) throw base::UserError("sram: the latency must be at least 1 cycle");
}

base::Picoseconds SramCore::serve(base::Picoseconds start, const Burst& burst,
                                  std::uint32_t beat_bytes) {
  const auto step = std::min(config_.width_bytes, beat_bytes);
  const auto accesses = words_touched(burst.address, burst.bytes, step);
  return clock_.after(start, config_.latency + static_cast<base::Cycles>(accesses) - 1);
}

}  // namespace milliwatt::memory
