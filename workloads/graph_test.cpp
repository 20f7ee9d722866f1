// SPDX-License-Identifier: Apache-2.0
#include "workloads/graph.h"

#include <gtest/gtest.h>

#include "workloads/geometry.h"

namespace milliwatt::workloads {
namespace {

Tensor tensor(ElementType type, std::vector<std::int32_t> shape,
              TensorRole role = TensorRole::kActivation) {
  Tensor made;
  made.type = type;
  made.shape = std::move(shape);
  made.role = role;
  return made;
}

TEST(Tensor, StoresInt4AcrossRows) {
  EXPECT_EQ(tensor(ElementType::kInt4, {3, 3}).bytes(), 5);  // 9 nibbles
  EXPECT_EQ(tensor(ElementType::kInt4, {2, 4}).bytes(), 4);
  EXPECT_EQ(tensor(ElementType::kInt64, {3}).bytes(), 24);
  EXPECT_EQ(tensor(ElementType::kInt8, {}).bytes(), 1);  // a scalar
}

TEST(Operator, ReadsAndWritesIncludeStatesAndSkipAbsentOperands) {
  Operator op;
  op.inputs = {4, kNoTensor, 5};
  op.outputs = {6};
  op.states = {7};
  EXPECT_EQ(op.reads(), (std::vector<TensorId>{4, 5, 7}));
  EXPECT_EQ(op.writes(), (std::vector<TensorId>{6, 7}));
}

Graph with_weights(OperatorKind kind, std::vector<std::int32_t> filter,
                   std::vector<std::int32_t> output) {
  Graph graph;
  graph.tensors = {tensor(ElementType::kInt8, {1}),
                   tensor(ElementType::kInt8, std::move(filter), TensorRole::kConstant),
                   tensor(ElementType::kInt32, {output.back()}, TensorRole::kConstant),
                   tensor(ElementType::kInt8, output)};
  Operator op;
  op.kind = kind;
  op.inputs = {0, 1, 2};
  op.outputs = {3};
  graph.operators = {op};
  return graph;
}

TEST(Macs, CountEveryTapOfEveryOutput) {
  Graph graph = with_weights(OperatorKind::kConv2d, {16, 3, 3, 8}, {2, 5, 7, 16});
  EXPECT_EQ(macs(graph, graph.operators[0]), 2 * 5 * 7 * 16 * (3 * 3 * 8));
  EXPECT_EQ(parameters(graph, graph.operators[0]), 16 * 3 * 3 * 8 + 16);
  graph = with_weights(OperatorKind::kDepthwiseConv2d, {1, 3, 5, 8}, {1, 4, 4, 8});
  EXPECT_EQ(macs(graph, graph.operators[0]), 4 * 4 * 8 * (3 * 5));
  graph = with_weights(OperatorKind::kFullyConnected, {10, 64}, {3, 10});
  EXPECT_EQ(macs(graph, graph.operators[0]), 3 * 10 * 64);
}

TEST(Macs, OfOperatorsWithoutWeightsAreZero) {
  Graph graph = with_weights(OperatorKind::kAdd, {1}, {1});
  EXPECT_EQ(macs(graph, graph.operators[0]), 0);
  EXPECT_EQ(parameters(graph, graph.operators[0]), 0);
}

TEST(WindowAxis, CountsPositionsOnBothSidesOfTheEdge) {
  const WindowAxis axis{3, 2, 2, 0, 0};  // reaches over (3 - 1) * 2 + 1 = 5 elements
  EXPECT_EQ(axis.outputs(4), 0);
  EXPECT_EQ(axis.outputs(5), 1);
  EXPECT_EQ(axis.outputs(6), 1);
  EXPECT_EQ(axis.outputs(7), 2);
}

TEST(PadSame, PadsToCeilOfInputOverStride) {
  Window window;
  window.kernel_h = window.kernel_w = 3;
  window.stride_h = window.stride_w = 2;
  pad_same(window, 9, 8);
  // 9: 5 outputs cover 4 * 2 + 3 = 11; 8: 4 outputs cover 9.
  EXPECT_EQ(window.pad_top, 1);
  EXPECT_EQ(window.pad_bottom, 1);
  EXPECT_EQ(window.pad_left, 0);
  EXPECT_EQ(window.pad_right, 1);
  EXPECT_EQ(vertical(window).outputs(9), 5);
  EXPECT_EQ(horizontal(window).outputs(8), 4);
  window.kernel_h = 1;  // a stride larger than the kernel needs no pad
  pad_same(window, 8, 8);
  EXPECT_EQ(window.pad_top + window.pad_bottom, 0);
}

}  // namespace
}  // namespace milliwatt::workloads
