// SPDX-License-Identifier: Apache-2.0
#include "workloads/graph.h"

#include <algorithm>

#include "base/error.h"

namespace milliwatt::workloads {

int element_bits(ElementType type) {
  switch (type) {
    case ElementType::kInt4:
      return 4;
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

const char* element_name(ElementType type) {
  switch (type) {
    case ElementType::kInt4:
      return "int4";
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
  switch (kind) {
    case OperatorKind::kConv2d:
      return "conv2d";
    case OperatorKind::kDepthwiseConv2d:
      return "depthwise_conv2d";
    case OperatorKind::kFullyConnected:
      return "fully_connected";
    case OperatorKind::kAveragePool2d:
      return "average_pool2d";
    case OperatorKind::kMaxPool2d:
      return "max_pool2d";
    case OperatorKind::kAdd:
      return "add";
    case OperatorKind::kReshape:
      return "reshape";
    case OperatorKind::kSoftmax:
      return "softmax";
  }
  throw base::InternalError("operator kind without a name");
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

bool has_weights(OperatorKind kind) {
  return kind == OperatorKind::kConv2d || kind == OperatorKind::kDepthwiseConv2d ||
         kind == OperatorKind::kFullyConnected;
}

/// Multiplications behind one output element.
std::int64_t taps(OperatorKind kind, const Tensor& filter) {
  switch (kind) {
    case OperatorKind::kConv2d:
    case OperatorKind::kFullyConnected:
      return filter.elements() / filter.shape.front();
    case OperatorKind::kDepthwiseConv2d:
      return filter.elements() / filter.shape.back();
    default:
      return 0;
  }
}

}  // namespace

std::vector<TensorId> Operator::reads() const { return present(inputs, states); }
std::vector<TensorId> Operator::writes() const { return present(outputs, states); }

std::int64_t macs(const Graph& graph, const Operator& op) {
  if (!has_weights(op.kind)) {
    return 0;
  }
  return graph.tensor(op.outputs.at(0)).elements() * taps(op.kind, graph.tensor(op.inputs.at(1)));
}

std::int64_t parameters(const Graph& graph, const Operator& op) {
  std::int64_t count = 0;
  for (std::size_t i = 1; has_weights(op.kind) && i < op.inputs.size(); ++i) {
    const TensorId id = op.inputs[i];
    if (id != kNoTensor && graph.tensor(id).role == TensorRole::kConstant) {
      count += graph.tensor(id).elements();
    }
  }
  return count;
}

}  // namespace milliwatt::workloads
