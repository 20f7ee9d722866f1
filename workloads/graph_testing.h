// SPDX-License-Identifier: Apache-2.0
// Tensors and networks of one operator, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "workloads/check.h"
#include "workloads/graph.h"

namespace milliwatt::workloads::testing {

/// An int8 tensor with one scale.
inline Tensor int8_tensor(std::vector<std::int32_t> shape, float scale = 1.0F,
                          std::int32_t zero_point = 0) {
  Tensor made;
  made.name = "t";
  made.shape = std::move(shape);
  made.quantization = {{scale}, {zero_point}, 0};
  return made;
}

inline Tensor constant(Tensor tensor, std::vector<std::uint8_t> data) {
  tensor.role = TensorRole::kConstant;
  tensor.data = std::move(data);
  return tensor;
}

/// Biases as stored.
inline Tensor bias_tensor(const std::vector<std::int32_t>& values) {
  Tensor made = int8_tensor({static_cast<std::int32_t>(values.size())});
  made.type = ElementType::kInt32;
  std::vector<std::uint8_t> bytes(values.size() * sizeof values[0]);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return constant(std::move(made), std::move(bytes));
}

/// A checked graph of one operator: its first `inputs` operands are the network's, the last tensor
/// is the output.
inline Graph single(OperatorKind kind, const Attributes& attributes, std::vector<Tensor> tensors,
                    int inputs = 1) {
  Graph graph;
  graph.name = "single";
  graph.tensors = std::move(tensors);
  Operator op;
  op.kind = kind;
  op.name = operator_name(kind);
  op.attributes = attributes;
  for (TensorId id = 0; id + 1 < static_cast<TensorId>(graph.tensors.size()); ++id) {
    op.inputs.push_back(id);
    if (id < inputs) {
      graph.tensors[static_cast<std::size_t>(id)].role = TensorRole::kInput;
      graph.inputs.push_back(id);
    }
  }
  op.outputs = {static_cast<TensorId>(graph.tensors.size()) - 1};
  graph.outputs = op.outputs;
  graph.operators = {op};
  check_graph(graph);
  return graph;
}

}  // namespace milliwatt::workloads::testing
