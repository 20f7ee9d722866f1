// SPDX-License-Identifier: Apache-2.0
#include "workloads/quantization.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "workloads/fixed_point.h"

namespace milliwatt::workloads {
namespace {

constexpr std::int32_t kHalf = std::int32_t{1} << 30;
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();

TEST(QuantizeMultiplier, SplitsIntoMantissaAndExponent) {
  EXPECT_EQ(quantize_multiplier(0.5), (Multiplier{kHalf, 0}));
  EXPECT_EQ(quantize_multiplier(1.0), (Multiplier{kHalf, 1}));
  EXPECT_EQ(quantize_multiplier(0.75), (Multiplier{kHalf + kHalf / 2, 0}));
  EXPECT_EQ(quantize_multiplier(0.0), (Multiplier{0, 0}));
}

TEST(QuantizeMultiplier, MantissaThatRoundsToTwoTo31IsHalved) {
  // (1 - 2^-33) * 2^31 = 2^31 - 1/4 rounds to 2^31; (1 - 2^-31) * 2^31 = 2^31 - 1 fits.
  EXPECT_EQ(quantize_multiplier(1.0 - std::ldexp(1.0, -33)), (Multiplier{kHalf, 1}));
  EXPECT_EQ(quantize_multiplier(1.0 - std::ldexp(1.0, -31)), (Multiplier{kMax, 0}));
}

TEST(QuantizeMultiplier, FlushesBelowTwoToMinus32) {
  EXPECT_EQ(quantize_multiplier(std::ldexp(1.0, -32)), (Multiplier{kHalf, -31}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(1.0 - 1e-6, -32)), (Multiplier{0, 0}));
  EXPECT_EQ(requantize(kMax, quantize_multiplier(1.3e-11)), 0);
}

TEST(Requantize, FirstRoundingTakesTiesUp) {
  // x / 2: only the high multiply rounds.
  EXPECT_EQ(requantize(1, {kHalf, 0}), 1);
  EXPECT_EQ(requantize(-1, {kHalf, 0}), 0);
  EXPECT_EQ(requantize(3, {kHalf, 0}), 2);
  EXPECT_EQ(requantize(-3, {kHalf, 0}), -1);
}

TEST(Requantize, SecondRoundingTakesTiesAwayFromZero) {
  // x / 4 with an exact first step: 2 / 2 = 1, then 1 / 2.
  EXPECT_EQ(requantize(2, {kHalf, -1}), 1);
  EXPECT_EQ(requantize(-2, {kHalf, -1}), -1);
  EXPECT_EQ(requantize(6, {kHalf, -1}), 2);
  EXPECT_EQ(requantize(-6, {kHalf, -1}), -2);
}

TEST(Requantize, RoundsTwice) {
  // 1 / 4 is 0 when rounded once; 1 / 2 rounds up to 1, and 1 / 2 again to 1.
  EXPECT_EQ(requantize(1, {kHalf, -1}), 1);
  EXPECT_EQ(requantize(-1, {kHalf, -1}), 0);
}

TEST(Requantize, OnceTakesTiesUpAndDiffersFromTwice) {
  // x / 4: 2 -> 0.5 -> 1, -2 -> -0.5 -> 0, -6 -> -1.5 -> -1; twice gives -1 and -2.
  EXPECT_EQ(requantize_once(2, {kHalf, -1}), 1);
  EXPECT_EQ(requantize_once(-2, {kHalf, -1}), 0);
  EXPECT_EQ(requantize_once(-6, {kHalf, -1}), -1);
  // 1 / 4 is no tie: 0, where twice gives 1.
  EXPECT_EQ(requantize_once(1, {kHalf, -1}), 0);
  // M = 2 and the least M.
  EXPECT_EQ(requantize_once(3, {kHalf, 2}), 6);
  EXPECT_EQ(requantize_once(kMax, {kHalf, -31}), 0);
  EXPECT_EQ(requantize_once(kMin, {kHalf, -30}), -1);
}

TEST(Requantize, ShiftsLeftBeforeItMultiplies) {
  // M = 2: 3 << 2 = 12, 12 / 2 = 6.
  EXPECT_EQ(requantize(3, {kHalf, 2}), 6);
  EXPECT_EQ(requantize(-3, {kHalf, 2}), -6);
}

TEST(DoublingHighMultiply, OnlyTheSquareOfTheLowestSaturates) {
  EXPECT_EQ(doubling_high_multiply(kMin, kMin), kMax);
  EXPECT_EQ(doubling_high_multiply(kMin, kMax), -kMax);
  EXPECT_EQ(doubling_high_multiply(kMin, kMin + 1), kMax);
}

TEST(RoundingShiftRight, TakesTiesAwayFromZero) {
  EXPECT_EQ(rounding_shift_right(5, 0), 5);
  EXPECT_EQ(rounding_shift_right(5, 2), 1);
  EXPECT_EQ(rounding_shift_right(6, 2), 2);
  EXPECT_EQ(rounding_shift_right(-5, 2), -1);
  EXPECT_EQ(rounding_shift_right(-6, 2), -2);
  EXPECT_EQ(rounding_shift_right(kMin, 31), -1);
  EXPECT_EQ(rounding_shift_right(kMax, 31), 1);
  EXPECT_EQ(rounding_shift_right(kMax, 34), 0);
}

TEST(RequantizeWide, RoundsTheMantissaTo16BitsAndTiesUp) {
  EXPECT_EQ(requantize_wide(1, {kHalf, 0}), 1);    // 0.5
  EXPECT_EQ(requantize_wide(-1, {kHalf, 0}), 0);   // -0.5
  EXPECT_EQ(requantize_wide(-3, {kHalf, 0}), -1);  // -1.5
  // A mantissa next to 2^31 becomes 0x7FFF instead of 0x8000: (65536 * 32767 + 2^14) >> 15.
  EXPECT_EQ(requantize_wide(65536, {kMax, 0}), 65534);
  EXPECT_EQ(requantize_wide(65536, {0x7FFF8000, 0}), 65534);
  EXPECT_EQ(requantize_wide(std::int64_t{1} << 40, {kHalf, -20}), 1 << 19);
}

TEST(ExpOfNegative, FollowsTheExponentialFunction) {
  EXPECT_EQ(exp_of_negative(0), kMax);
  // The polynomial leaves out terms from (1/8)^5 / 5! = 2.5e-7 on.
  for (const double x : {-1e-6, -0.1, -0.25, -0.5, -1.0, -2.7, -7.9, -20.0, -31.9}) {
    const auto raw = static_cast<std::int32_t>(std::round(std::ldexp(x, 26)));
    EXPECT_NEAR(std::ldexp(exp_of_negative(raw), -31), std::exp(x), 3e-7) << x;
  }
}

TEST(ReciprocalOfSum, NormalisesByLeadingZeros) {
  // 1.0, 1.5 and 3.0 in Q12.19; the mantissa is 1 / (sum / 2^bits_over_unit).
  EXPECT_EQ(reciprocal(1 << 19).bits_over_unit, 0);
  EXPECT_NEAR(std::ldexp(reciprocal(3 << 18).mantissa, -31), 1 / 1.5, 1e-8);
  EXPECT_EQ(reciprocal(3 << 18).bits_over_unit, 0);
  EXPECT_NEAR(std::ldexp(reciprocal(3 << 19).mantissa, -31), 1 / 1.5, 1e-8);
  EXPECT_EQ(reciprocal(3 << 19).bits_over_unit, 1);
}

Tensor quantized(float scale, std::int32_t zero_point, ElementType type = ElementType::kInt8) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = {1};
  tensor.quantization = {{scale}, {zero_point}, 0};
  return tensor;
}

void expect_clamp(Activation activation, const Tensor& output, int low, int high) {
  const Clamp clamp = activation_clamp(activation, output);
  EXPECT_EQ(clamp.low, low);
  EXPECT_EQ(clamp.high, high);
}

TEST(ActivationClamp, PutsBoundsIntoStoredIntegers) {
  const Tensor output = quantized(0.1F, -10);
  expect_clamp(Activation::kNone, output, -128, 127);
  expect_clamp(Activation::kRelu, output, -10, 127);
  expect_clamp(Activation::kRelu6, output, -10, 50);  // 6 / 0.1 = 60
  expect_clamp(Activation::kReluN1To1, output, -20, 0);
}

TEST(ActivationClamp, RoundsTiesAwayFromZero) {
  expect_clamp(Activation::kRelu6, quantized(4.0F, 0), 0, 2);       // 1.5
  expect_clamp(Activation::kReluN1To1, quantized(2.0F, 0), -1, 1);  // -0.5, 0.5
}

TEST(ActivationClamp, StaysWithinTheType) {
  expect_clamp(Activation::kRelu6, quantized(0.01F, 0), 0, 127);  // 600
  expect_clamp(Activation::kReluN1To1, quantized(1e-30F, 5), -128, 127);
  expect_clamp(Activation::kNone, quantized(0.1F, 0, ElementType::kInt16), -32768, 32767);
  expect_clamp(Activation::kRelu6, quantized(0.01F, 0, ElementType::kInt16), 0, 600);
}

/// {input, filter of `units`, output} of one operator.
Graph weighted(OperatorKind kind, Attributes attributes, std::vector<float> filter_scales) {
  Graph graph;
  graph.tensors = {quantized(0.1F, 3), quantized(0.3F, 0), quantized(0.7F, -4)};
  graph.tensors[1].quantization.scales = std::move(filter_scales);
  graph.tensors[2].shape = {1, 2};
  Operator op;
  op.kind = kind;
  op.attributes = attributes;
  op.inputs = {0, 1};
  op.outputs = {2};
  graph.operators = {op};
  return graph;
}

TEST(OutputStage, OneScaleOfFullyConnectedIsMultipliedInFloat32) {
  // 0.1F * 0.3F / 0.7F in double precision, and with the first product rounded to float32.
  const Graph conv = weighted(OperatorKind::kConv2d, Conv2d{}, {0.3F});
  const Graph fc = weighted(OperatorKind::kFullyConnected, FullyConnected{}, {0.3F});
  const Graph fc_channels = weighted(OperatorKind::kFullyConnected, FullyConnected{}, {0.3F, 0.3F});
  const Multiplier exact = {1472560321, -4};
  const Multiplier rounded = {1472560299, -4};
  EXPECT_EQ(output_stage(conv, conv.operators[0]).multipliers, (std::vector{exact, exact}));
  EXPECT_EQ(output_stage(fc, fc.operators[0]).multipliers, (std::vector{rounded, rounded}));
  EXPECT_EQ(output_stage(fc_channels, fc_channels.operators[0]).multipliers,
            (std::vector{exact, exact}));
}

TEST(OutputStage, CarriesZeroPointsAndClamp) {
  Conv2d conv;
  conv.activation = Activation::kRelu;
  const Graph graph = weighted(OperatorKind::kConv2d, conv, {0.3F, 0.6F});
  const OutputStage stage = output_stage(graph, graph.operators[0]);
  EXPECT_EQ(stage.input_zero_point, 3);
  EXPECT_EQ(stage.output_zero_point, -4);
  EXPECT_EQ(stage.clamp.low, -4);
  EXPECT_EQ(stage.multipliers[1].exponent, stage.multipliers[0].exponent + 1);
}

TEST(AddParameters, ScalesToTwiceTheLargerInput) {
  Graph graph;
  graph.tensors = {quantized(0.5F, 1), quantized(0.25F, 2), quantized(1.0F, 3)};
  Operator op;
  op.kind = OperatorKind::kAdd;
  op.attributes = Add{};
  op.inputs = {0, 1};
  op.outputs = {2};
  const AddParameters p = add_parameters(graph, op);
  EXPECT_EQ(p.left_shift, 20);
  EXPECT_EQ(p.multiplier_a, (Multiplier{kHalf, 0}));         // 0.5 / 1
  EXPECT_EQ(p.multiplier_b, (Multiplier{kHalf, -1}));        // 0.25 / 1
  EXPECT_EQ(p.multiplier_output, (Multiplier{kHalf, -19}));  // 1 / (2^20 * 1)
  EXPECT_EQ(p.zero_point_b, 2);
}

TEST(SoftmaxParameters, CutDifferencesWhereTheScaledOnesWouldLeave5Bits) {
  Graph graph;
  graph.tensors = {quantized(0.0625F, 0), quantized(1.0F / 256, -128)};
  Operator op;
  op.kind = OperatorKind::kSoftmax;
  op.attributes = Softmax{1.0F};
  op.inputs = {0};
  op.outputs = {1};
  // M = 2^26 / 16 = 2^22 = 2^30 * 2^(23 - 31); floor(31 * 2^26 / 2^23) = 248.
  SoftmaxParameters p = softmax_parameters(graph, op);
  EXPECT_EQ(p.multiplier, (Multiplier{kHalf, 23}));
  EXPECT_EQ(p.difference_minimum, -248);
  // beta = 2^10: M would be 2^32 and is limited to 2^31 - 1, so only difference 0 remains.
  op.attributes = Softmax{1024.0F};
  p = softmax_parameters(graph, op);
  EXPECT_EQ(p.multiplier, (Multiplier{kMax, 31}));
  EXPECT_EQ(p.difference_minimum, 0);
}

}  // namespace
}  // namespace milliwatt::workloads
