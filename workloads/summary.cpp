// SPDX-License-Identifier: Apache-2.0
#include "workloads/summary.h"

#include <algorithm>
#include <set>

#include "workloads/channels.h"
#include "workloads/geometry.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool is_constant(const Tensor& tensor) { return tensor.role == TensorRole::kConstant; }
bool is_state(const Tensor& tensor) { return tensor.role == TensorRole::kState; }

/// Operators during which each tensor is alive: [first, last], empty when first > last.
struct Lifetime {
  std::size_t first = 1;
  std::size_t last = 0;
};

class Lifetimes {
 public:
  explicit Lifetimes(const Graph& graph) : graph_{graph}, of_(graph.tensors.size()) {
    const std::size_t end = graph.operators.size();
    for (std::size_t i = 0; i < end; ++i) {
      for (const TensorId id : graph.operators[i].writes()) {
        at(id) = {i, i};
      }
    }
    for (std::size_t i = 0; i < of_.size(); ++i) {
      if (graph.tensors[i].role == TensorRole::kInput) {
        of_[i] = {0, 0};
      }
    }
    for (std::size_t i = 0; i < end; ++i) {
      for (const TensorId id : graph.operators[i].reads()) {
        at(id).last = std::max(at(id).last, i);
      }
    }
    for (const TensorId id : graph.outputs) {
      at(id).last = end;
    }
  }

  /// Bytes of all tensors but constants and states that are alive during operator `index`.
  std::int64_t live_bytes(std::size_t index) const {
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < of_.size(); ++i) {
      const bool alive = of_[i].first <= index && index <= of_[i].last;
      const Tensor& tensor = graph_.tensors[i];
      bytes += alive && !is_constant(tensor) && !is_state(tensor) ? tensor.bytes() : 0;
    }
    return bytes;
  }

 private:
  Lifetime& at(TensorId id) { return of_[static_cast<std::size_t>(id)]; }

  const Graph& graph_;
  std::vector<Lifetime> of_;
};

/// The element as it is stored, whatever it means.
std::uint64_t stored_bits(const std::uint8_t* bytes, std::int64_t index, int bits) {
  if (bits <= 16) {
    return static_cast<std::uint32_t>(load_element(bytes, index, bits)) & ((1U << bits) - 1U);
  }
  std::uint64_t stored = 0;
  for (int byte = 0; byte < bits / 8; ++byte) {
    stored |= std::uint64_t{bytes[index * bits / 8 + byte]} << (8 * byte);
  }
  return stored;
}

/// The zero points, one or one per channel, as they are stored.
std::vector<std::uint64_t> zeros_of(const Tensor& tensor) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - element_bits(tensor.type));
  std::vector<std::uint64_t> zeros;
  for (const std::int32_t zero_point : tensor.quantization.zero_points) {
    zeros.push_back(static_cast<std::uint64_t>(std::int64_t{zero_point}) & mask);
  }
  if (zeros.empty() || tensor.type == ElementType::kFloat32) {
    zeros.assign(1, 0);
  }
  return zeros;
}

std::set<TensorId> distinct(const Operator& op) {
  std::set<TensorId> ids;
  for (const TensorId id : op.reads()) {
    ids.insert(id);
  }
  for (const TensorId id : op.writes()) {
    ids.insert(id);
  }
  return ids;
}

OperatorSummary summarize(const Graph& graph, const Operator& op) {
  OperatorSummary row;
  row.name = op.name;
  row.kind = op.kind;
  row.input_shape = graph.tensor(op.inputs.at(data_operand(op))).shape;
  row.output_shape = graph.tensor(op.outputs.at(0)).shape;
  if (const Window* window = window_of(op)) {
    row.window = *window;
    row.has_window = true;
  }
  row.output_bits = element_bits(graph.tensor(op.outputs.at(0)).type);
  row.macs = macs(graph, op);
  row.parameters = parameters(graph, op);
  for (const TensorId id : distinct(op)) {
    const Tensor& tensor = graph.tensor(id);
    (is_constant(tensor) ? row.constant_bytes : row.activation_bytes) += tensor.bytes();
  }
  for (const std::size_t place : weight_operands(op.kind)) {
    const Tensor& weights = graph.tensor(op.inputs.at(place));
    if (is_constant(weights)) {
      const ZeroCount count = zero_count(weights, weights.data);
      row.weights += count.elements;
      row.weight_bits = element_bits(weights.type);
      row.zero_weights += count.zeros;
    }
  }
  return row;
}

std::int64_t bytes_of(const Graph& graph, const std::vector<TensorId>& ids) {
  std::int64_t bytes = 0;
  for (const TensorId id : ids) {
    bytes += graph.tensor(id).bytes();
  }
  return bytes;
}

}  // namespace

double ZeroCount::fraction() const { return ratio(zeros, elements); }

ZeroCount zero_count(const Tensor& tensor, const std::vector<std::uint8_t>& bytes) {
  ZeroCount count{0, tensor.elements()};
  const std::vector<std::uint64_t> zeros = zeros_of(tensor);
  const Channels channels = Channels::of_scales(tensor);
  const int bits = element_bits(tensor.type);
  for (std::int64_t i = 0; i < count.elements; ++i) {
    const std::size_t channel = channels.of(static_cast<std::size_t>(i)) % zeros.size();
    count.zeros += stored_bits(bytes.data(), i, bits) == zeros[channel] ? 1 : 0;
  }
  return count;
}

double OperatorSummary::intensity() const { return ratio(macs, constant_bytes + activation_bytes); }
double OperatorSummary::zero_fraction() const { return ratio(zero_weights, weights); }
double NetworkSummary::intensity() const {
  return ratio(macs, constant_bytes + input_bytes + output_bytes);
}

NetworkSummary summarize(const Graph& graph) {
  NetworkSummary summary;
  summary.name = graph.name;
  summary.batch = graph.batch;
  summary.weights_origin = graph.weights;
  summary.input_bytes = bytes_of(graph, graph.inputs);
  summary.output_bytes = bytes_of(graph, graph.outputs);
  for (const Tensor& tensor : graph.tensors) {
    summary.constant_bytes += is_constant(tensor) ? tensor.bytes() : 0;
    summary.state_bytes += is_state(tensor) ? tensor.bytes() : 0;
  }
  const Lifetimes lifetimes(graph);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    OperatorSummary row = summarize(graph, graph.operators[i]);
    row.live_bytes = lifetimes.live_bytes(i);
    if (row.live_bytes > summary.peak_live_bytes) {
      summary.peak_live_bytes = row.live_bytes;
      summary.peak_operator = i;
    }
    summary.macs += row.macs;
    summary.parameters += row.parameters;
    summary.weights += row.weights;
    summary.zero_weights += row.zero_weights;
    summary.operators.push_back(std::move(row));
  }
  return summary;
}

}  // namespace milliwatt::workloads
