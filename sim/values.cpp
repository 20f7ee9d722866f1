// SPDX-License-Identifier: Apache-2.0
#include "sim/values.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "workloads/summary.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;
using workloads::Graph;
using workloads::Operator;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;

TensorResult tensor_result(const Graph& graph, std::size_t id, const Bytes& bytes) {
  const Tensor& tensor = graph.tensors[id];
  TensorResult result;
  result.id = static_cast<int>(id);
  result.name = tensor.name;
  result.type = workloads::element_name(tensor.type);
  result.shape = tensor.shape;
  result.bytes = bytes;
  result.digest = base::digest_text(bytes.data(), bytes.size());
  result.output = std::find(graph.outputs.begin(), graph.outputs.end(),
                            static_cast<TensorId>(id)) != graph.outputs.end();
  if (tensor.quantization.scales.size() == 1) {
    result.scale = tensor.quantization.scales.front();
    result.zero_point = tensor.quantization.zero_point();
  }
  return result;
}

/// The lowest bytes of each sum, little endian.
Bytes stored(const workloads::Accumulators& sums, workloads::ElementType type) {
  const int width = workloads::element_bits(type) / 8;
  Bytes bytes;
  bytes.reserve(sums.size() * static_cast<std::size_t>(width));
  for (const std::int64_t sum : sums) {
    for (int byte = 0; byte < width; ++byte) {
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(sum) >> (8 * byte)));
    }
  }
  return bytes;
}

void add(workloads::ZeroCount& count, const Tensor& tensor, const Bytes& bytes) {
  const workloads::ZeroCount more = workloads::zero_count(tensor, bytes);
  count.zeros += more.zeros;
  count.elements += more.elements;
}

/// Each operand once, however often it is read.
std::set<TensorId> activations_read(const Graph& graph, const Operator& op) {
  std::set<TensorId> ids;
  for (const TensorId id : op.inputs) {
    if (id != workloads::kNoTensor && graph.tensor(id).role != TensorRole::kConstant &&
        graph.tensor(id).role != TensorRole::kState) {
      ids.insert(id);
    }
  }
  return ids;
}

workloads::ZeroCount zeros_of_weights(const Graph& graph, const Operator& op) {
  workloads::ZeroCount count;
  for (const std::size_t place : workloads::weight_operands(op.kind)) {
    const Tensor& weights = graph.tensor(op.inputs.at(place));
    if (weights.role == TensorRole::kConstant) {
      add(count, weights, weights.data);
    }
  }
  return count;
}

}  // namespace

std::vector<TensorResult> tensor_results(const Graph& graph,
                                         const workloads::TensorValues& values) {
  std::vector<TensorResult> results;
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (!values[id].empty()) {
      results.push_back(tensor_result(graph, id, values[id]));
    }
  }
  return results;
}

std::vector<AccumulatorResult> accumulator_results(
    const Graph& graph, const std::vector<workloads::Accumulators>& sums) {
  std::vector<AccumulatorResult> results;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].empty()) {
      continue;
    }
    const Operator& op = graph.operators[i];
    const Tensor& output = graph.tensor(op.outputs[0]);
    const workloads::ElementType type = workloads::accumulator_type(graph, op);
    results.push_back({op.outputs[0], output.name, workloads::element_name(type), output.shape,
                       stored(sums[i], type)});
  }
  return results;
}

void count_zeros(const Graph& graph, const workloads::TensorValues& values,
                 std::vector<LayerResult>& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Operator& op = graph.operators.at(i);
    LayerZeros& zeros = layers[i].zeros;
    zeros.weights = zeros_of_weights(graph, op);
    if (values.empty()) {
      continue;
    }
    for (const TensorId id : activations_read(graph, op)) {
      add(zeros.inputs, graph.tensor(id), values.at(static_cast<std::size_t>(id)));
    }
    for (const TensorId id : op.outputs) {
      add(zeros.outputs, graph.tensor(id), values.at(static_cast<std::size_t>(id)));
    }
  }
}

}  // namespace milliwatt::sim
