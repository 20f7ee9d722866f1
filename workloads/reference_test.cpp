// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/graph_testing.h"

namespace milliwatt::workloads {
namespace {

using testing::bias_tensor;
using testing::constant;
using testing::int8_tensor;
using testing::single;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

Bytes result(const Graph& graph, const std::vector<Bytes>& inputs) {
  return run_reference(graph, inputs).back();
}

Pool2d pool(std::int32_t height, std::int32_t width) {
  Pool2d made;
  made.window.kernel_h = made.window.stride_h = height;
  made.window.kernel_w = made.window.stride_w = width;
  return made;
}

TEST(Reference, AveragePoolRoundsTiesAwayFromZero) {
  const Graph graph = single(OperatorKind::kAveragePool2d, pool(1, 2),
                             {int8_tensor({1, 1, 8, 1}), int8_tensor({1, 1, 4, 1})});
  // 3/2, -3/2, 1/2, -1/2
  EXPECT_EQ(result(graph, {bytes_of({1, 2, -1, -2, 0, 1, 0, -1})}), bytes_of({2, -2, 1, -1}));
}

TEST(Reference, AveragePoolDividesByTheTapsInsideTheImage) {
  Pool2d padded = pool(1, 2);
  padded.window.pad_left = 1;
  const Graph graph = single(OperatorKind::kAveragePool2d, padded,
                             {int8_tensor({1, 1, 3, 1}), int8_tensor({1, 1, 2, 1})});
  // {pad, 10} -> 10 / 1; {20, 31} -> 51 / 2 = 25.5
  EXPECT_EQ(result(graph, {bytes_of({10, 20, 31})}), bytes_of({10, 26}));
}

TEST(Reference, MaxPoolOfNegativesIsNotZero) {
  const Graph graph = single(OperatorKind::kMaxPool2d, pool(2, 2),
                             {int8_tensor({1, 2, 2, 1}), int8_tensor({1, 1, 1, 1})});
  EXPECT_EQ(result(graph, {bytes_of({-128, -5, -7, -9})}), bytes_of({-5}));
}

TEST(Reference, PaddingCountsAsTheInputsZeroPoint) {
  Conv2d conv;
  conv.window.kernel_w = 3;
  conv.window.pad_left = conv.window.pad_right = 1;
  const Graph graph =
      single(OperatorKind::kConv2d, conv,
             {int8_tensor({1, 1, 2, 1}, 1.0F, 10),
              constant(int8_tensor({1, 1, 3, 1}), bytes_of({1, 2, 3})), int8_tensor({1, 1, 2, 1})});
  // Differences to the zero point: 1, 2. Sums: 2*1 + 3*2 = 8; 1*1 + 2*2 = 5.
  EXPECT_EQ(result(graph, {bytes_of({11, 12})}), bytes_of({8, 5}));
}

TEST(Reference, DilatedTapsSkipPixels) {
  Conv2d conv;
  conv.window.kernel_w = 2;
  conv.window.dilation_w = 2;
  const Graph graph =
      single(OperatorKind::kConv2d, conv,
             {int8_tensor({1, 1, 4, 1}), constant(int8_tensor({1, 1, 2, 1}), bytes_of({1, 10})),
              int8_tensor({1, 1, 2, 1})});
  EXPECT_EQ(result(graph, {bytes_of({1, 2, 3, 4})}), bytes_of({31, 42}));
}

TEST(Reference, GroupsSeeOnlyTheirChannels) {
  Conv2d conv;
  conv.groups = 2;
  const Graph graph = single(
      OperatorKind::kConv2d, conv,
      {int8_tensor({1, 1, 1, 4}), constant(int8_tensor({2, 1, 1, 2}), bytes_of({1, 1, 1, 1})),
       int8_tensor({1, 1, 1, 2})});
  EXPECT_EQ(result(graph, {bytes_of({1, 2, 30, 40})}), bytes_of({3, 70}));
}

TEST(Reference, DepthwiseMultiplierIsTheFasterIndex) {
  DepthwiseConv2d conv;
  conv.multiplier = 2;
  const Graph graph = single(
      OperatorKind::kDepthwiseConv2d, conv,
      {int8_tensor({1, 1, 1, 2}), constant(int8_tensor({1, 1, 1, 4}), bytes_of({1, 2, 3, 4})),
       int8_tensor({1, 1, 1, 4})});
  EXPECT_EQ(result(graph, {bytes_of({10, 20})}), bytes_of({10, 20, 60, 80}));
}

TEST(Reference, Int4WeightsAreLowNibbleFirstAndSigned) {
  Tensor weights = int8_tensor({1, 3});
  weights.type = ElementType::kInt4;
  // 1, -8 (high nibble), 7; the last nibble is unused.
  const Graph graph =
      single(OperatorKind::kFullyConnected, FullyConnected{},
             {int8_tensor({1, 3}), constant(weights, {0x81, 0xF7}), int8_tensor({1, 1})});
  EXPECT_EQ(result(graph, {bytes_of({1, 1, 1})}), bytes_of({0}));
  EXPECT_EQ(result(graph, {bytes_of({1, 0, 1})}), bytes_of({8}));
}

TEST(Reference, AddBroadcastsFromTheLastDimension) {
  const Graph graph =
      single(OperatorKind::kAdd, Add{},
             {int8_tensor({2, 1, 2}), int8_tensor({3, 1}), int8_tensor({2, 3, 2})}, 2);
  // a = [[1, 2]], [[3, 4]]; b = 10, 20, 30
  EXPECT_EQ(result(graph, {bytes_of({1, 2, 3, 4}), bytes_of({10, 20, 30})}),
            bytes_of({11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34}));
}

TEST(Reference, AddClampsToTheType) {
  const Graph graph =
      single(OperatorKind::kAdd, Add{}, {int8_tensor({2}), int8_tensor({2}), int8_tensor({2})}, 2);
  EXPECT_EQ(result(graph, {bytes_of({100, -100}), bytes_of({27, -28})}), bytes_of({127, -128}));
  EXPECT_EQ(result(graph, {bytes_of({100, -100}), bytes_of({28, -29})}), bytes_of({127, -128}));
}

TEST(Reference, AccumulatorsUpTo32BitsPassAndBeyondAreNamed) {
  const auto graph_with_bias = [](std::int32_t value) {
    return single(OperatorKind::kFullyConnected, FullyConnected{},
                  {int8_tensor({1, 1}), constant(int8_tensor({1, 1}), bytes_of({1})),
                   bias_tensor({value}), int8_tensor({1, 1}, 1e9F)});
  };
  EXPECT_EQ(result(graph_with_bias(0x7FFFFFFE), {bytes_of({1})}), bytes_of({2}));
  try {
    result(graph_with_bias(0x7FFFFFFF), {bytes_of({1})});
    FAIL();
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(),
                 "fully_connected: accumulator 2147483648 of channel 0 leaves 32 bits");
  }
}

TEST(Reference, LongSumsAreExactBeyond32Bits) {
  // Products of 255 * 127 = 32,385: 2^17 of them and the bias of 1 make 4,244,766,721.
  constexpr std::int32_t kDepth = 1 << 17;
  const auto graph_with = [](const Bytes& weights) {
    return single(
        OperatorKind::kFullyConnected, FullyConnected{},
        {int8_tensor({1, kDepth}, 1.0F, -128), constant(int8_tensor({1, kDepth}), weights),
         bias_tensor({1}), int8_tensor({1, 1})});
  };
  Bytes weights(kDepth, 127);
  try {
    result(graph_with(weights), {Bytes(kDepth, 127)});
    FAIL();
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(),
                 "fully_connected: accumulator 4244766721 of channel 0 leaves 32 bits");
  }
  // The second half takes back what the first half adds.
  std::fill(weights.begin() + kDepth / 2, weights.end(), static_cast<std::uint8_t>(-127));
  EXPECT_EQ(result(graph_with(weights), {Bytes(kDepth, 127)}), bytes_of({1}));
}

TEST(Reference, SoftmaxOfEqualLogitsIsUniform) {
  const Graph graph = single(OperatorKind::kSoftmax, Softmax{},
                             {int8_tensor({1, 4}, 0.1F), int8_tensor({1, 4}, 1.0F / 256, -128)});
  // 256 / 4 - 128
  EXPECT_EQ(result(graph, {bytes_of({5, 5, 5, 5})}), bytes_of({-64, -64, -64, -64}));
}

TEST(Reference, SoftmaxOfTheLongestRowStaysInRange) {
  const Graph graph = single(OperatorKind::kSoftmax, Softmax{},
                             {int8_tensor({1, kMaximumSoftmaxDepth}, 0.1F),
                              int8_tensor({1, kMaximumSoftmaxDepth}, 1.0F / 256, -128)});
  EXPECT_EQ(result(graph, {Bytes(kMaximumSoftmaxDepth, 9)}),
            Bytes(kMaximumSoftmaxDepth, 0x80));  // 256 / 4095 rounds to 0
}

TEST(Reference, RefusesInputsOfTheWrongNumberOrSize) {
  const Graph graph =
      single(OperatorKind::kReshape, Reshape{}, {int8_tensor({2, 3}), int8_tensor({6})});
  EXPECT_EQ(result(graph, {bytes_of({1, 2, 3, 4, 5, 6})}), bytes_of({1, 2, 3, 4, 5, 6}));
  EXPECT_THROW(run_reference(graph, {}), base::UserError);
  EXPECT_THROW(run_reference(graph, {bytes_of({1, 2, 3, 4, 5})}), base::UserError);
}

TEST(Reference, StatesStartAtTheirZeroPointAndPersist) {
  Graph graph = single(OperatorKind::kReshape, Reshape{}, {int8_tensor({2}), int8_tensor({2})});
  Tensor memory = int8_tensor({2}, 1.0F, 300);
  memory.type = ElementType::kInt16;
  memory.role = TensorRole::kState;
  graph.tensors.push_back(memory);
  States states(graph);
  EXPECT_EQ(states.bytes(2), bytes_of({300 - 256, 1, 300 - 256, 1}));
  states.bytes(2) = bytes_of({1, 2, 3, 4});
  EXPECT_EQ(run_reference(graph, {bytes_of({7, 8})}, states).at(2), bytes_of({1, 2, 3, 4}));
}

}  // namespace
}  // namespace milliwatt::workloads
