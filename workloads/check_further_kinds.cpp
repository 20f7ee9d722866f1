// SPDX-License-Identifier: Apache-2.0
// Checks of elementwise operators, reductions, transposed convolutions and products.
#include <algorithm>
#include <cmath>

#include "workloads/geometry.h"
#include "workloads/operator_parameters.h"
#include "workloads/operator_rules.h"

namespace milliwatt::workloads {

namespace {

using Shape = std::vector<std::int32_t>;

/// Largest left shifts that keep scaled values within what the kernels hold.
constexpr int kMostExponent = 30;
constexpr int kMostWideExponent = 7;

bool same_quantization(const Tensor& a, const Tensor& b) {
  return a.quantization.scales == b.quantization.scales &&
         a.quantization.zero_points == b.quantization.zero_points;
}

void require_exponent(OperatorRules& rules, Multiplier m, int largest) {
  rules.require(m.exponent <= largest, "multiplies values by 2^{} or more", largest);
}

using Tensors = std::initializer_list<const Tensor*>;

/// Whether the types of a tensor and of the first operand go together.
using TypeRule = bool (*)(ElementType type, ElementType first);

bool check_types(OperatorRules& rules, Tensors tensors, TypeRule good, const char* hint = "") {
  const ElementType first = (*tensors.begin())->type;
  for (const Tensor* tensor : tensors) {
    rules.require(good(tensor->type, first), "has {} in '{}', which {} does not support here{}",
                  element_name(tensor->type), tensor->name, operator_name(rules.op().kind), hint);
    rules.check_single_scale(*tensor);
  }
  return rules.sound();
}

/// All listed tensors have the type int8 or int16, the same one, and one scale each: kinds whose
/// arithmetic is defined for whole bytes only.
bool check_whole(OperatorRules& rules, Tensors tensors) {
  return check_types(
      rules, tensors,
      [](ElementType type, ElementType first) {
        return is_whole_activation_type(type) && type == first;
      },
      "; it takes int8 or int16 throughout");
}

/// All listed tensors are narrow, of any widths, or all are int16; one scale each.
bool check_rescaled(OperatorRules& rules, Tensors tensors) {
  return check_types(rules, tensors, widths_mix);
}

/// Products of int8 and of int16 are scaled down. Those of narrower elements are small, and fit 32
/// bits with a left shift that makes up for what they lack of 16 bits.
int most_product_exponent(const OperatorRules& rules) {
  const int bits = element_bits(rules.input(0).type) + element_bits(rules.input(1).type);
  return std::max(0, 16 - bits);
}

/// Sub and mul: two operands.
void check_pair(OperatorRules& rules) {
  if (!rules.require_operands(2, 2) ||
      !check_rescaled(rules, {&rules.input(0), &rules.input(1), &rules.output()}) ||
      !rules.check_broadcast()) {
    return;
  }
  const bool sub = rules.op().kind == OperatorKind::kSub;
  const Multiplier m = sub ? add_parameters(rules.graph(), rules.op()).multiplier_output
                           : product_parameters(rules.graph(), rules.op()).multiplier;
  rules.require(m.exponent <= (sub ? 0 : most_product_exponent(rules)),
                "has an output scale far below its input scales");
}

void check_extremum(OperatorRules& rules) {
  if (rules.require_operands(2, 2) && rules.check_broadcast()) {
    const ElementType type = rules.output().type;
    rules.require(
        is_activation_type(type) && rules.input(0).type == type && rules.input(1).type == type,
        "compares tensors of different or unsupported types");
  }
}

/// One operand and an output of the same shape.
bool check_unary(OperatorRules& rules) {
  return rules.require_operands(1, 1) && rules.check_shape(rules.output(), rules.input(0).shape);
}

void check_relu(OperatorRules& rules) {
  if (!check_unary(rules) || !check_rescaled(rules, {&rules.input(0), &rules.output()})) {
    return;
  }
  const auto& op = rules.op();
  require_exponent(rules, rescale_parameters(rules.graph(), op).multiplier, kMostWideExponent);
  rules.require(std::get<Relu>(op.attributes).activation == Activation::kRelu ||
                    (rules.input(0).type == rules.output().type &&
                     same_quantization(rules.input(0), rules.output())),
                "has different scales or zero points on both sides");
}

void check_leaky_relu(OperatorRules& rules) {
  if (!check_unary(rules) || !check_rescaled(rules, {&rules.input(0), &rules.output()})) {
    return;
  }
  const float alpha = std::get<LeakyRelu>(rules.op().attributes).alpha;
  if (rules.require(std::isfinite(alpha) && alpha >= 0.0F,
                    "has alpha {}, which is negative or no "
                    "number",
                    alpha)) {
    const LeakyReluParameters p = leaky_relu_parameters(rules.graph(), rules.op());
    require_exponent(rules, p.positive, kMostWideExponent);
    require_exponent(rules, p.negative, kMostWideExponent);
  }
}

void check_hard_swish(OperatorRules& rules) {
  if (check_unary(rules) && check_whole(rules, {&rules.input(0), &rules.output()}) &&
      rules.require(rules.input(0).type == ElementType::kInt8, "has int16 activations")) {
    rules.require(hard_swish_parameters(rules.graph(), rules.op()).output_exponent <= 0,
                  "has an output scale far below its input scale");
  }
}

/// Logistic and tanh have a fixed output scale.
void check_sigmoid(OperatorRules& rules) {
  if (!check_unary(rules) || !check_whole(rules, {&rules.input(0), &rules.output()})) {
    return;
  }
  const bool wide = rules.input(0).type == ElementType::kInt16;
  const bool tanh = rules.op().kind == OperatorKind::kTanh;
  const float scale = wide ? 1.0F / 32768 : (tanh ? 1.0F / 128 : 1.0F / 256);
  const std::int32_t zero_point = wide || tanh ? 0 : -128;
  const Quantization& q = rules.output().quantization;
  rules.require(q.scales[0] == scale && q.zero_point() == zero_point,
                "needs the output scale {} and zero point {}", scale, zero_point);
  if (wide) {
    rules.require(rules.input(0).quantization.scales[0] <= 1.0F, "needs an input scale up to 1");
  } else {
    const int exponent = sigmoid_parameters(rules.graph(), rules.op()).multiplier.exponent;
    rules.require(exponent >= 0 && exponent <= kMostExponent,
                  "needs an input scale from 2^-28 to 8");
  }
}

void check_log_softmax(OperatorRules& rules) {
  if (check_unary(rules)) {
    rules.require(rules.input(0).type == ElementType::kFloat32 &&
                      rules.output().type == ElementType::kFloat32,
                  "takes float32 only, at a network's edge");
    rules.require(!rules.input(0).shape.empty(), "needs at least one dimension");
  }
}

void check_quantize(OperatorRules& rules) {
  if (!check_unary(rules)) {
    return;
  }
  const ElementType in = rules.input(0).type;
  const ElementType out = rules.output().type;
  const bool from_real = in == ElementType::kFloat32;
  rules.require(
      (from_real && is_activation_type(out)) ||
          (is_activation_type(in) && (is_activation_type(out) || out == ElementType::kInt32)),
      "maps {} to {}, which quantize does not support", element_name(in), element_name(out));
  rules.check_single_scale(rules.output());
  if (!from_real) {
    rules.check_single_scale(rules.input(0));
  }
  if (rules.sound() && !from_real) {
    require_exponent(rules, rescale_parameters(rules.graph(), rules.op()).multiplier, 14);
  }
}

void check_dequantize(OperatorRules& rules) {
  if (check_unary(rules)) {
    rules.require(
        (is_activation_type(rules.input(0).type) || rules.input(0).type == ElementType::kInt32) &&
            rules.output().type == ElementType::kFloat32,
        "maps {} to {}, which dequantize does not support", element_name(rules.input(0).type),
        element_name(rules.output().type));
    rules.require(rules.input(0).quantization.scales.size() == 1,
                  "needs exactly one scale for '{}'", rules.input(0).name);
  }
}

void check_reduce(OperatorRules& rules) {
  if (!rules.require_operands(2, 2) || !check_rescaled(rules, {&rules.input(0), &rules.output()})) {
    return;
  }
  const auto& axes = std::get<Reduce>(rules.op().attributes).axes;
  const Shape& shape = rules.input(0).shape;
  std::int64_t kept = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    kept *=
        std::binary_search(axes.begin(), axes.end(), static_cast<std::int32_t>(d)) ? 1 : shape[d];
  }
  const bool ordered = std::is_sorted(axes.begin(), axes.end()) &&
                       std::adjacent_find(axes.begin(), axes.end()) == axes.end();
  if (!rules.require(ordered && (axes.empty() || (axes.front() >= 0 &&
                                                  axes.back() < static_cast<int>(shape.size()))),
                     "needs ascending axes of its input") ||
      !rules.require(kept == rules.output().elements(), "keeps {} elements, '{}' has {}", kept,
                     rules.output().name, rules.output().elements())) {
    return;
  }
  if (rules.op().kind == OperatorKind::kReduceMax) {
    rules.require(rules.input(0).type == rules.output().type, "maps {} to {}",
                  element_name(rules.input(0).type), element_name(rules.output().type));
    rules.require(same_quantization(rules.input(0), rules.output()),
                  "has different scales or zero points on both sides");
  } else {
    require_exponent(rules, reduce_parameters(rules.graph(), rules.op()).multiplier, kMostExponent);
  }
}

void check_transpose_conv(OperatorRules& rules) {
  if (!rules.require_operands(3, 4) || !rules.check_rank4(rules.input(1)) ||
      !rules.check_rank4(rules.input(2)) || !rules.check_rank4(rules.output()) ||
      !check_whole(rules, {&rules.input(2), &rules.output()})) {
    return;
  }
  const Window& window = std::get<TransposeConv2d>(rules.op().attributes).window;
  const Shape& in = rules.input(2).shape;
  const Shape& out = rules.output().shape;
  const Tensor& filter = rules.input(1);
  const bool wide = rules.output().type == ElementType::kInt16;
  rules.require(filter.type == ElementType::kInt8 && filter.role == TensorRole::kConstant &&
                    !filter.quantization.scales.empty(),
                "needs constant int8 weights with a scale");
  const auto& zeros = filter.quantization.zero_points;
  rules.require(std::all_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z == 0; }),
                "has weights with a zero point other than 0");
  if (rules.has_input(3)) {
    const Tensor& bias = rules.input(3);
    rules.require(
        bias.role == TensorRole::kConstant &&
            (bias.type == ElementType::kInt32 || (bias.type == ElementType::kInt64 && wide)),
        "has an {} bias", element_name(bias.type));
  }
  rules.check_shape(filter, {out[3], window.kernel_h, window.kernel_w, in[3]});
  rules.require(in[0] == out[0] && vertical(window).outputs(out[1]) == in[1] &&
                    horizontal(window).outputs(out[2]) == in[2],
                "has an output from which its window does not lead back to its input");
  if (rules.sound()) {
    rules.check_channels(out[3], 0, 3);
  }
}

void check_batch_matmul(OperatorRules& rules) {
  if (!rules.require_operands(2, 2) ||
      !check_whole(rules, {&rules.input(0), &rules.input(1), &rules.output()})) {
    return;
  }
  const auto& matmul = std::get<BatchMatmul>(rules.op().attributes);
  Shape a = rules.input(0).shape;
  Shape b = rules.input(1).shape;
  if (!rules.require(a.size() >= 2 && b.size() >= 2, "needs two dimensions or more")) {
    return;
  }
  if (matmul.transpose_a) {
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  }
  if (matmul.transpose_b) {
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  }
  Shape expected(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 3; i <= expected.size(); ++i) {
    const std::int32_t of_a = i <= a.size() ? a[a.size() - i] : 1;
    const std::int32_t of_b = i <= b.size() ? b[b.size() - i] : 1;
    rules.require(of_a == of_b || of_a == 1 || of_b == 1, "cannot broadcast {} with {}", of_a,
                  of_b);
    expected[expected.size() - i] = std::max(of_a, of_b);
  }
  expected[expected.size() - 2] = a[a.size() - 2];
  expected[expected.size() - 1] = b.back();
  rules.require(a.back() == b[b.size() - 2], "multiplies rows of {} by columns of {}", a.back(),
                b[b.size() - 2]);
  rules.check_shape(rules.output(), expected);
  if (rules.sound()) {
    const bool wide = rules.output().type == ElementType::kInt16;
    require_exponent(rules, product_parameters(rules.graph(), rules.op()).multiplier,
                     wide ? kMostWideExponent : kMostExponent);
  }
}

}  // namespace

void check_further_kinds(OperatorRules& rules) {
  switch (rules.op().kind) {
    case OperatorKind::kTransposeConv2d:
      return check_transpose_conv(rules);
    case OperatorKind::kBatchMatmul:
      return check_batch_matmul(rules);
    case OperatorKind::kSub:
    case OperatorKind::kMul:
      return check_pair(rules);
    case OperatorKind::kMaximum:
    case OperatorKind::kMinimum:
      return check_extremum(rules);
    case OperatorKind::kRelu:
      return check_relu(rules);
    case OperatorKind::kLeakyRelu:
      return check_leaky_relu(rules);
    case OperatorKind::kHardSwish:
      return check_hard_swish(rules);
    case OperatorKind::kLogistic:
    case OperatorKind::kTanh:
      return check_sigmoid(rules);
    case OperatorKind::kLogSoftmax:
      return check_log_softmax(rules);
    case OperatorKind::kQuantize:
      return check_quantize(rules);
    case OperatorKind::kDequantize:
      return check_dequantize(rules);
    case OperatorKind::kMean:
    case OperatorKind::kSum:
    case OperatorKind::kReduceMax:
      return check_reduce(rules);
    case OperatorKind::kSvdf:
    case OperatorKind::kLstm:
      return check_sequence(rules);
    default:
      return check_movement(rules);
  }
}

}  // namespace milliwatt::workloads
