// SPDX-License-Identifier: Apache-2.0
// Which operands are data, and how movement becomes pieces.
#include "dataflows/host_kernels.h"

#include <gtest/gtest.h>

#include <cstring>

#include "abi/kernel_movement.h"
#include "dataflows/graph_testing.h"
#include "dataflows/host_task.h"

namespace milliwatt::dataflows {
namespace {

using testing::constant;
using testing::int8_tensor;
using testing::single;
using workloads::OperatorKind;
using workloads::Tensor;

/// Operator 0 of one with data of the given shapes; the last is the output.
Graph moving(OperatorKind kind, const workloads::Attributes& attributes,
             const std::vector<std::vector<std::int32_t>>& shapes) {
  Graph graph;
  Operator op;
  op.kind = kind;
  op.attributes = attributes;
  for (const auto& shape : shapes) {
    graph.tensors.push_back(int8_tensor(shape));
    op.inputs.push_back(static_cast<workloads::TensorId>(op.inputs.size()));
  }
  op.outputs = {op.inputs.back()};
  op.inputs.pop_back();
  graph.operators.push_back(op);
  return graph;
}

struct Pieces {
  mw_move_section head{};
  std::vector<mw_move_piece> pieces;
};

Pieces pieces_of(const Graph& graph) {
  const HostCall call = movement_call(graph, graph.operators[0]);
  EXPECT_EQ(call.kernel, MW_KERNEL_MOVE);
  Pieces p;
  std::memcpy(&p.head, call.section.data(), sizeof p.head);
  p.pieces.resize(p.head.pieces);
  EXPECT_EQ(call.section.size(), sizeof p.head + p.pieces.size() * sizeof(mw_move_piece));
  std::memcpy(p.pieces.data(), call.section.data() + sizeof p.head,
              call.section.size() - sizeof p.head);
  return p;
}

TEST(Movement, APadIsAFilledOutputAndOnePiece) {
  workloads::Pad pad;
  pad.before = {0, 1, 2, 0};
  pad.after = {0, 0, 1, 0};
  pad.value = -7;
  const Pieces p = pieces_of(moving(OperatorKind::kPad, pad, {{1, 4, 5, 3}, {1, 5, 8, 3}}));
  EXPECT_EQ(p.head.fill, -7);
  EXPECT_EQ(p.head.fill_elements, 5U * 8 * 3);
  // A row of 5 x 3 is one stretch; the first lies behind one row of 8 x 3 and two pixels of 3.
  const mw_move_piece expected = {
      0, 1, 0, 8 * 3 + 2 * 3, {1, 1, 1, 1, 4, 15}, {0, 0, 0, 0, 15, 1}, {0, 0, 0, 0, 24, 1}};
  ASSERT_EQ(p.pieces.size(), 1U);
  EXPECT_EQ(std::memcmp(p.pieces.data(), &expected, sizeof expected), 0);
}

TEST(Movement, ConcatenatedInputsAreRowsSideBySide) {
  workloads::Concatenate join;
  join.axis = 1;
  const Pieces p =
      pieces_of(moving(OperatorKind::kConcatenate, join, {{2, 3, 4}, {2, 1, 4}, {2, 4, 4}}));
  EXPECT_EQ(p.head.fill_elements, 0U);
  ASSERT_EQ(p.pieces.size(), 2U);
  const mw_move_piece second = {
      1, 2, 0, 3 * 4, {1, 1, 1, 1, 2, 4}, {0, 0, 0, 0, 4, 1}, {0, 0, 0, 0, 16, 1}};
  EXPECT_EQ(std::memcmp(&p.pieces[1], &second, sizeof second), 0);
}

/// Reverses the order of dimensions of extent 2.
std::optional<std::string> reversed(int dimensions) {
  workloads::Transpose transpose;
  for (int d = dimensions; d-- > 0;) {
    transpose.permutation.push_back(d);
  }
  const std::vector<std::int32_t> shape(static_cast<std::size_t>(dimensions), 2);
  const Graph graph = moving(OperatorKind::kTranspose, transpose, {shape, shape});
  return host_refuses(graph, graph.operators[0]);
}

TEST(Movement, TakesSixDimensionsThatCannotBeJoined) {
  EXPECT_EQ(reversed(6), std::nullopt);
  EXPECT_EQ(reversed(7), "it moves elements in 7 dimensions, a kernel takes 6");
}

TEST(Movement, JoinsDimensionsThatStayTogether) {
  workloads::Transpose transpose;
  transpose.permutation = {4, 5, 6, 7, 0, 1, 2, 3};
  const Graph graph = moving(OperatorKind::kTranspose, transpose,
                             {{2, 1, 3, 2, 5, 1, 1, 2}, {5, 1, 1, 2, 2, 1, 3, 2}});
  ASSERT_EQ(host_refuses(graph, graph.operators[0]), std::nullopt);
  // A matrix of 12 x 10 is transposed.
  const mw_move_piece expected = {
      0, 1, 0, 0, {1, 1, 1, 1, 10, 12}, {0, 0, 0, 0, 1, 10}, {0, 0, 0, 0, 12, 1}};
  EXPECT_EQ(std::memcmp(pieces_of(graph).pieces.data(), &expected, sizeof expected), 0);
}

TEST(Broadcasting, TakesSixDimensions) {
  for (const std::size_t dimensions : {6U, 7U}) {
    const std::vector<std::int32_t> shape(dimensions, 2);
    const Graph graph = moving(OperatorKind::kMul, workloads::Mul{}, {shape, shape, shape});
    EXPECT_EQ(host_refuses(graph, graph.operators[0]),
              dimensions == 6
                  ? std::nullopt
                  : std::optional<std::string>("it has tensors of more than 6 dimensions"));
  }
}

TEST(DataInputs, AreThoseOfTheKind) {
  Operator op;
  op.inputs = {10, 11, 12};
  using Ids = std::vector<workloads::TensorId>;
  const auto of = [&](OperatorKind kind, const workloads::Attributes& attributes) {
    op.kind = kind;
    op.attributes = attributes;
    return data_inputs(op);
  };
  EXPECT_EQ(of(OperatorKind::kConv2d, workloads::Conv2d{}), Ids{10});
  EXPECT_EQ(of(OperatorKind::kTransposeConv2d, workloads::TransposeConv2d{}), Ids{12});
  EXPECT_EQ(of(OperatorKind::kMul, workloads::Mul{}), (Ids{10, 11}));
  EXPECT_EQ(of(OperatorKind::kMaximum, workloads::Plain{}), (Ids{10, 11}));
  EXPECT_EQ(of(OperatorKind::kBatchMatmul, workloads::BatchMatmul{}), (Ids{10, 11}));
  EXPECT_EQ(of(OperatorKind::kConcatenate, workloads::Concatenate{}), op.inputs);
  EXPECT_EQ(of(OperatorKind::kSplit, workloads::Split{0, false, 1}), Ids{11});
  EXPECT_EQ(of(OperatorKind::kPad, workloads::Pad{}), Ids{10});
  EXPECT_EQ(of(OperatorKind::kMean, workloads::Reduce{}), Ids{10});
}

TEST(HostRefuses, MoreThanACallTakesTogether) {
  const std::vector<std::int32_t> large = {1 << 14, 1 << 14};
  Graph graph = moving(OperatorKind::kAdd, workloads::Add{}, {large, large, large});
  EXPECT_EQ(host_refuses(graph, graph.operators[0]), std::nullopt);  // 3 x 2^28
  graph.tensors.push_back(int8_tensor(large));
  graph.tensors.push_back(int8_tensor({1}));
  graph.operators[0].states = {3};
  EXPECT_EQ(host_refuses(graph, graph.operators[0]), std::nullopt);  // 4 x 2^28 = 2^30
  graph.operators[0].states = {3, 4};
  EXPECT_EQ(host_refuses(graph, graph.operators[0]),
            "its operands have 1073741825 bytes together, a kernel takes 1073741824");
}

/// The table's operand and bytes of a layer with one unit and a bias.
std::pair<int, std::vector<std::uint8_t>> table_of(workloads::ElementType type,
                                                   workloads::ElementType bias_type) {
  Graph graph = single(OperatorKind::kFullyConnected, workloads::FullyConnected{},
                       {int8_tensor({1, 1}, 0.5F), constant(int8_tensor({1, 1}, 0.5F), {1}),
                        testing::bias_tensor({-2}), int8_tensor({1, 1})});
  graph.tensors[0].type = graph.tensors[3].type = type;
  graph.tensors[2].type = bias_type;
  if (bias_type == workloads::ElementType::kInt64) {
    graph.tensors[2].data.resize(8, 0xff);
  }
  const HostCall call = weighted_call(graph, graph.operators[0]);
  return {call.operands[2].operand.bits, call.constants[1].bytes};
}

TEST(OutputTable, HasWideRowsForOutputsOf16Bits) {
  using workloads::ElementType;
  const auto [bits, narrow] = table_of(ElementType::kInt8, ElementType::kInt32);
  EXPECT_EQ(bits, 32);
  EXPECT_EQ(narrow.size(), 12U);
  for (const ElementType bias : {ElementType::kInt32, ElementType::kInt64}) {
    const auto [wide_bits, wide] = table_of(ElementType::kInt16, bias);
    EXPECT_EQ(wide_bits, 32);
    ASSERT_EQ(wide.size(), 16U);
    std::int64_t value = 0;
    std::memcpy(&value, wide.data(), sizeof value);
    EXPECT_EQ(value, -2);
  }
}

}  // namespace
}  // namespace milliwatt::dataflows
