// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/results.h"

namespace milliwatt::sim {

struct RunOptions {
  std::string platform_path;
  std::string network_path;
  std::vector<std::string> settings;  ///< "path.key=value"
  Level level = Level::kValues;
  std::string input_path;  ///< .npy or raw bytes; empty: seeded values
  std::uint32_t seed = 1;  ///< of the seeded input
  bool check = true;       ///< compare every tensor with the reference kernels
};

/// Loads, plans, runs and prices. Throws UserError for bad input; SimulationError when a tensor
/// differs from the reference, an identity does not hold, or the simulation fails.
RunResult run(const RunOptions& options);

/// Throws SimulationError that names the first operator whose output differs from the reference,
/// with the position and both values. Returns what was compared, never nothing.
CheckResult check_tensors(const workloads::Graph& graph,
                          const std::vector<std::vector<std::uint8_t>>& simulated,
                          const std::vector<std::vector<std::uint8_t>>& reference);

}  // namespace milliwatt::sim
