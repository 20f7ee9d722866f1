// SPDX-License-Identifier: Apache-2.0
// What the reference kernels tell of their sums: derived by hand, and unscaled so that an output
// that is not clamped is its sum.
#include <gtest/gtest.h>

#include "workloads/graph_testing.h"
#include "workloads/reference.h"

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

/// Those of the only operator; the outputs must not depend on whether anybody asks.
Accumulators sums(const Graph& graph, const std::vector<Bytes>& inputs) {
  States states(graph);
  std::vector<Accumulators> all;
  EXPECT_EQ(run_reference(graph, inputs, states, Rounding::kDouble, &all),
            run_reference(graph, inputs));
  EXPECT_EQ(all.size(), 1U);
  return all.at(0);
}

TEST(Accumulators, OfAConvolutionAreProductsAndBiasBeforeScaleAndClamp) {
  Conv2d conv;
  conv.window.kernel_w = 3;
  conv.window.pad_left = conv.window.pad_right = 1;
  const Graph graph = single(OperatorKind::kConv2d, conv,
                             {int8_tensor({1, 1, 2, 1}, 1.0F, 10),
                              constant(int8_tensor({1, 1, 3, 1}), bytes_of({1, 2, 100})),
                              bias_tensor({-7}), int8_tensor({1, 1, 2, 1}, 2.0F, 5)});
  // Differences to the zero point: 1, 4. Sums: 2*1 + 100*4 - 7 = 395, which is clamped to 127;
  // 1*1 + 2*4 - 7 = 2, which is stored as 2/2 + 5.
  const std::vector<Bytes> inputs = {bytes_of({11, 14})};
  EXPECT_EQ(sums(graph, inputs), (Accumulators{395, 2}));
  EXPECT_EQ(run_reference(graph, inputs).back(), bytes_of({127, 6}));
}

TEST(Accumulators, OfADepthwiseConvolutionStandInTheOrderOfTheOutput) {
  DepthwiseConv2d conv;
  conv.multiplier = 2;
  const Graph graph = single(
      OperatorKind::kDepthwiseConv2d, conv,
      {int8_tensor({1, 1, 1, 2}), constant(int8_tensor({1, 1, 1, 4}), bytes_of({1, 2, 3, 4})),
       bias_tensor({0, 1, 0, 100}), int8_tensor({1, 1, 1, 4})});
  EXPECT_EQ(sums(graph, {bytes_of({10, 20})}), (Accumulators{10, 21, 60, 180}));
}

TEST(Accumulators, OfAFullyConnectedLayerAreOnePerUnitAndRow) {
  const Graph graph = single(
      OperatorKind::kFullyConnected, FullyConnected{},
      {int8_tensor({2, 2}, 1.0F, -1), constant(int8_tensor({3, 2}), bytes_of({1, 0, 0, 1, 50, 50})),
       bias_tensor({0, 0, 1}), int8_tensor({2, 3})});
  // Rows less the zero point: {2, 3}, {-1, 4}.
  EXPECT_EQ(sums(graph, {bytes_of({1, 2, -2, 3})}), (Accumulators{2, 3, 251, -1, 4, 151}));
}

TEST(Accumulators, OfATransposedConvolutionAddUpWhereTapsMeet) {
  TransposeConv2d conv;
  conv.window.kernel_w = 2;
  Tensor shape = int8_tensor({4});
  shape.type = ElementType::kInt32;
  Tensor image = int8_tensor({1, 1, 2, 1});
  image.role = TensorRole::kInput;
  Graph graph;
  graph.tensors = {constant(shape, bytes_of({1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0})),
                   constant(int8_tensor({1, 1, 2, 1}), bytes_of({10, 100})), image,
                   int8_tensor({1, 1, 3, 1})};
  Operator op;
  op.kind = OperatorKind::kTransposeConv2d;
  op.attributes = conv;
  op.inputs = {0, 1, 2};
  op.outputs = {3};
  graph.operators = {op};
  graph.inputs = {2};
  graph.outputs = {3};
  check_graph(graph);
  // 1*10; 1*100 + 2*10; 2*100
  EXPECT_EQ(sums(graph, {bytes_of({1, 2})}), (Accumulators{10, 120, 200}));
}

TEST(Accumulators, OfAProductOfMatrices) {
  const Graph graph =
      single(OperatorKind::kBatchMatmul, BatchMatmul{},
             {int8_tensor({1, 1, 2}), int8_tensor({1, 2, 2}), int8_tensor({1, 1, 2})}, 2);
  // {100, 2} x {{3, 4}, {5, 6}}
  EXPECT_EQ(sums(graph, {bytes_of({100, 2}), bytes_of({3, 4, 5, 6})}), (Accumulators{310, 412}));
}

TEST(Accumulators, OfOtherKindsAreNone) {
  const Graph graph =
      single(OperatorKind::kAdd, Add{}, {int8_tensor({2}), int8_tensor({2}), int8_tensor({2})}, 2);
  EXPECT_TRUE(sums(graph, {bytes_of({1, 2}), bytes_of({3, 4})}).empty());
  EXPECT_FALSE(has_accumulators(OperatorKind::kLstm));
  EXPECT_FALSE(has_accumulators(OperatorKind::kAveragePool2d));
}

}  // namespace
}  // namespace milliwatt::workloads
