// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/inputs.h"
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
  InputRequest input;        ///< of an estimate, the number of invocations alone counts
  std::string dataset_path;  ///< .npy of images; the input is then the first one
  std::string labels_path;   ///< .npy of their classes
  bool check = true;         ///< compare every tensor with the reference kernels
  bool dump = false;         ///< keep every tensor of every invocation, and accumulators if checked
  std::string plan_path;     ///< plan file to force; empty: none
};

/// What the reference kernels make of one invocation.
struct ReferenceValues {
  workloads::TensorValues tensors;
  std::vector<workloads::Accumulators> accumulators;  ///< by operator
};

/// A network with its inputs and, once somebody asks, the outputs of the reference kernels: what
/// does not depend on the platform.
class Workload {
 public:
  /// Reads the network and, unless for an estimate, the inputs. Throws UserError.
  explicit Workload(const RunOptions& options);

  const workloads::Graph& graph() const { return graph_; }
  /// Without inputs for an estimate.
  const Inputs& inputs() const { return inputs_; }
  std::size_t invocations() const { return invocations_; }
  /// One entry per invocation. Accumulators are there when the options ask for a dump.
  const std::vector<ReferenceValues>& reference();
  /// Null when the options name none.
  const workloads::Dataset* dataset() const { return dataset_ ? &*dataset_ : nullptr; }

 private:
  workloads::Graph graph_;
  std::optional<workloads::Dataset> dataset_;
  Inputs inputs_;
  std::size_t invocations_ = 1;
  bool accumulators_ = false;
  std::vector<ReferenceValues> reference_;
};

/// Plans, runs and prices; of `options`, level, check, dump and the plan file count. Throws as the
/// one below.
RunResult run(Platform platform, Workload& workload, const RunOptions& options);

/// Loads, plans, runs and prices. Throws UserError for bad input; SimulationError when a tensor
/// differs from the reference, an identity does not hold, or the simulation fails.
RunResult run(const RunOptions& options);

/// Compares what operators wrote, states included. Throws SimulationError that names the first
/// operator whose output differs from the reference, with the position and both values. Returns
/// what was compared, never nothing.
CheckResult check_tensors(const workloads::Graph& graph,
                          const std::vector<std::vector<std::uint8_t>>& simulated,
                          const std::vector<std::vector<std::uint8_t>>& reference);

}  // namespace milliwatt::sim
