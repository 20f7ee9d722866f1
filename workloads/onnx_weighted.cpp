// SPDX-License-Identifier: Apache-2.0
// Nodes with constant weights, and products of two activations.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "workloads/geometry.h"
#include "workloads/onnx_operators.h"

namespace milliwatt::workloads::onnx {

namespace {

/// Constant weights, and how they are stored.
struct Filter {
  const Constant* constant = nullptr;
  Shape shape;                ///< of the file, with dimensions perhaps taken apart
  Shape stored;               ///< extents as stored, where dimensions were taken apart
  Order order;                ///< as stored
  std::int32_t axis = 0;      ///< of the file as it is: the outputs
  int channel_dimension = 0;  ///< as stored
  std::int32_t channels = 0;  ///< number of outputs
};

/// An operator but for its operands.
struct Weighted {
  OperatorKind kind = OperatorKind::kConv2d;
  Attributes attributes;
  TensorId input = kNoTensor;
  Filter filter;
  const Constant* bias = nullptr;
  View output;  ///< without the tensor
};

const Constant& weights_of(const Context& c, const Node& node, std::size_t index) {
  const Constant* found = c.values.constant(node, index);
  require(found != nullptr && found->is_quantized(),
          "its weights, operand {}, are not constant and quantized", index);
  return *found;
}

Quantization weight_quantization(const Filter& filter) {
  const DataType type = filter.constant->array->type;
  require(type == DataType::kInt8 || type == DataType::kUint8, "its weights are {}",
          type_name(type));
  Quantization q = filter.constant->quantization;
  require(std::all_of(q.zero_points.begin(), q.zero_points.end(),
                      [](std::int32_t zero) { return zero == 0; }),
          "its weights have a zero point other than 0 (128 for uint8)");
  require(!q.per_channel() || q.dimension == filter.axis,
          "its weights have scales along axis {}; expected {}", q.dimension, filter.axis);
  q.dimension = q.per_channel() ? filter.channel_dimension : 0;
  return q;
}

/// A bias in steps of `step`; integers with that scale are taken as they are.
std::int32_t bias_steps(const Constant& bias, std::int64_t index, float step) {
  constexpr double kSameScale = 1e-5;
  double steps = bias.real(index) / static_cast<double>(step);
  if (bias.is_quantized()) {
    const std::size_t channel =
        bias.quantization.per_channel() ? static_cast<std::size_t>(index) : 0;
    const double ratio =
        static_cast<double>(bias.quantization.scales[channel]) / static_cast<double>(step);
    if (std::abs(ratio - 1.0) < kSameScale) {
      steps = static_cast<double>(bias.stored(index) - bias.quantization.zero_points[channel]);
    }
  }
  steps = std::round(steps);
  require(std::abs(steps) <= static_cast<double>(std::numeric_limits<std::int32_t>::max()),
          "its bias does not fit 32 bits in steps of {}", step);
  return static_cast<std::int32_t>(steps);
}

TensorId add_bias(Context& c, const std::string& name, const Weighted& op, float input_scale,
                  const Quantization& weights) {
  if (op.bias == nullptr) {
    return kNoTensor;
  }
  const std::int32_t channels = op.filter.channels;
  const auto& shape = op.bias->array->shape;
  require(op.bias->array->elements() == channels && !shape.empty() && shape.back() == channels,
          "its bias has not one value for each of {} outputs", channels);
  Quantization q;
  std::vector<std::uint8_t> data(static_cast<std::size_t>(channels) * sizeof(std::int32_t));
  for (const float scale : weights.scales) {
    q.scales.push_back(input_scale * scale);
    q.zero_points.push_back(0);
  }
  for (std::int32_t i = 0; i < channels; ++i) {
    const float step = q.scales[q.per_channel() ? static_cast<std::size_t>(i) : 0];
    const std::int32_t value = bias_steps(*op.bias, i, step);
    std::memcpy(data.data() + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
  }
  return c.builder.add_constant(name + "/bias", ElementType::kInt32, {channels}, std::move(data),
                                q);
}

View add_weighted(Context& c, const Node& node, const Weighted& op, const Quantization& q) {
  const std::string& name = output_of(node);
  const Filter& filter = op.filter;
  const Quantization weight_q = weight_quantization(filter);
  const TensorId weights = c.builder.add_constant(
      name + "/weights", ElementType::kInt8, filter.stored,
      permuted(filter.constant->int8_data(), filter.shape, filter.order, 1), weight_q);
  const float input_scale = c.builder.tensor(op.input).quantization.scales.at(0);
  const TensorId bias = add_bias(c, name, op, input_scale, weight_q);
  View output = op.output;
  output.stored = c.builder.add_tensor(name, stored_shape(output.shape, output.order), q);
  c.builder.add_operator(op.kind, node.name, op.attributes, {op.input, weights, bias},
                         {output.stored});
  return output;
}

Weighted convolution(Context& c, const Node& node, const View& x, const Constant& weights,
                     Activation activation) {
  const Shape shape = checked_shape(weights.array->shape);
  require(shape.size() == 4 && x.shape.size() == 4,
          "it works on {} dimensions; expected batch, channels, height and width", x.shape.size());
  const auto kernel = integers_of(node, "kernel_shape");
  require(kernel.empty() || kernel == std::vector<std::int64_t>{shape[2], shape[3]},
          "its attribute 'kernel_shape' is not that of its weights");
  const Window window = read_window(node, x.shape, {shape[2], shape[3]});
  const std::int64_t groups = integer_of(node, "group", 1);
  const std::int32_t depth = x.shape[1];
  require(
      groups >= 1 && depth % groups == 0 && shape[0] % groups == 0 && shape[1] == depth / groups,
      "it cannot apply weights [{}] to {} channels in {} groups", fmt::join(shape, ", "), depth,
      groups);
  Weighted op;
  op.input = c.builder.in_order(x, usual_order(4));
  op.output = view_of(
      kNoTensor,
      {x.shape[0], shape[0], static_cast<std::int32_t>(vertical(window).outputs(x.shape[2])),
       static_cast<std::int32_t>(horizontal(window).outputs(x.shape[3]))},
      usual_order(4));
  if (groups == depth && depth > 1) {
    op.kind = OperatorKind::kDepthwiseConv2d;
    op.attributes = DepthwiseConv2d{window, activation, shape[0] / depth};
    op.filter = {&weights, shape, {}, {1, 2, 3, 0}, 0, 3, shape[0]};
  } else {
    op.kind = OperatorKind::kConv2d;
    op.attributes = Conv2d{window, activation, static_cast<std::int32_t>(groups)};
    op.filter = {&weights, shape, {}, {0, 2, 3, 1}, 0, 0, shape[0]};
  }
  op.filter.stored = stored_shape(shape, op.filter.order);
  return op;
}

/// Rows of a matrix. A flattened image keeps the order in which it is stored; the columns of the
/// weights follow it.
struct Rows {
  TensorId tensor = kNoTensor;
  Shape columns;
  Order order;
};

Rows rows_of(Context& c, const View& x) {
  const bool flattened = x.reshaped() && x.shape.size() == 2 && x.order.front() == 0 &&
                         x.source.front() == x.shape.front();
  if (!flattened) {
    return {c.builder.in_order(x, file_order(x.shape.size())), {x.shape.back()}, {0}};
  }
  Rows rows{c.builder.reshape(x.stored, x.shape), {x.source.begin() + 1, x.source.end()}, {}};
  for (auto dimension = x.order.begin() + 1; dimension != x.order.end(); ++dimension) {
    rows.order.push_back(*dimension - 1);
  }
  return rows;
}

/// `units_first`: the weights are units x depth in the file, else depth x units.
Weighted product(Context& c, const View& x, const Constant& weights, bool units_first,
                 Activation activation) {
  const Shape shape = checked_shape(weights.array->shape);
  require(shape.size() == 2 && x.shape.size() >= 2, "it multiplies {} by {} dimensions",
          x.shape.size(), shape.size());
  const std::int32_t units = units_first ? shape[0] : shape[1];
  const std::int32_t depth = units_first ? shape[1] : shape[0];
  require(depth == x.shape.back(), "it multiplies rows of {} by columns of {}", x.shape.back(),
          depth);
  const Rows rows = rows_of(c, x);
  Weighted op;
  op.kind = OperatorKind::kFullyConnected;
  op.attributes = FullyConnected{activation, x.shape.size() > 2};
  op.input = rows.tensor;
  Shape out = x.shape;
  out.back() = units;
  op.output = view_of(kNoTensor, out, file_order(out.size()));
  op.filter = {&weights, rows.columns, {units, depth}, {}, units_first ? 0 : 1, 0, units};
  op.filter.shape.insert(units_first ? op.filter.shape.begin() : op.filter.shape.end(), units);
  const auto places = static_cast<std::int32_t>(op.filter.shape.size());
  op.filter.order = {units_first ? 0 : places - 1};
  for (const std::int32_t dimension : rows.order) {
    op.filter.order.push_back(dimension + (units_first ? 1 : 0));
  }
  return op;
}

/// The Add of a constant behind a product of matrices, which is its bias.
const Node* bias_behind(const Context& c, const Node& node, const Constant** bias) {
  const Node* add = c.values.only_reader(output_of(node));
  if (add == nullptr || add->kind != "Add" || add->inputs.size() != 2) {
    return nullptr;
  }
  *bias = c.values.constant(*add, add->inputs[0] == output_of(node) ? 1 : 0);
  return *bias == nullptr ? nullptr : add;
}

Shape product_shape(const Shape& a, const Shape& b) {
  require(a.size() >= 2 && b.size() >= 2, "it multiplies {} by {} dimensions", a.size(), b.size());
  Shape out(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 3; i <= out.size(); ++i) {
    const std::int32_t of_a = i <= a.size() ? a[a.size() - i] : 1;
    const std::int32_t of_b = i <= b.size() ? b[b.size() - i] : 1;
    require(of_a == of_b || of_a == 1 || of_b == 1, "it cannot broadcast {} with {}", of_a, of_b);
    out[out.size() - i] = std::max(of_a, of_b);
  }
  out[out.size() - 2] = a[a.size() - 2];
  out.back() = b.back();
  return out;
}

void read_product_of_activations(Context& c, const Node& node) {
  const View a = c.values.real(node, 0);
  const View b = c.values.real(node, 1);
  const Target target = c.values.target_of(output_of(node));
  require(target.activation() == Activation::kNone, "an activation behind it is not supported");
  const Shape shape = product_shape(a.shape, b.shape);
  const Order order = file_order(shape.size());
  const TensorId out = c.builder.add_tensor(output_of(node), shape, target.quantization);
  c.builder.add_operator(OperatorKind::kBatchMatmul, node.name, BatchMatmul{},
                         {c.builder.in_order(a, file_order(a.shape.size())),
                          c.builder.in_order(b, file_order(b.shape.size()))},
                         {out});
  c.values.set_target(target, view_of(out, shape, order));
}

}  // namespace

void read_conv(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const Constant& weights = weights_of(c, node, 1);
  const Target target = c.values.target_of(output_of(node));
  Weighted op = convolution(c, node, x, weights, target.activation());
  op.bias = c.values.constant(node, 2);
  require(op.bias != nullptr || !c.values.has(node, 2), "its bias is not constant");
  c.values.set_target(target, add_weighted(c, node, op, target.quantization));
}

void read_gemm(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const Constant& weights = weights_of(c, node, 1);
  require(integer_of(node, "transA", 0) == 0, "it transposes its first operand");
  require(x.shape.size() == 2, "it takes {} dimensions", x.shape.size());
  const bool has_bias = c.values.has(node, 2);
  require(real_of(node, "alpha", 1.0) == 1.0 && (!has_bias || real_of(node, "beta", 1.0) == 1.0),
          "it has an alpha or beta other than 1");
  const Target target = c.values.target_of(output_of(node));
  const bool units_first = integer_of(node, "transB", 0) != 0;
  Weighted op = product(c, x, weights, units_first, target.activation());
  op.bias = c.values.constant(node, 2);
  require(op.bias != nullptr || !has_bias, "its bias is not constant");
  c.values.set_target(target, add_weighted(c, node, op, target.quantization));
}

void read_matmul(Context& c, const Node& node) {
  if (c.values.constant(node, 1) == nullptr) {
    return read_product_of_activations(c, node);
  }
  const View x = c.values.real(node, 0);
  const Constant& weights = weights_of(c, node, 1);
  const Constant* bias = nullptr;
  const Node* add = bias_behind(c, node, &bias);
  const Target target = c.values.target_of(add == nullptr ? output_of(node) : output_of(*add));
  Weighted op = product(c, x, weights, false, target.activation());
  op.bias = add == nullptr ? nullptr : bias;
  c.values.set_target(target, add_weighted(c, node, op, target.quantization));
  if (add != nullptr) {
    c.values.set_done(*add);
  }
}

namespace {

/// Operands of the QLinear nodes: data, scale, zero point, weights, scale, zero point, output's
/// scale, its zero point.
struct Linear {
  View x;
  Constant weights;
  Quantization output;
  DataType output_type = DataType::kUint8;
};

Linear linear_operands(Context& c, const Node& node, std::int32_t axis) {
  Linear operands;
  const Values& values = c.values;
  const DataType type = values.type_beside(node, 2, DataType::kUint8);
  operands.x = c.values.stored(node, 0, values.quantization_of(node, 1, 2, type));
  const Constant* weights = values.constant(node, 3);
  require(weights != nullptr, "its weights, operand 3, are not constant");
  operands.weights = {weights->array, values.quantization_of(node, 4, 5, weights->array->type)};
  operands.weights.quantization.dimension = axis;
  const auto scales = static_cast<std::int64_t>(operands.weights.quantization.scales.size());
  const auto at = static_cast<std::size_t>(axis);
  require(scales == 1 || (weights->array->shape.size() > at && weights->array->shape[at] == scales),
          "its weights have {} scales", scales);
  operands.output_type = values.type_beside(node, 7, DataType::kUint8);
  operands.output = values.quantization_of(node, 6, 7, operands.output_type);
  require(!operands.output.per_channel(), "it quantizes an activation per channel");
  return operands;
}

}  // namespace

void read_qlinear_conv(Context& c, const Node& node) {
  const Linear operands = linear_operands(c, node, 0);
  Weighted op = convolution(c, node, operands.x, operands.weights, Activation::kNone);
  op.bias = c.values.constant(node, 8);
  require(op.bias != nullptr || !c.values.has(node, 8), "its bias is not constant");
  Constant bias;
  if (op.bias != nullptr) {
    // Its scale is not written: that of the accumulator.
    require(op.bias->array->type == DataType::kInt32, "its bias is not int32");
    const float input_scale = c.builder.quantization(operands.x).scales.at(0);
    bias = *op.bias;
    bias.quantization = operands.weights.quantization;
    for (float& scale : bias.quantization.scales) {
      scale *= input_scale;
    }
    op.bias = &bias;
  }
  c.values.set_stored(output_of(node), add_weighted(c, node, op, operands.output),
                      operands.output_type);
}

void read_qlinear_matmul(Context& c, const Node& node) {
  const Linear operands = linear_operands(c, node, 1);
  const Weighted op = product(c, operands.x, operands.weights, false, Activation::kNone);
  c.values.set_stored(output_of(node), add_weighted(c, node, op, operands.output),
                      operands.output_type);
}

}  // namespace milliwatt::workloads::onnx
