// SPDX-License-Identifier: Apache-2.0
// The golden truth: plain kernels with the results of TFLite Micro's reference kernels, bit for
// bit. Machines and hosts compute on their own and are compared with these; nothing is shared but
// the scalar functions of quantization.h and fixed_point.h.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Stored little-endian bytes of a tensor.
using Bytes = std::vector<std::uint8_t>;

/// Bytes of the operator's output. `operands` stand in the order of op.inputs, null where one is
/// absent. The graph must have passed check_graph. Throws SimulationError, naming operator and
/// channel, where an int8 operator's accumulator leaves 32 bits.
Bytes evaluate(const Graph& graph, const Operator& op, const std::vector<const Bytes*>& operands);

/// Bytes per TensorId; empty for constants and for tensors that nothing writes.
using TensorValues = std::vector<Bytes>;

/// Values of the state tensors between invocations, per TensorId.
class States {
 public:
  /// Every state at its zero point.
  explicit States(const Graph& graph);

  Bytes& bytes(TensorId id) { return values_.at(static_cast<std::size_t>(id)); }
  const Bytes& bytes(TensorId id) const { return values_.at(static_cast<std::size_t>(id)); }

 private:
  std::vector<Bytes> values_;
};

/// One invocation. `inputs` stand in the order of graph.inputs; throws UserError where their
/// number or sizes differ. Returns every input, activation and state after the invocation.
TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs, States& states);

/// The first invocation after start.
TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs);

}  // namespace milliwatt::workloads
