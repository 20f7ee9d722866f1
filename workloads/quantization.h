// SPDX-License-Identifier: Apache-2.0
// Integer parameters of quantized operators, and the fixed-point arithmetic of TFLite Micro's
// reference kernels (double rounding). Every engine, host kernel and reference kernel uses these
// scalar functions; none shares loops.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/graph.h"
#include "workloads/rounding.h"

namespace milliwatt::workloads {

/// A positive real M = mantissa * 2^(exponent - 31), mantissa in [2^30, 2^31) or 0.
/// Below 2^-32 it is flushed to {0, 0}.
struct Multiplier {
  std::int32_t mantissa = 0;
  std::int32_t exponent = 0;
};

bool operator==(const Multiplier& a, const Multiplier& b);

Multiplier quantize_multiplier(double real);

/// round(x * M) with TFLite Micro's two roundings: a saturating rounding doubling high multiply,
/// then a rounding shift that takes ties away from zero.
inline std::int32_t requantize(std::int32_t x, Multiplier m) {
  const int left = m.exponent < 0 ? 0 : m.exponent < 31 ? m.exponent : 31;
  const int right = m.exponent < 0 ? -m.exponent : 0;
  const auto shifted = static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << left);
  return rounding_shift_right(doubling_high_multiply(shifted, m.mantissa), right);
}

/// round(x * M) with one rounding, ties up: TFLite's build option, off in TFLite Micro. Differs
/// from requantize() by at most 1.
std::int32_t requantize_once(std::int32_t x, Multiplier m);

/// Inclusive bounds of stored outputs.
struct Clamp {
  std::int32_t low = -128;
  std::int32_t high = 127;
};
/// The activation's bounds in the output tensor's stored integers.
Clamp activation_clamp(Activation activation, const Tensor& output);

/// The one scale of a tensor that has exactly one.
float single_scale(const Tensor& tensor);

/// conv2d, depthwise_conv2d, transpose_conv2d, fully_connected: y =
/// clamp(requantize(acc, m[channel]) + zero point).
struct OutputStage {
  std::vector<Multiplier> multipliers;  ///< one per output channel, also where the scale is shared
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  Clamp clamp;
};
OutputStage output_stage(const Graph& graph, const Operator& op);

/// add, and sub with a minus in the middle: y = clamp(requantize(requantize((a - za) << left_shift,
/// ma) + requantize((b - zb) << left_shift, mb), mo) + zo).
struct AddParameters {
  std::int32_t left_shift = 20;
  std::int32_t zero_point_a = 0;
  std::int32_t zero_point_b = 0;
  std::int32_t output_zero_point = 0;
  Multiplier multiplier_a;
  Multiplier multiplier_b;
  Multiplier multiplier_output;
  Clamp clamp;
};
AddParameters add_parameters(const Graph& graph, const Operator& op);

/// softmax: differences to the row's maximum are scaled by `multiplier` to Q5.26; those below
/// `difference_minimum` give the lowest output and are not summed.
struct SoftmaxParameters {
  Multiplier multiplier;
  std::int32_t difference_minimum = 0;
};
SoftmaxParameters softmax_parameters(const Graph& graph, const Operator& op);

}  // namespace milliwatt::workloads
