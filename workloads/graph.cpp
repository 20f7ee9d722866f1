// SPDX-License-Identifier: Apache-2.0
#include "workloads/graph.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace milliwatt::workloads {

int element_bits(ElementType type) {
  switch (type) {
    case ElementType::kInt2:
      return 2;
    case ElementType::kInt3:
      return 3;
    case ElementType::kInt4:
      return 4;
    case ElementType::kInt5:
      return 5;
    case ElementType::kInt6:
      return 6;
    case ElementType::kInt7:
      return 7;
    case ElementType::kInt8:
    case ElementType::kUint8:
    case ElementType::kBool:
      return 8;
    case ElementType::kInt16:
      return 16;
    case ElementType::kInt32:
    case ElementType::kFloat32:
      return 32;
    case ElementType::kInt64:
      return 64;
  }
  throw base::InternalError("element type without a size");
}

bool is_sub_byte(ElementType type) { return element_bits(type) < 8; }

ElementType integer_type(int bits) {
  for (const ElementType type :
       {ElementType::kInt2, ElementType::kInt3, ElementType::kInt4, ElementType::kInt5,
        ElementType::kInt6, ElementType::kInt7, ElementType::kInt8, ElementType::kInt16,
        ElementType::kInt32, ElementType::kInt64}) {
    if (element_bits(type) == bits) {
      return type;
    }
  }
  throw base::InternalError("no integer type has " + std::to_string(bits) + " bits");
}

const char* element_name(ElementType type) {
  switch (type) {
    case ElementType::kInt2:
      return "int2";
    case ElementType::kInt3:
      return "int3";
    case ElementType::kInt4:
      return "int4";
    case ElementType::kInt5:
      return "int5";
    case ElementType::kInt6:
      return "int6";
    case ElementType::kInt7:
      return "int7";
    case ElementType::kInt8:
      return "int8";
    case ElementType::kInt16:
      return "int16";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kInt64:
      return "int64";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kBool:
      return "bool";
  }
  throw base::InternalError("element type without a name");
}

const char* operator_name(OperatorKind kind) {
  constexpr std::array<const char*, kOperatorKinds> kNames = {"conv2d",
                                                              "depthwise_conv2d",
                                                              "fully_connected",
                                                              "average_pool2d",
                                                              "max_pool2d",
                                                              "add",
                                                              "reshape",
                                                              "softmax",
                                                              "transpose_conv2d",
                                                              "batch_matmul",
                                                              "sub",
                                                              "mul",
                                                              "maximum",
                                                              "minimum",
                                                              "relu",
                                                              "leaky_relu",
                                                              "hard_swish",
                                                              "logistic",
                                                              "tanh",
                                                              "log_softmax",
                                                              "quantize",
                                                              "dequantize",
                                                              "mean",
                                                              "sum",
                                                              "reduce_max",
                                                              "pad",
                                                              "concatenate",
                                                              "slice",
                                                              "split",
                                                              "transpose",
                                                              "resize_nearest",
                                                              "resize_bilinear",
                                                              "svdf",
                                                              "lstm"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::int64_t Tensor::elements() const {
  std::int64_t product = 1;
  for (const std::int32_t extent : shape) {
    product *= extent;
  }
  return product;
}

std::int64_t Tensor::bytes() const { return (elements() * element_bits(type) + 7) / 8; }

namespace {

std::vector<TensorId> present(const std::vector<TensorId>& first,
                              const std::vector<TensorId>& second) {
  std::vector<TensorId> all;
  for (const auto* ids : {&first, &second}) {
    std::copy_if(ids->begin(), ids->end(), std::back_inserter(all),
                 [](TensorId id) { return id != kNoTensor; });
  }
  return all;
}

template <typename T>
auto activation_of(const T& attributes, int /*preferred*/) -> decltype(attributes.activation) {
  return attributes.activation;
}
template <typename T>
Activation activation_of(const T& /*attributes*/, long /*otherwise*/) {
  return Activation::kNone;
}

/// The states that are not among the other operands already.
std::vector<TensorId> states_besides(const Operator& op, const std::vector<TensorId>& listed) {
  std::vector<TensorId> others;
  std::copy_if(op.states.begin(), op.states.end(), std::back_inserter(others), [&](TensorId id) {
    return std::find(listed.begin(), listed.end(), id) == listed.end();
  });
  return others;
}

std::int64_t lstm_macs(const Graph& graph, const Operator& op) {
  const std::int64_t units = graph.tensor(op.inputs.at(5)).shape.at(0);
  const std::int64_t depth = graph.tensor(op.inputs.at(1)).shape.at(1);
  const std::int64_t rows = graph.tensor(op.inputs.at(0)).elements() / depth;
  return rows * 4 * units * (depth + units);
}

std::int64_t batch_matmul_macs(const Graph& graph, const Operator& op) {
  const std::vector<std::int32_t>& a = graph.tensor(op.inputs.at(0)).shape;
  const bool swapped = std::get<BatchMatmul>(op.attributes).transpose_a;
  return graph.tensor(op.outputs.at(0)).elements() * a.at(a.size() - (swapped ? 2 : 1));
}

}  // namespace

std::vector<TensorId> Operator::reads() const {
  return present(inputs, states_besides(*this, inputs));
}
std::vector<TensorId> Operator::writes() const { return present(outputs, states); }

std::vector<std::size_t> weight_operands(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
    case OperatorKind::kDepthwiseConv2d:
    case OperatorKind::kFullyConnected:
    case OperatorKind::kTransposeConv2d:
      return {1};
    case OperatorKind::kSvdf:
      return {1, 2};
    case OperatorKind::kLstm:
      return {1, 2, 3, 4, 5, 6, 7, 8};
    default:
      return {};
  }
}

std::vector<std::size_t> bias_operands(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
    case OperatorKind::kDepthwiseConv2d:
    case OperatorKind::kFullyConnected:
      return {2};
    case OperatorKind::kTransposeConv2d:
    case OperatorKind::kSvdf:
      return {3};
    case OperatorKind::kLstm:
      return {12, 13, 14, 15};
    default:
      return {};
  }
}

std::size_t data_operand(const Operator& op) {
  if (op.kind == OperatorKind::kTransposeConv2d) {
    return 2;
  }
  const auto* split = std::get_if<Split>(&op.attributes);
  return split == nullptr ? 0 : static_cast<std::size_t>(split->data);
}

Activation fused_activation(const Operator& op) {
  return std::visit([](const auto& attributes) { return activation_of(attributes, 0); },
                    op.attributes);
}

std::int64_t macs(const Graph& graph, const Operator& op) {
  const auto filter = [&]() -> const Tensor& { return graph.tensor(op.inputs.at(1)); };
  const std::int64_t outputs = graph.tensor(op.outputs.at(0)).elements();
  switch (op.kind) {
    case OperatorKind::kConv2d:
    case OperatorKind::kFullyConnected:
      return outputs * (filter().elements() / filter().shape.front());
    case OperatorKind::kDepthwiseConv2d:
      return outputs * (filter().elements() / filter().shape.back());
    case OperatorKind::kTransposeConv2d:
      return graph.tensor(op.inputs.at(2)).elements() *
             (filter().elements() / filter().shape.back());
    case OperatorKind::kBatchMatmul:
      return batch_matmul_macs(graph, op);
    case OperatorKind::kSvdf:
      return graph.tensor(op.inputs.at(0)).shape.front() *
             (filter().elements() + graph.tensor(op.inputs.at(2)).elements());
    case OperatorKind::kLstm:
      return lstm_macs(graph, op);
    default:
      return 0;
  }
}

std::int64_t parameters(const Graph& graph, const Operator& op) {
  std::int64_t count = 0;
  for (const auto& places : {weight_operands(op.kind), bias_operands(op.kind)}) {
    for (const std::size_t place : places) {
      const TensorId id = place < op.inputs.size() ? op.inputs[place] : kNoTensor;
      if (id != kNoTensor && graph.tensor(id).role == TensorRole::kConstant) {
        count += graph.tensor(id).elements();
      }
    }
  }
  return count;
}

}  // namespace milliwatt::workloads
