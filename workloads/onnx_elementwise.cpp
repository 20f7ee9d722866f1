// SPDX-License-Identifier: Apache-2.0
// Nodes that work element by element, and along one axis.
#include <algorithm>

#include "workloads/onnx_operators.h"

namespace milliwatt::workloads::onnx {

namespace {

Shape widened(const Shape& shape, std::size_t rank) {
  Shape wide(rank - shape.size(), 1);
  wide.insert(wide.end(), shape.begin(), shape.end());
  return wide;
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape shape = a;
  for (std::size_t d = 0; d < a.size(); ++d) {
    require(a[d] == b[d] || a[d] == 1 || b[d] == 1, "it cannot broadcast {} with {}", a[d], b[d]);
    shape[d] = std::max(a[d], b[d]);
  }
  return shape;
}

/// An operand of two: a value, or a constant of one scale.
struct Operand {
  View view;
  const Constant* constant = nullptr;
  Shape shape;
};

Operand operand(const Context& c, const Node& node, std::size_t index) {
  Operand found;
  found.constant = c.values.constant(node, index);
  if (found.constant == nullptr) {
    found.view = c.values.real(node, index);
    found.shape = found.view.shape;
    return found;
  }
  const DataType type = found.constant->array->type;
  require(found.constant->is_quantized() && !found.constant->quantization.per_channel() &&
              (type == DataType::kInt8 || type == DataType::kUint8),
          "its constant operand '{}' is not quantized to int8 or uint8 with one scale",
          node.inputs[index]);
  found.shape = checked_shape(found.constant->array->shape);
  return found;
}

TensorId place(Context& c, const Node& node, std::size_t index, const Operand& from,
               const Order& order) {
  const Shape shape = widened(from.shape, order.size());
  if (from.constant != nullptr) {
    return c.builder.add_constant(
        node.inputs[index], ElementType::kInt8, stored_shape(shape, order),
        permuted(from.constant->int8_data(), shape, order, 1), from.constant->quantization);
  }
  View view = from.view;
  view.shape = shape;
  return c.builder.in_order(view, order);
}

/// Both operands as they are stored where that is the same for both, else in the usual order.
Order common_order(const Operand& a, const Operand& b, std::size_t rank) {
  const bool equal = a.constant == nullptr && b.constant == nullptr && !a.view.reshaped() &&
                     !b.view.reshaped() && a.view.order == b.view.order;
  return equal ? a.view.order : usual_order(rank);
}

void read_pair(Context& c, const Node& node, OperatorKind kind) {
  const Operand a = operand(c, node, 0);
  const Operand b = operand(c, node, 1);
  require(a.constant == nullptr || b.constant == nullptr, "both of its operands are constant");
  const Target target = c.values.target_of(output_of(node));
  const Activation activation = target.activation();
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  const Shape shape = broadcast(widened(a.shape, rank), widened(b.shape, rank));
  const Order order = common_order(a, b, rank);
  const TensorId first = place(c, node, 0, a, order);
  const TensorId second = place(c, node, 1, b, order);
  const TensorId out =
      c.builder.add_tensor(output_of(node), stored_shape(shape, order), target.quantization);
  Attributes attributes = Add{activation};
  if (kind == OperatorKind::kSub) {
    attributes = Sub{activation};
  } else if (kind == OperatorKind::kMul) {
    attributes = Mul{activation};
  }
  c.builder.add_operator(kind, node.name, attributes, {first, second}, {out});
  c.values.set_target(target, view_of(out, shape, order));
}

/// An operator on the elements as they lie, whatever their order.
View add_unary(Context& c, const Node& node, OperatorKind kind, const Attributes& attributes,
               const View& x, const Quantization& q) {
  View result = x;
  result.stored = c.builder.add_tensor(output_of(node), c.builder.tensor(x.stored).shape, q);
  c.builder.add_operator(kind, node.name, attributes, {x.stored}, {result.stored});
  return result;
}

/// The axis of a Softmax, which old files take together with all behind it.
std::int32_t softmax_axis(const Context& c, const Node& node, const Shape& shape) {
  constexpr std::int64_t kNewRule = 13;
  const bool old = c.opset < kNewRule;
  const std::int32_t axis = checked_axis(integer_of(node, "axis", old ? 1 : -1), shape.size());
  const bool alone = std::all_of(shape.begin() + axis + 1, shape.end(),
                                 [](std::int32_t extent) { return extent == 1; });
  require(!old || alone, "it works on several axes at once, from axis {} on", axis);
  return axis;
}

}  // namespace

void read_add(Context& c, const Node& node) { read_pair(c, node, OperatorKind::kAdd); }
void read_sub(Context& c, const Node& node) { read_pair(c, node, OperatorKind::kSub); }
void read_mul(Context& c, const Node& node) { read_pair(c, node, OperatorKind::kMul); }

void read_clip(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const Target target = c.values.target_behind(node, output_of(node));
  const Activation activation = target.activation();
  View result = x;
  if (activation == Activation::kRelu) {
    result = add_unary(c, node, OperatorKind::kRelu, Relu{activation}, x, target.quantization);
  } else if (activation != Activation::kNone) {
    result =
        add_unary(c, node, OperatorKind::kRelu, Relu{activation}, x, c.builder.quantization(x));
  }
  c.values.set_target(target, c.builder.requantized(result, target.quantization));
}

void read_leaky_relu(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const Target target = c.values.target_of(output_of(node));
  require(target.activation() == Activation::kNone, "an activation behind it is not supported");
  const LeakyRelu attributes{static_cast<float>(real_of(node, "alpha", 0.01))};
  c.values.set_target(
      target, add_unary(c, node, OperatorKind::kLeakyRelu, attributes, x, target.quantization));
}

void read_softmax(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  require(!x.shape.empty(), "it takes a scalar");
  const std::int32_t axis = softmax_axis(c, node, x.shape);
  Order order = file_order(x.shape.size());
  order.erase(order.begin() + axis);
  order.push_back(axis);
  const TensorId in = c.builder.in_order(x, order);
  const std::string& name = output_of(node);
  const TensorId out =
      c.builder.add_tensor(name, stored_shape(x.shape, order), one_scale(1.0F / 256, -128));
  c.builder.add_operator(OperatorKind::kSoftmax, node.name, Softmax{1.0F}, {in}, {out});
  c.values.set_real(name, view_of(out, x.shape, order));
}

void read_sigmoid(Context& c, const Node& node) {
  c.values.set_real(output_of(node),
                    add_unary(c, node, OperatorKind::kLogistic, Plain{}, c.values.real(node, 0),
                              one_scale(1.0F / 256, -128)));
}

void read_tanh(Context& c, const Node& node) {
  c.values.set_real(output_of(node), add_unary(c, node, OperatorKind::kTanh, Plain{},
                                               c.values.real(node, 0), one_scale(1.0F / 128, 0)));
}

}  // namespace milliwatt::workloads::onnx
