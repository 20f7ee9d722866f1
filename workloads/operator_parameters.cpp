// SPDX-License-Identifier: Apache-2.0
#include "workloads/operator_parameters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace milliwatt::workloads {

namespace {

const Tensor& input_of(const Graph& graph, const Operator& op, std::size_t place) {
  return graph.tensor(op.inputs.at(place));
}
const Tensor& output_of(const Graph& graph, const Operator& op) {
  return graph.tensor(op.outputs.at(0));
}

double in_double(float value) { return static_cast<double>(value); }

/// Multiplier of accumulators whose scale is the float32 product of two.
Multiplier product_multiplier(float a, float b, float output) {
  return quantize_multiplier(in_double(a * b) / in_double(output));
}

/// Bounds of the integers of a type; int32 is unbounded.
Clamp type_clamp(const Tensor& tensor) {
  return tensor.type == ElementType::kInt32 ? Clamp{std::numeric_limits<std::int32_t>::min(),
                                                    std::numeric_limits<std::int32_t>::max()}
                                            : activation_clamp(Activation::kNone, tensor);
}

/// The mantissa in 16 bits.
std::int16_t narrow_mantissa(Multiplier m) {
  constexpr std::int32_t kRound = 1 << 15;
  constexpr std::int32_t kLargest = std::numeric_limits<std::int32_t>::max() - kRound;
  return m.mantissa >= kLargest ? std::numeric_limits<std::int16_t>::max()
                                : static_cast<std::int16_t>((m.mantissa + kRound) >> 16);
}

int floor_log2(std::int64_t x) {
  int log = 0;
  while (x > 1) {
    x /= 2;
    ++log;
  }
  return log;
}

}  // namespace

RescaleParameters rescale_parameters(const Graph& graph, const Operator& op) {
  const Tensor& input = input_of(graph, op, 0);
  const Tensor& output = output_of(graph, op);
  RescaleParameters p;
  p.input_zero_point = input.quantization.zero_point();
  p.output_zero_point = output.quantization.zero_point();
  if (const auto* relu = std::get_if<Relu>(&op.attributes)) {
    p.multiplier = quantize_multiplier(in_double(single_scale(input) / single_scale(output)));
    p.clamp = activation_clamp(relu->activation, output);
  } else {
    p.multiplier =
        quantize_multiplier(in_double(single_scale(input)) / in_double(single_scale(output)));
    p.clamp = type_clamp(output);
  }
  return p;
}

ProductParameters product_parameters(const Graph& graph, const Operator& op) {
  const Tensor& a = input_of(graph, op, 0);
  const Tensor& b = input_of(graph, op, 1);
  const Tensor& output = output_of(graph, op);
  ProductParameters p;
  p.zero_point_a = a.quantization.zero_point();
  p.zero_point_b = b.quantization.zero_point();
  p.output_zero_point = output.quantization.zero_point();
  const auto* mul = std::get_if<Mul>(&op.attributes);
  p.clamp = activation_clamp(mul == nullptr ? Activation::kNone : mul->activation, output);
  p.multiplier = mul == nullptr
                     ? product_multiplier(single_scale(a), single_scale(b), single_scale(output))
                     : quantize_multiplier(in_double(single_scale(a)) * in_double(single_scale(b)) /
                                           in_double(single_scale(output)));
  return p;
}

LeakyReluParameters leaky_relu_parameters(const Graph& graph, const Operator& op) {
  const Tensor& input = input_of(graph, op, 0);
  const Tensor& output = output_of(graph, op);
  const float alpha = std::get<LeakyRelu>(op.attributes).alpha;
  const float in = single_scale(input);
  const float out = single_scale(output);
  return {input.quantization.zero_point(), output.quantization.zero_point(),
          quantize_multiplier(in_double(in / out)),
          quantize_multiplier(in_double(in * alpha / out))};
}

HardSwishParameters hard_swish_parameters(const Graph& graph, const Operator& op) {
  constexpr float kGateScale = 3.0F / 32768.0F;
  const Tensor& input = input_of(graph, op, 0);
  const Tensor& output = output_of(graph, op);
  const float fine_scale = (1.0F / 128.0F) * single_scale(input);
  const Multiplier to_output = quantize_multiplier(in_double(fine_scale / single_scale(output)));
  const Multiplier to_gate = quantize_multiplier(in_double(fine_scale / kGateScale));
  return {input.quantization.zero_point(), output.quantization.zero_point(),
          narrow_mantissa(to_output),      to_output.exponent,
          narrow_mantissa(to_gate),        to_gate.exponent};
}

ReduceParameters reduce_parameters(const Graph& graph, const Operator& op) {
  const Tensor& input = input_of(graph, op, 0);
  const Tensor& output = output_of(graph, op);
  ReduceParameters p;
  p.count = input.elements() / output.elements();
  p.input_zero_point = input.quantization.zero_point();
  p.output_zero_point = output.quantization.zero_point();
  p.multiplier =
      quantize_multiplier(in_double(single_scale(input)) / in_double(single_scale(output)));
  if (op.kind == OperatorKind::kMean) {
    const int bits = std::min({floor_log2(p.count), 32, 31 + p.multiplier.exponent});
    p.multiplier.mantissa = static_cast<std::int32_t>(std::int64_t{p.multiplier.mantissa} *
                                                      (std::int64_t{1} << bits) / p.count);
    p.multiplier.exponent -= bits;
  }
  return p;
}

SigmoidParameters sigmoid_parameters(const Graph& graph, const Operator& op) {
  constexpr int kIntegerBits = 4;
  constexpr int kFractionBits = 31 - kIntegerBits;
  const Tensor& input = input_of(graph, op, 0);
  SigmoidParameters p;
  p.input_zero_point = input.quantization.zero_point();
  p.multiplier = quantize_multiplier(std::ldexp(in_double(single_scale(input)), kFractionBits));
  const double largest = std::ldexp((1 << kIntegerBits) - 1, kFractionBits);
  p.radius = static_cast<std::int32_t>(
      std::min(std::floor(std::ldexp(largest, -p.multiplier.exponent)), 2147483647.0));
  return p;
}

TableScale table_scale(const Graph& graph, const Operator& op) {
  constexpr float kNearlyWhole = 1e-3F;
  constexpr int kFractionBits = 12;
  constexpr int kMostShift = 31;
  const float scale = single_scale(input_of(graph, op, 0));
  const float log = std::log(scale) * (1.0F / std::log(2.0F));
  const int power = static_cast<int>(std::round(log)) + kFractionBits;
  const int largest_power = op.kind == OperatorKind::kTanh ? 1 : 0;
  if (std::abs(log - std::round(log)) < kNearlyWhole && power >= 0 && power <= largest_power) {
    return {3 << power, 0};
  }
  double factor = in_double(scale) * 4096.0 * 3.0;
  int shift = 0;
  while (factor <= 32767.0 / 2.0 && shift < kMostShift) {
    factor *= 2.0;
    ++shift;
  }
  return {static_cast<std::int32_t>(factor), shift};
}

SvdfParameters svdf_parameters(const Graph& graph, const Operator& op) {
  const Tensor& input = input_of(graph, op, 0);
  const Tensor& state = input_of(graph, op, 4);
  const Tensor& output = output_of(graph, op);
  const float feature = single_scale(input_of(graph, op, 1));
  const float time = single_scale(input_of(graph, op, 2));
  return {input.quantization.zero_point(), state.quantization.zero_point(),
          output.quantization.zero_point(),
          quantize_multiplier(in_double(single_scale(input) * feature / single_scale(state))),
          quantize_multiplier(in_double(single_scale(state) * time / single_scale(output)))};
}

LstmParameters lstm_parameters(const Graph& graph, const Operator& op) {
  constexpr float kGateScale = 1.0F / 4096.0F;
  constexpr int kFractionBits = 12;
  const Tensor& data = input_of(graph, op, 0);
  const Tensor& hidden = input_of(graph, op, 18);
  const float cell_scale = single_scale(input_of(graph, op, 19));
  LstmParameters p;
  p.input_zero_point = data.quantization.zero_point();
  p.output_zero_point = hidden.quantization.zero_point();
  for (std::size_t gate = 0; gate < p.input.size(); ++gate) {
    const float weights = single_scale(input_of(graph, op, 1 + gate));
    const float recurrent = single_scale(input_of(graph, op, 5 + gate));
    p.input[gate] = product_multiplier(single_scale(data), weights, kGateScale);
    p.recurrent[gate] = product_multiplier(single_scale(hidden), recurrent, kGateScale);
  }
  p.forget = quantize_multiplier(std::ldexp(1.0, -15));
  p.update = quantize_multiplier(std::ldexp(1.0, -30) / in_double(cell_scale));
  p.output = quantize_multiplier(std::ldexp(1.0, -30) / in_double(single_scale(hidden)));
  const double clip = in_double(std::get<Lstm>(op.attributes).cell_clip) / in_double(cell_scale);
  p.cell_clip = static_cast<std::int32_t>(std::min(clip, 32767.0));
  const int power = std::ilogb(cell_scale) + kFractionBits;
  p.cell_to_table = power < 0 ? TableScale{3, -power} : TableScale{3 << power, 0};
  return p;
}

}  // namespace milliwatt::workloads
