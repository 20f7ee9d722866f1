// SPDX-License-Identifier: Apache-2.0
#include "workloads/quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "workloads/fixed_point.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

namespace {

constexpr int kMinimumExponent = -31;

/// Largest left shift with which TFLite Micro's addition keeps 32 bits.
int add_left_shift(ElementType type) { return type == ElementType::kInt16 ? 15 : 20; }

/// Rounds half away from zero; values beyond 32 bits saturate.
std::int32_t round_to_int32(float value) {
  constexpr float kLimit = 2147483648.0F;
  if (value >= kLimit) {
    return std::numeric_limits<std::int32_t>::max();
  }
  if (value < -kLimit) {
    return std::numeric_limits<std::int32_t>::min();
  }
  return static_cast<std::int32_t>(std::round(value));
}

/// Stored integer of a real bound, before clamping to the type.
std::int64_t stored(float real, const Tensor& tensor) {
  return std::int64_t{tensor.quantization.zero_point()} +
         round_to_int32(real / single_scale(tensor));
}

/// A fully connected operator with one scale multiplies the two scales in float32, which moves
/// the mantissa by one unit now and then.
double real_multiplier(const Operator& op, float input, float filter, float output, bool shared) {
  if (op.kind == OperatorKind::kFullyConnected && shared) {
    return static_cast<double>(input * filter) / static_cast<double>(output);
  }
  return static_cast<double>(input) * static_cast<double>(filter) / static_cast<double>(output);
}

/// The real multipliers of an addition.
struct Ratios {
  double a;
  double b;
  double output;
};

/// A subtraction divides its scales in float32, an addition in double: hence the type.
template <typename Real>
Ratios addition_ratios(Real a, Real b, Real output, int left_shift) {
  const Real twice_maximum = 2 * std::max(a, b);
  return {static_cast<double>(a / twice_maximum), static_cast<double>(b / twice_maximum),
          static_cast<double>(twice_maximum / (static_cast<Real>(1 << left_shift) * output))};
}

}  // namespace

float single_scale(const Tensor& tensor) {
  if (tensor.quantization.scales.size() != 1) {
    throw base::InternalError("tensor '" + tensor.name + "' must have one scale");
  }
  return tensor.quantization.scales.front();
}

bool operator==(const Multiplier& a, const Multiplier& b) {
  return a.mantissa == b.mantissa && a.exponent == b.exponent;
}

Multiplier quantize_multiplier(double real) {
  if (real == 0.0) {
    return {};
  }
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto mantissa = static_cast<std::int64_t>(std::round(std::ldexp(fraction, 31)));
  if (mantissa == std::int64_t{1} << 31) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < kMinimumExponent) {
    return {};
  }
  return {static_cast<std::int32_t>(mantissa), exponent};
}

std::int32_t requantize_once(std::int32_t x, Multiplier m) {
  const int shift = 31 - std::min(m.exponent, 30);
  const std::int64_t product = std::int64_t{x} * m.mantissa;
  const std::int64_t rounded = (product + (std::int64_t{1} << (shift - 1))) >> shift;
  return static_cast<std::int32_t>(rounded);
}

Clamp activation_clamp(Activation activation, const Tensor& output) {
  const int bits = std::min(element_bits(output.type), 16);
  const std::int64_t type_low = lowest_element(bits);
  const std::int64_t type_high = highest_element(bits);
  std::int64_t low = type_low;
  std::int64_t high = type_high;
  if (activation == Activation::kRelu || activation == Activation::kRelu6) {
    low = stored(0.0F, output);
  }
  if (activation == Activation::kRelu6) {
    high = stored(6.0F, output);
  }
  if (activation == Activation::kReluN1To1) {
    low = stored(-1.0F, output);
    high = stored(1.0F, output);
  }
  return {static_cast<std::int32_t>(std::clamp(low, type_low, type_high)),
          static_cast<std::int32_t>(std::clamp(high, type_low, type_high))};
}

OutputStage output_stage(const Graph& graph, const Operator& op) {
  const Tensor& input = graph.tensor(op.inputs.at(data_operand(op)));
  const Tensor& filter = graph.tensor(op.inputs.at(1));
  const Tensor& output = graph.tensor(op.outputs.at(0));
  const std::vector<float>& scales = filter.quantization.scales;
  const auto channels = static_cast<std::size_t>(output.shape.back());
  if (scales.size() != 1 && scales.size() != channels) {
    throw base::InternalError("operator '" + op.name + "' needs 1 or one scale per channel");
  }
  OutputStage stage;
  stage.multipliers.reserve(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const bool shared = scales.size() == 1;
    stage.multipliers.push_back(quantize_multiplier(real_multiplier(
        op, single_scale(input), scales[shared ? 0 : c], single_scale(output), shared)));
  }
  stage.input_zero_point = input.quantization.zero_point();
  stage.output_zero_point = output.quantization.zero_point();
  stage.clamp = activation_clamp(fused_activation(op), output);
  return stage;
}

AddParameters add_parameters(const Graph& graph, const Operator& op) {
  const Tensor& a = graph.tensor(op.inputs.at(0));
  const Tensor& b = graph.tensor(op.inputs.at(1));
  const Tensor& output = graph.tensor(op.outputs.at(0));
  const float scale_a = single_scale(a);
  const float scale_b = single_scale(b);
  const float scale = single_scale(output);
  AddParameters p;
  p.left_shift = add_left_shift(output.type);
  const Ratios ratios =
      op.kind == OperatorKind::kSub
          ? addition_ratios<float>(scale_a, scale_b, scale, p.left_shift)
          : addition_ratios<double>(static_cast<double>(scale_a), static_cast<double>(scale_b),
                                    static_cast<double>(scale), p.left_shift);
  p.zero_point_a = a.quantization.zero_point();
  p.zero_point_b = b.quantization.zero_point();
  p.output_zero_point = output.quantization.zero_point();
  p.multiplier_a = quantize_multiplier(ratios.a);
  p.multiplier_b = quantize_multiplier(ratios.b);
  p.multiplier_output = quantize_multiplier(ratios.output);
  p.clamp = activation_clamp(fused_activation(op), output);
  return p;
}

SoftmaxParameters softmax_parameters(const Graph& graph, const Operator& op) {
  constexpr int kIntegerBits = 5;
  constexpr int kFractionBits = 31 - kIntegerBits;
  const auto beta = static_cast<double>(std::get<Softmax>(op.attributes).beta);
  const auto scale = static_cast<double>(single_scale(graph.tensor(op.inputs.at(0))));
  const double real = std::min(std::ldexp(beta * scale, kFractionBits), 2147483647.0);
  SoftmaxParameters p;
  p.multiplier = quantize_multiplier(real);
  const double largest = std::ldexp((1 << kIntegerBits) - 1, kFractionBits);
  const double radius = std::floor(std::ldexp(largest, -p.multiplier.exponent));
  p.difference_minimum = -static_cast<std::int32_t>(std::min(radius, 2147483647.0));
  return p;
}

}  // namespace milliwatt::workloads
