// SPDX-License-Identifier: Apache-2.0
// Operators with states, and what checks and importer say about operators behind softmax.
#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/graph_testing.h"
#include "workloads/operator_parameters.h"
#include "workloads/reference.h"
#include "workloads/sigmoid_table.h"

namespace milliwatt::workloads {
namespace {

using testing::bias_tensor;
using testing::constant;
using testing::int8_tensor;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

/// One filter over one input with a memory of three steps and a bias of 1; all scales are 1.
Graph svdf(std::int32_t state_zero_point) {
  Graph graph;
  graph.name = "svdf";
  Tensor data = int8_tensor({1, 1});
  data.role = TensorRole::kInput;
  Tensor state = int8_tensor({1, 3}, 1.0F, state_zero_point);
  state.role = TensorRole::kState;
  graph.tensors = {data,
                   constant(int8_tensor({1, 1}), bytes_of({2})),
                   constant(int8_tensor({1, 3}), bytes_of({1, 3, 5})),
                   bias_tensor({1}),
                   state,
                   int8_tensor({1, 1})};
  Operator op;
  op.kind = OperatorKind::kSvdf;
  op.name = "svdf";
  op.attributes = Svdf{1, Activation::kNone};
  op.inputs = {0, 1, 2, 3, 4};
  op.outputs = {5};
  op.states = {4};
  graph.operators = {op};
  graph.inputs = {0};
  graph.outputs = {5};
  check_graph(graph);
  return graph;
}

TEST(Svdf, RemembersAcrossInvocations) {
  const auto values = run_reference_stream(
      svdf(0), {{bytes_of({1})}, {bytes_of({-3})}, {bytes_of({4})}, {bytes_of({0})}});
  // The newest value, twice the input, meets the last weight: 1 + 5*2; 1 + 3*2 + 5*-6;
  // 1 + 1*2 + 3*-6 + 5*8; 1 + 1*-6 + 3*8 + 5*0.
  EXPECT_EQ(values.at(0).at(5), bytes_of({11}));
  EXPECT_EQ(values.at(1).at(5), bytes_of({-23}));
  EXPECT_EQ(values.at(2).at(5), bytes_of({25}));
  EXPECT_EQ(values.at(3).at(5), bytes_of({19}));
  EXPECT_EQ(values.at(3).at(4), bytes_of({-6, 8, 0}));
}

TEST(Svdf, TellsTheSumBehindEachOutput) {
  const Graph graph = svdf(0);
  States states(graph);
  std::vector<Accumulators> sums;
  run_reference(graph, {bytes_of({60})}, states, Rounding::kDouble, &sums);
  EXPECT_EQ(sums, (std::vector<Accumulators>{{1 + 5 * 120}}));
  run_reference(graph, {bytes_of({0})}, states, Rounding::kDouble, &sums);
  EXPECT_EQ(sums, (std::vector<Accumulators>{{1 + 3 * 120}}));
}

TEST(Svdf, StateStartsAtItsZeroPointAndWrapsBeyondInt8) {
  const auto values = run_reference_stream(svdf(-20), {{bytes_of({1})}, {bytes_of({-60})}});
  // 2 - 20 = -18 is in range; -120 - 20 = -140 is stored as 116, which reads as 136.
  EXPECT_EQ(values.at(0).at(4), bytes_of({-20, -20, -18}));
  EXPECT_EQ(values.at(0).at(5), bytes_of({11}));
  EXPECT_EQ(values.at(1).at(4), bytes_of({-20, -18, 116}));
  EXPECT_EQ(values.at(1).at(5), bytes_of({127}));  // 1 + 3*2 + 5*136 saturates
}

TEST(Svdf, StatesAreReadAndWrittenOnce) {
  const Graph graph = svdf(0);
  EXPECT_EQ(graph.operators[0].reads(), (std::vector<TensorId>{0, 1, 2, 3, 4}));
  EXPECT_EQ(graph.operators[0].writes(), (std::vector<TensorId>{5, 4}));
  EXPECT_EQ(macs(graph, graph.operators[0]), 1 + 3);
  EXPECT_EQ(parameters(graph, graph.operators[0]), 1 + 3 + 1);
}

TEST(Svdf, NeedsAStateOfTheRightSize) {
  Graph graph = svdf(0);
  graph.tensors[4].shape = {1, 4};
  try {
    check_graph(graph);
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_STREQ(error.what(), "svdf: svdf: has 4 state values for 1 filters of 3 steps");
  }
  graph.tensors[4].role = TensorRole::kInput;
  try {
    check_graph(graph);
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_STREQ(error.what(), "svdf: svdf: needs a state as operand 4");
  }
}

TEST(SigmoidTable, MeetsItsSymmetriesAndSaturates) {
  EXPECT_EQ(kSigmoidTable.front(), 32768);
  EXPECT_EQ(table_sigmoid(0), 16384);
  EXPECT_EQ(table_tanh(0), 0);
  // From the last entry on.
  EXPECT_EQ(table_sigmoid(255 * 512), 32767);
  EXPECT_EQ(table_sigmoid(-255 * 512), 1);
  EXPECT_EQ(table_tanh(255 * 256), 32767);
  EXPECT_EQ(table_tanh(-255 * 256), -32767);
}

TEST(ReduceParameters, AMeanDividesWithinItsMantissa) {
  const Graph graph = testing::single(
      OperatorKind::kMean, Reduce{{0}},
      {int8_tensor({6}), constant(int8_tensor({1}), bytes_of({0})), int8_tensor({1})});
  // Multiplier 1 = {2^30, 1}; 6 elements have floor(log2) = 2: 2^30 * 4 / 6 with exponent -1.
  const ReduceParameters p = reduce_parameters(graph, graph.operators[0]);
  EXPECT_EQ(p.count, 6);
  EXPECT_EQ(p.multiplier, (Multiplier{715827882, -1}));
  // 21 / 3 rounds to 7, although the mantissa is a little short, and 7 / 2 away from zero to 4.
  EXPECT_EQ(run_reference(graph, {bytes_of({1, 2, 3, 4, 5, 6})}).back(), bytes_of({4}));
}

/// Outputs of a split of 2 x 5 along its second dimension.
TEST(Split, GivesEachOutputItsStretch) {
  Graph graph;
  graph.name = "split";
  Tensor data = int8_tensor({2, 5});
  data.role = TensorRole::kInput;
  graph.tensors = {data, int8_tensor({2, 2}), int8_tensor({2, 3})};
  Operator op;
  op.kind = OperatorKind::kSplit;
  op.name = "split";
  op.attributes = Split{1, false, 0};
  op.inputs = {0};
  op.outputs = {1, 2};
  graph.operators = {op};
  graph.inputs = {0};
  graph.outputs = {1, 2};
  check_graph(graph);
  const auto values = run_reference(graph, {bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})});
  EXPECT_EQ(values.at(1), bytes_of({1, 2, 6, 7}));
  EXPECT_EQ(values.at(2), bytes_of({3, 4, 5, 8, 9, 10}));
  graph.tensors[2].shape = {2, 4};
  EXPECT_THROW(check_graph(graph), base::UserError);
}

TEST(Slice, RangesCountAsInNumpy) {
  const auto stretch = [](SliceRange range, std::int64_t extent) {
    const Stretch made = stretch_of(range, extent);
    return std::make_pair(made.first, made.count);
  };
  EXPECT_EQ(stretch({1, 7, 3}, 10), std::make_pair(1L, 2L));    // 1, 4
  EXPECT_EQ(stretch({-3, 99, 1}, 10), std::make_pair(7L, 3L));  // 7, 8, 9
  EXPECT_EQ(stretch({5, 5, 1}, 10), std::make_pair(5L, 0L));
  EXPECT_EQ(stretch({-1, -99, -4}, 10), std::make_pair(9L, 3L));  // 9, 5, 1
  EXPECT_EQ(stretch({7, 7, 2, true, true}, 5), std::make_pair(0L, 3L));
  EXPECT_EQ(stretch({7, 7, -2, true, true}, 5), std::make_pair(4L, 3L));
}

TEST(Slice, StepsBackwards) {
  const Graph graph =
      testing::single(OperatorKind::kSlice, Slice{{3}, {-2}, {2}},
                      {int8_tensor({5}), constant(int8_tensor({1}), bytes_of({0})),
                       constant(int8_tensor({1}), bytes_of({0})), int8_tensor({2})});
  EXPECT_EQ(run_reference(graph, {bytes_of({10, 11, 12, 13, 14})}).back(), bytes_of({13, 11}));
}

TEST(Minimum, ComparesStoredValues) {
  const Graph graph =
      testing::single(OperatorKind::kMinimum, Plain{},
                      {int8_tensor({2}, 1.0F), int8_tensor({1}, 9.0F, 3), int8_tensor({2})}, 2);
  EXPECT_EQ(run_reference(graph, {bytes_of({4, -7}), bytes_of({-1})}).back(), bytes_of({-1, -7}));
}

/// A bilinear resize of one row of `input` pixels to `output`.
Graph widened(std::int32_t input, std::int32_t output) {
  return testing::single(OperatorKind::kResizeBilinear, Resize{},
                         {int8_tensor({1, 1, input, 1}), constant(int8_tensor({1}), bytes_of({0})),
                          int8_tensor({1, 1, output, 1})});
}

TEST(ResizeBilinear, AScaleThatLeadsBeyondTheImageIsRefused) {
  // 3 pixels to 2048: 1.5 / 1024 rounds to 2 / 1024, and 2047 * 2 / 1024 is in pixel 3 of 0 .. 2.
  // 2047 positions: the scale is 2 / 1024 as well, and 2046 * 2 / 1024 is still in pixel 3; from
  // 1536 positions on it is exact, 1535 * 2 / 1024 lies in pixel 2.
  EXPECT_THROW(widened(3, 2048), base::UserError);
  EXPECT_THROW(widened(3, 2047), base::UserError);
  EXPECT_NO_THROW(widened(3, 1536));
}

TEST(Pad, FillsInt16WithBothBytes) {
  Tensor wide = int8_tensor({1});
  wide.type = ElementType::kInt16;
  Tensor padded = wide;
  padded.shape = {3};
  const Graph graph = testing::single(OperatorKind::kPad, Pad{{1}, {1}, 0x0102},
                                      {wide, constant(int8_tensor({1}), bytes_of({0})), padded});
  EXPECT_EQ(run_reference(graph, {bytes_of({5, 6})}).back(), bytes_of({2, 1, 5, 6, 2, 1}));
}

}  // namespace
}  // namespace milliwatt::workloads
