// SPDX-License-Identifier: Apache-2.0
// The formulas of other precisions, with values worked out by hand.
#include <gtest/gtest.h>

#include <limits>

#include "workloads/graph_testing.h"
#include "workloads/packing.h"
#include "workloads/precision.h"

namespace milliwatt::workloads {
namespace {

using testing::constant;
using testing::int8_tensor;

using Values = std::vector<std::int32_t>;

Values values_of(const Tensor& tensor) {
  Values values;
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    values.push_back(load_element(tensor.data.data(), i, element_bits(tensor.type)));
  }
  return values;
}

Tensor int8_constant(const Values& values, std::vector<std::int32_t> shape) {
  std::vector<std::uint8_t> data;
  for (const std::int32_t value : values) {
    data.push_back(static_cast<std::uint8_t>(value));
  }
  return constant(int8_tensor(std::move(shape)), std::move(data));
}

TEST(ActivationForm, SpreadsTheRangeOverFewerLevels) {
  // 255 steps of 0.1 are 15 steps of 1.7. The lowest value keeps its place: relu stays one-sided.
  const Form relu = activation_form(int8_tensor({1}, 0.1F, -128), 4);
  EXPECT_EQ(relu.type, ElementType::kInt4);
  EXPECT_FLOAT_EQ(relu.quantization.scales.at(0), 1.7F);
  EXPECT_EQ(relu.quantization.zero_point(), -8);
  // (0 + 128) * 15 / 255 = 7.53 -> 8 above the lowest, -8.
  EXPECT_EQ(activation_form(int8_tensor({1}, 0.1F, 0), 4).quantization.zero_point(), 0);
  // (127 + 128) * 3 / 255 = 3 above -2.
  EXPECT_EQ(activation_form(int8_tensor({1}, 0.1F, 127), 2).quantization.zero_point(), 1);
  // (-22 + 128) * 15 / 255 = 6.24 -> 6 above -8.
  EXPECT_EQ(activation_form(int8_tensor({1}, 0.1F, -22), 4).quantization.zero_point(), -2);
}

TEST(ActivationForm, SixteenBitsReachTheFartherEndOfTheRange) {
  // From -128 - 10 = -138 to 117 steps of 0.5: 138 steps are 32767 of the new ones.
  const Form wide = activation_form(int8_tensor({1}, 0.5F, 10), 16);
  EXPECT_EQ(wide.type, ElementType::kInt16);
  EXPECT_EQ(wide.quantization.scales.at(0), static_cast<float>(0.5 * 138 / 32767));
  EXPECT_EQ(wide.quantization.zero_point(), 0);
}

TEST(ActivationForm, TheSameWidthIsTheSameForm) {
  const Tensor tensor = int8_tensor({1}, 0.3F, 7);
  const Form same = activation_form(tensor, 8);
  EXPECT_EQ(same.quantization.scales, tensor.quantization.scales);
  EXPECT_EQ(same.quantization.zero_points, tensor.quantization.zero_points);
}

TEST(ActivationForm, ComesBackFromInt16) {
  Tensor wide = int8_tensor({1}, 1.0F, 0);
  wide.type = ElementType::kInt16;
  // 65535 steps are 255 of 257; 32768 * 255 / 65535 = 127.502 -> 128 above -128.
  const Form narrow = activation_form(wide, 8);
  EXPECT_FLOAT_EQ(narrow.quantization.scales.at(0), 257.0F);
  EXPECT_EQ(narrow.quantization.zero_point(), 0);
}

TEST(WeightsIn, TheLargestOfEachChannelBecomesTheLargestInteger) {
  Tensor weights = int8_constant({100, -50, 7, 8, -128, 64, 0, 9}, {2, 4});
  weights.quantization = {{0.5F, 0.25F}, {0, 0}, 0};
  const Tensor narrow = weights_in(weights, 4);
  EXPECT_EQ(narrow.type, ElementType::kInt4);
  // Channel 0: times 7 / 100 -> 7, -3.5, 0.49, 0.56. Channel 1: times 7 / 128 -> -7, 3.5, 0, 0.49.
  EXPECT_EQ(values_of(narrow), (Values{7, -4, 0, 1, -7, 4, 0, 0}));
  EXPECT_FLOAT_EQ(narrow.quantization.scales[0], 0.5F * 100 / 7);
  EXPECT_FLOAT_EQ(narrow.quantization.scales[1], 0.25F * 128 / 7);
  EXPECT_EQ(narrow.bytes(), 4);
}

TEST(WeightsIn, ASharedScaleHasOneLargest) {
  const Tensor narrow = weights_in(int8_constant({100, -50, 7, 8, -128, 64, 0, 9}, {2, 4}), 2);
  // Times 1 / 128: 0.78, -0.39, 0.05, 0.06, -1, 0.5, 0, 0.07: three values.
  EXPECT_EQ(values_of(narrow), (Values{1, 0, 0, 0, -1, 1, 0, 0}));
  EXPECT_FLOAT_EQ(narrow.quantization.scales[0], 128.0F);
}

TEST(WeightsIn, DepthwiseChannelsLieAlongTheLastDimension) {
  Tensor weights = int8_constant({10, 100, 5, -100}, {1, 2, 1, 2});
  weights.quantization = {{1.0F, 1.0F}, {0, 0}, 3};
  EXPECT_EQ(values_of(weights_in(weights, 3)), (Values{3, 3, 2, -3}));
}

TEST(WeightsIn, AChannelOfZerosKeepsItsScale) {
  Tensor weights = int8_constant({0, 0, 1, 2}, {2, 2});
  weights.quantization = {{0.5F, 0.25F}, {0, 0}, 0};
  const Tensor narrow = weights_in(weights, 5);
  EXPECT_EQ(values_of(narrow), (Values{0, 0, 8, 15}));
  EXPECT_EQ(narrow.quantization.scales[0], 0.5F);
}

TEST(WeightsIn, MoreBitsHoldTheSameIntegers) {
  const Tensor narrow = weights_in(int8_constant({3, -7, 5, 1}, {4, 1}), 4);
  const Tensor wide = weights_in(narrow, 8);
  EXPECT_EQ(values_of(wide), values_of(narrow));
  EXPECT_EQ(wide.quantization.scales, narrow.quantization.scales);
}

TEST(RescaledBias, RoundsHalfAwayFromZeroAndSaturates) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  const Tensor bias = testing::bias_tensor({3, -3, 5, kMost});
  const Tensor halves = rescaled_bias(bias, {0.5}, false);
  EXPECT_EQ(halves.data, testing::bias_tensor({2, -2, 3, 1 << 30}).data);
  const Tensor channels = rescaled_bias(bias, {2.0, 1.0, -1.0, 2.0}, false);
  EXPECT_EQ(channels.data, testing::bias_tensor({6, -3, -5, kMost}).data);
}

TEST(RescaledBias, HasEightBytesBehindInt16) {
  const Tensor wide = rescaled_bias(testing::bias_tensor({-3}), {1e10}, true);
  EXPECT_EQ(wide.type, ElementType::kInt64);
  // -3e10 = -0x6fc23ac00.
  EXPECT_EQ(wide.data, (std::vector<std::uint8_t>{0x00, 0x54, 0xdc, 0x03, 0xf9, 0xff, 0xff, 0xff}));
}

TEST(InForm, KeepsRealValuesAsWellAsItCan) {
  const Tensor before = int8_constant({-128, 0, 10, 127}, {4});
  const Form half{ElementType::kInt4, {{20.0F}, {1}, 0}};
  // -6.4 + 1 -> -5, 1, 1.5 -> 2 (ties away), 6.35 + 1 -> 7.
  EXPECT_EQ(values_of(in_form(before, half)), (Values{-5, 1, 2, 7}));
}

}  // namespace
}  // namespace milliwatt::workloads
