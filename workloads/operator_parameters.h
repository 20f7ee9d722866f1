// SPDX-License-Identifier: Apache-2.0
// Integer parameters of the operators that quantization.h leaves out. Formulas use R for
// requantize(), z for zero points and s for scales. Each must have passed its check.
#pragma once

#include <array>
#include <cstdint>

#include "workloads/quantization.h"

namespace milliwatt::workloads {

/// relu, and quantize between integers: y = clamp(R(x - zi, si / so) + zo).
struct RescaleParameters {
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  Multiplier multiplier;
  Clamp clamp;
};
RescaleParameters rescale_parameters(const Graph& graph, const Operator& op);

/// mul: y = clamp(R((a - za) * (b - zb)) + zo). batch_matmul: the same with a sum of products,
/// which int16 scales by requantize_wide.
struct ProductParameters {
  std::int32_t zero_point_a = 0;
  std::int32_t zero_point_b = 0;
  std::int32_t output_zero_point = 0;
  Multiplier multiplier;
  Clamp clamp;
};
ProductParameters product_parameters(const Graph& graph, const Operator& op);

/// leaky_relu: y = clamp(R(x - zi, x < zi ? negative : positive) + zo).
struct LeakyReluParameters {
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  Multiplier positive;
  Multiplier negative;
};
LeakyReluParameters leaky_relu_parameters(const Graph& graph, const Operator& op);

/// hard_swish: two factors of 16 bits, each mantissa * 2^(exponent - 15), on (x - zi) << 7: one to
/// the output's scale, one to 3 / 2^15 where x * relu6(x + 3) / 6 saturates.
struct HardSwishParameters {
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  std::int16_t output_mantissa = 0;
  std::int32_t output_exponent = 0;  ///< at most 0
  std::int16_t gate_mantissa = 0;
  std::int32_t gate_exponent = 0;
};
HardSwishParameters hard_swish_parameters(const Graph& graph, const Operator& op);

/// mean and sum: y = clamp(R(sum of x - zi, multiplier) + zo); a mean divides by `count` within the
/// multiplier's mantissa.
struct ReduceParameters {
  std::int64_t count = 1;  ///< elements behind one output
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  Multiplier multiplier;
};
ReduceParameters reduce_parameters(const Graph& graph, const Operator& op);

/// logistic and tanh of int8: R(x - zi) is a Q4.27; |x - zi| >= radius saturates.
struct SigmoidParameters {
  std::int32_t input_zero_point = 0;
  Multiplier multiplier;
  std::int32_t radius = 0;
};
SigmoidParameters sigmoid_parameters(const Graph& graph, const Operator& op);

/// logistic and tanh of int16: (x * factor + round) >> shift indexes the sigmoid table.
struct TableScale {
  std::int32_t factor = 3;
  int shift = 0;
};
TableScale table_scale(const Graph& graph, const Operator& op);

/// svdf: state = R(sum wf * (x - zi), feature) clamped to the state's type + zs, which wraps in
/// int8; y = clamp(R(bias + sum wt * (state - zs), time) + zo).
struct SvdfParameters {
  std::int32_t input_zero_point = 0;
  std::int32_t state_zero_point = 0;
  std::int32_t output_zero_point = 0;
  Multiplier feature;
  Multiplier time;
};
SvdfParameters svdf_parameters(const Graph& graph, const Operator& op);

/// lstm: gates in the order input, forget, cell, output. Their sums are Q3.12, their values Q0.15;
/// c = R(f * c, forget) + R(i * g, update), h = R(tanh(c) * o, output) + zh.
struct LstmParameters {
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  std::array<Multiplier, 4> input;
  std::array<Multiplier, 4> recurrent;
  Multiplier forget;
  Multiplier update;
  Multiplier output;
  std::int32_t cell_clip = 0;  ///< in stored integers; 0: none
  TableScale cell_to_table;    ///< from the cell state to the tanh table
};
LstmParameters lstm_parameters(const Graph& graph, const Operator& op);

}  // namespace milliwatt::workloads
