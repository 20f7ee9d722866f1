// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_builder.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/error.h"
#include "workloads/check.h"

namespace milliwatt::workloads::onnx {

namespace {

/// Several nodes may share the weights of a file, and each gets a copy.
constexpr std::int64_t kMostConstantBytes = std::int64_t{1} << 28;

}  // namespace

Quantization one_scale(float scale, std::int32_t zero_point) { return {{scale}, {zero_point}, 0}; }

bool same_quantization(const Quantization& a, const Quantization& b) {
  return a.scales == b.scales && a.zero_points == b.zero_points;
}

TensorId GraphBuilder::add_tensor(const std::string& name, const Shape& stored,
                                  const Quantization& q, TensorRole role) {
  Tensor added;
  added.name = name;
  added.shape = stored;
  added.quantization = q;
  added.role = role;
  if (auto found = faults(added); !found.empty()) {
    throw base::UserError(std::move(found));
  }
  bytes_ += added.bytes();
  if (bytes_ > kMaximumNetworkBytes) {
    throw base::UserError(
        fmt::format("the tensors up to here take more than {} bytes", kMaximumNetworkBytes));
  }
  graph_.tensors.push_back(std::move(added));
  return static_cast<TensorId>(graph_.tensors.size() - 1);
}

TensorId GraphBuilder::add_constant(const std::string& name, ElementType type, const Shape& stored,
                                    std::vector<std::uint8_t> data, const Quantization& q) {
  constant_bytes_ += static_cast<std::int64_t>(data.size());
  if (constant_bytes_ > kMostConstantBytes) {
    throw base::UserError(
        fmt::format("the constants up to here take more than {} bytes", kMostConstantBytes));
  }
  const TensorId id = add_tensor(name, stored, {});
  Tensor& added = graph_.tensors.back();
  added.type = type;
  added.role = TensorRole::kConstant;
  added.quantization = q;
  added.data = std::move(data);
  return id;
}

TensorId GraphBuilder::add_integers(const std::string& name,
                                    const std::vector<std::int32_t>& values) {
  std::vector<std::uint8_t> data(values.size() * sizeof(std::int32_t));
  std::memcpy(data.data(), values.data(), data.size());
  return add_constant(name, ElementType::kInt32, {static_cast<std::int32_t>(values.size())},
                      std::move(data));
}

void GraphBuilder::add_operator(OperatorKind kind, const std::string& name,
                                const Attributes& attributes, const std::vector<TensorId>& inputs,
                                const std::vector<TensorId>& outputs) {
  Operator op;
  op.kind = kind;
  const bool own = !name.empty() && names_.insert(name).second;
  op.name = own ? name : fmt::format("{}_{}", operator_name(kind), graph_.operators.size());
  names_.insert(op.name);
  op.attributes = attributes;
  op.inputs = inputs;
  op.outputs = outputs;
  graph_.operators.push_back(std::move(op));
}

TensorId GraphBuilder::reshape(TensorId from, const Shape& stored) {
  if (tensor(from).shape == stored) {
    return from;
  }
  const TensorId to =
      add_tensor(tensor(from).name + "/reshaped", stored, tensor(from).quantization);
  add_operator(OperatorKind::kReshape, "", Reshape{}, {from}, {to});
  return to;
}

TensorId GraphBuilder::transpose(TensorId from, const Order& permutation) {
  const std::string name = tensor(from).name + "/transposed";
  const TensorId to =
      add_tensor(name, stored_shape(tensor(from).shape, permutation), tensor(from).quantization);
  const TensorId operand = add_integers(name + "/permutation", permutation);
  add_operator(OperatorKind::kTranspose, "", Transpose{permutation}, {from, operand}, {to});
  return to;
}

TensorId GraphBuilder::in_order(const View& view, const Order& order) {
  if (!view.reshaped() && view.order == order) {
    return view.stored;
  }
  const auto key = std::make_tuple(view.stored, view.shape, view.order, order);
  if (const auto found = moved_.find(key); found != moved_.end()) {
    return found->second;
  }
  const TensorId made = moved(view, order);
  moved_.emplace(key, made);
  return made;
}

TensorId GraphBuilder::moved(const View& view, const Order& order) {
  if (view.reshaped()) {
    const Order plain = file_order(view.source.size());
    const View source = view_of(view.stored, view.source, view.order);
    const TensorId elements =
        same_sequence(view.source, view.order, plain) ? view.stored : in_order(source, plain);
    const Order shape_order = file_order(view.shape.size());
    if (same_sequence(view.shape, shape_order, order)) {
      return reshape(elements, stored_shape(view.shape, order));
    }
    return in_order(view_of(reshape(elements, view.shape), view.shape, shape_order), order);
  }
  if (same_sequence(view.shape, view.order, order)) {
    return reshape(view.stored, stored_shape(view.shape, order));
  }
  Order permutation;
  const Order places = inverse(view.order);
  for (const std::int32_t dimension : order) {
    permutation.push_back(places[static_cast<std::size_t>(dimension)]);
  }
  return transpose(view.stored, permutation);
}

View GraphBuilder::requantized(const View& view, const Quantization& q) {
  if (same_quantization(quantization(view), q)) {
    return view;
  }
  View result = view;
  result.stored =
      add_tensor(tensor(view.stored).name + "/requantized", tensor(view.stored).shape, q);
  add_operator(OperatorKind::kQuantize, "", Plain{}, {view.stored}, {result.stored});
  return result;
}

}  // namespace milliwatt::workloads::onnx
