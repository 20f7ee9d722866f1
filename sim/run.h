// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/platform.h"
#include "sim/results.h"
#include "workloads/dataset.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::sim {

struct RunOptions {
  std::string platform_path;
  std::string network_path;
  std::vector<std::string> settings;  ///< "path.key=value"
  Level level = Level::kValues;
  std::string input_path;    ///< .npy or raw bytes; empty: seeded values
  std::uint32_t seed = 1;    ///< of the seeded input
  std::string dataset_path;  ///< .npy of images; the input is then the first one
  std::string labels_path;   ///< .npy of their classes
  bool check = true;         ///< compare every tensor with the reference kernels
  std::string plan_path;     ///< plan file to force; empty: none
};

/// A network with its input and, once somebody asks, the outputs of the reference kernels: what
/// does not depend on the platform.
class Workload {
 public:
  /// Reads the network and, unless for an estimate, the input. Throws UserError.
  explicit Workload(const RunOptions& options);

  const workloads::Graph& graph() const { return graph_; }
  /// In the order of the graph's inputs; empty for an estimate.
  const std::vector<workloads::Bytes>& inputs() const { return inputs_; }
  const workloads::TensorValues& reference();
  /// Null when the options name none.
  const workloads::Dataset* dataset() const { return dataset_ ? &*dataset_ : nullptr; }

 private:
  workloads::Graph graph_;
  std::optional<workloads::Dataset> dataset_;
  std::vector<workloads::Bytes> inputs_;
  std::optional<workloads::TensorValues> reference_;
};

/// Plans, runs and prices; of `options`, level, check and the plan file count. Throws as the one
/// below.
RunResult run(Platform platform, Workload& workload, const RunOptions& options);

/// Loads, plans, runs and prices. Throws UserError for bad input; SimulationError when a tensor
/// differs from the reference, an identity does not hold, or the simulation fails.
RunResult run(const RunOptions& options);

/// Throws SimulationError that names the first operator whose output differs from the reference,
/// with the position and both values. Returns what was compared, never nothing.
CheckResult check_tensors(const workloads::Graph& graph,
                          const std::vector<std::vector<std::uint8_t>>& simulated,
                          const std::vector<std::vector<std::uint8_t>>& reference);

}  // namespace milliwatt::sim
