// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/schema.h"
#include "memory/serial_memory.h"

namespace milliwatt::memory {

/// A HyperRAM: command, address and data on eight lines at both clock edges, 2 bytes per clock,
/// aligned. Three clocks carry command and address, then comes the initial latency, once, or twice
/// when the opening collides with a refresh. The refresh is a counter with a period and a window; a
/// real device's has a phase that nobody knows. Left out: deep power down, x16, registers.
/// Defaults: S27KS0642.
struct HyperRamConfig {
  std::int64_t size = 8 * 1024 * 1024;
  std::int64_t max_clock = 200'000'000;  ///< Hz
  base::Cycles command_address = 3;
  base::Cycles latency = 6;
  base::Picoseconds access_time = 35'000;
  bool fixed_latency = false;
  std::optional<std::uint32_t> wrap;   ///< bytes; none: linear
  std::int64_t die = 8 * 1024 * 1024;  ///< bytes
  base::Picoseconds select_limit = 4'000'000;
  base::Picoseconds refresh_period = 4'000'000;
  base::Picoseconds refresh_window = 40'000;
  base::Cycles deselect = 1;
  bool keep_selected = false;
};

base::Schema<HyperRamConfig> hyperram_schema();
/// Throws UserError when the clock is too fast, the latency shorter than the access time, or a
/// block impossible.
SerialRules serial_rules(const std::string& name, const HyperRamConfig& config,
                         const base::Clock& clock);
BurstCost burst_cost(const HyperRamConfig& config);

}  // namespace milliwatt::memory
