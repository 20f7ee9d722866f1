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

/// How 32-bit accumulators are scaled: with the two roundings of TFLite Micro, or with the single
/// one that TFLite offers as a build option. Results differ by 1 now and then.
enum class Rounding : std::uint8_t { kDouble, kSingle };

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

/// Per element of an operator's output, what its requantization gets: sum of products and bias.
using Accumulators = std::vector<std::int64_t>;

/// Kinds whose outputs are requantized sums of products, one for each element. Left out: the LSTM,
/// which has eight sums for an element and adds them behind their requantizations.
bool has_accumulators(OperatorKind kind);

/// The integers that such a kind adds up in: int64 for int16 activations, else int32, which every
/// accumulator fits. An SVDF adds in int32 always.
ElementType accumulator_type(const Graph& graph, const Operator& op);

/// Bytes of the operator's outputs. `operands` stand in the order of op.inputs, null where one is
/// absent; states among them are read from `states` and updated there. The graph must have passed
/// check_graph. Throws SimulationError, naming operator and channel, where a 32-bit accumulator
/// overflows. `accumulators`, where not null, receives those of a kind that has_accumulators().
std::vector<Bytes> evaluate(const Graph& graph, const Operator& op,
                            const std::vector<const Bytes*>& operands, States& states,
                            Rounding rounding = Rounding::kDouble,
                            Accumulators* accumulators = nullptr);

/// The only output of an operator without states.
Bytes evaluate(const Graph& graph, const Operator& op, const std::vector<const Bytes*>& operands);

/// One invocation. `inputs` stand in the order of graph.inputs; throws UserError where their
/// number or sizes differ. Returns every input, activation and state after the invocation.
/// `accumulators`, where not null, receives those of every operator; empty where it has none.
TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs, States& states,
                           Rounding rounding = Rounding::kDouble,
                           std::vector<Accumulators>* accumulators = nullptr);

/// The first invocation after start.
TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs);

/// Invocations in a row, each with its inputs; states live from one to the next.
std::vector<TensorValues> run_reference_stream(const Graph& graph,
                                               const std::vector<std::vector<Bytes>>& invocations);

}  // namespace milliwatt::workloads
