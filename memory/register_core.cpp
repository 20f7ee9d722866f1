// SPDX-License-Identifier: Apache-2.0
#include "memory/register_core.h"

#include "base/error.h"

namespace milliwatt::memory {

RegisterCore::RegisterCore(const RegisterConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock} {
  if (config.size == 0) throw base::UserError("register window: the size must not be zero");
  if (config.latency < 1)
    throw base::UserError("register window: latency must be at least 1 cycle");
}

base::Picoseconds RegisterCore::serve(base::Picoseconds start, const Burst& burst,
                                      std::uint32_t beat_bytes) {
  const auto beats = words_touched(burst.address, burst.bytes, beat_bytes);
  return clock_.after(start, config_.latency + static_cast<base::Cycles>(beats) - 1);
}

}  // namespace milliwatt::memory
