// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/schema.h"
#include "memory/serial_memory.h"

namespace milliwatt::memory {

/// A pseudo-static RAM on eight lines at both clock edges: 2 bytes per clock, aligned; a write
/// masks the byte that it does not want. It refreshes itself while chip select is high. The latency
/// is the one that the device is set to, fixed. Left out: variable latency, 16 lines. Defaults:
/// APS6408L.
struct OctalPsramConfig {
  std::int64_t size = 8 * 1024 * 1024;
  std::int64_t max_clock = 200'000'000;  ///< Hz
  base::Cycles command_address = 3;
  base::Cycles read_latency = 5;
  base::Cycles write_latency = 5;
  std::uint32_t page = 1024;  ///< bytes
  bool row_crossing = false;
  std::optional<std::uint32_t> wrap;  ///< bytes; none: linear
  base::Picoseconds select_limit = 4'000'000;
  base::Cycles deselect = 1;
  bool keep_selected = false;
};

base::Schema<OctalPsramConfig> octal_psram_schema();
/// Throws UserError when the clock is too fast or a block impossible.
SerialRules serial_rules(const std::string& name, const OctalPsramConfig& config,
                         const base::Clock& clock);
BurstCost burst_cost(const OctalPsramConfig& config);

}  // namespace milliwatt::memory
