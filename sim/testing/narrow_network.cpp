// SPDX-License-Identifier: Apache-2.0
#include "sim/testing/narrow_network.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "workloads/check.h"
#include "workloads/packing.h"

namespace milliwatt::sim::testing {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;

bool has_weights(const Operator& op) {
  return op.kind == OperatorKind::kConv2d || op.kind == OperatorKind::kDepthwiseConv2d ||
         op.kind == OperatorKind::kFullyConnected;
}

/// Tensors by TensorId that keep their 8 bits, whatever bits the activations get.
std::vector<bool> kept(const Graph& graph) {
  std::vector<bool> keep(graph.tensors.size());
  const auto mark = [&](TensorId id) {
    keep[static_cast<std::size_t>(id)] = keep[static_cast<std::size_t>(id)] || id >= 0;
  };
  for (const std::vector<TensorId>& ends : {graph.inputs, graph.outputs}) {
    for (const TensorId id : ends) {
      mark(id);
    }
  }
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::kSoftmax) {
      mark(op.inputs[0]);
    }
  }
  return keep;
}

void narrow(Tensor& tensor, int bits) {
  const int shift = 8 - bits;
  const std::vector<std::uint8_t> wide = tensor.data;
  tensor.type = workloads::integer_type(bits);
  for (float& scale : tensor.quantization.scales) {
    scale = std::ldexp(scale, shift);
  }
  for (std::int32_t& zero_point : tensor.quantization.zero_points) {
    zero_point >>= shift;
  }
  tensor.data.assign(wide.empty() ? 0 : static_cast<std::size_t>(tensor.bytes()), 0);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    workloads::store_element(tensor.data.data(), static_cast<std::int64_t>(i), bits,
                             static_cast<std::int8_t>(wide[i]) >> shift);
  }
}

/// A bias has the scale of the products.
void shift_bias(Tensor& bias, int shift) {
  for (float& scale : bias.quantization.scales) {
    scale = std::ldexp(scale, shift);
  }
  for (std::size_t at = 0; at < bias.data.size(); at += sizeof(std::int32_t)) {
    std::int32_t value;
    std::memcpy(&value, &bias.data[at], sizeof value);
    value >>= shift;
    std::memcpy(&bias.data[at], &value, sizeof value);
  }
}

}  // namespace

Graph narrow_network(Graph graph, int weight_bits, int activation_bits) {
  const std::vector<bool> keep = kept(graph);
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    Tensor& tensor = graph.tensors[id];
    if (tensor.type == ElementType::kInt8 && tensor.role != TensorRole::kConstant && !keep[id]) {
      narrow(tensor, activation_bits);
    }
  }
  for (const Operator& op : graph.operators) {
    if (!has_weights(op)) {
      continue;
    }
    narrow(graph.tensors[static_cast<std::size_t>(op.inputs[1])], weight_bits);
    if (op.inputs.size() > 2 && op.inputs[2] != workloads::kNoTensor) {
      const int input_bits = workloads::element_bits(graph.tensor(op.inputs[0]).type);
      shift_bias(graph.tensors[static_cast<std::size_t>(op.inputs[2])],
                 16 - weight_bits - input_bits);
    }
  }
  workloads::check_graph(graph);
  return graph;
}

}  // namespace milliwatt::sim::testing
