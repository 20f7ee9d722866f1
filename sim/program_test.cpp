// SPDX-License-Identifier: Apache-2.0
// The bytes of a program, taken apart with the structures of abi/.
#include "sim/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <optional>

#include "abi/descriptor.h"
#include "abi/kernel_call.h"
#include "base/error.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorRole;

template <typename T>
T read_from(const Program& program, std::size_t offset) {
  EXPECT_LE(offset + sizeof(T), program.image.size());
  T value{};
  std::memcpy(&value, program.image.data() + offset, sizeof value);
  return value;
}

mw_program_head head_of(const Program& program) { return read_from<mw_program_head>(program, 0); }

/// Without an engine and a flash.
Program program_of(const Graph& graph, const dataflows::Plan& plan) {
  return build_program(graph, plan, false, 0);
}

std::vector<mw_command> commands(const Program& program, std::uint32_t offset,
                                 std::uint32_t count) {
  std::vector<mw_command> list;
  for (std::uint32_t i = 0; i < count; ++i) {
    list.push_back(read_from<mw_command>(program, offset + i * sizeof(mw_command)));
  }
  return list;
}

std::vector<mw_command> invoke_of(const Program& program) {
  const mw_program_head head = head_of(program);
  return commands(program, head.invoke_offset, head.invoke_commands);
}

std::vector<mw_command> setup_of(const Program& program) {
  const mw_program_head head = head_of(program);
  return commands(program, head.setup_offset, head.setup_commands);
}

TEST(Image, HoldsWhatThePlanSays) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const testing::RandomSystem s = testing::random_system(seed);
    const dataflows::Plan plan = plan_for(s.platform, s.graph);
    const Program program = program_for(s.platform, s.graph, plan);
    const mw_program_head head = head_of(program);
    EXPECT_EQ(head.magic, MW_PROGRAM_MAGIC);
    EXPECT_EQ(head.version, MW_PROGRAM_VERSION);
    EXPECT_EQ(head.engines, 1U);
    const bool flash = s.platform.flash != nullptr;  // which holds the image alone
    EXPECT_EQ(head.region_base[MW_REGION_PROGRAM],
              flash ? program.map.flash : program.map.external);
    EXPECT_EQ(head.region_base[MW_REGION_EXTERNAL],
              program.map.external + (flash ? 0 : program.image.size()));
    EXPECT_EQ(program.image.size() % dataflows::kTensorAlignment, 0U);
    EXPECT_EQ(head.setup_commands, 1U);
    EXPECT_EQ(setup_of(program)[0].opcode, MW_END);

    // MARK of every layer in order, then its START and WAIT, its CALL, or nothing; END.
    const std::vector<mw_command> list = invoke_of(program);
    std::size_t at = 0;
    for (std::size_t layer = 0; layer < plan.operators.size(); ++layer) {
      ASSERT_EQ(list.at(at).opcode, MW_MARK);
      EXPECT_EQ(list[at++].value, layer);
      const dataflows::Runner runner = plan.operators[layer].runner;
      if (runner == dataflows::Runner::kEngine) {
        ASSERT_EQ(list.at(at).opcode, MW_START);
        const auto d = read_from<mw_descriptor_head>(program, list[at].place.offset);
        EXPECT_EQ(d.magic, MW_DESCRIPTOR_MAGIC);
        EXPECT_EQ(d.bytes, list[at].value);
        EXPECT_EQ(d.first_layer, layer);
        EXPECT_EQ(d.operators, 1U);
        EXPECT_EQ(list.at(at + 1).opcode, MW_WAIT);
        at += 2;
      } else if (runner == dataflows::Runner::kHost) {
        ASSERT_EQ(list.at(at).opcode, MW_CALL);
        const auto call = read_from<mw_kernel_head>(program, list[at].place.offset);
        EXPECT_EQ(call.layer, layer);
        EXPECT_EQ(call.bytes, list[at++].value);
      }
    }
    ASSERT_EQ(at + 1, list.size());
    EXPECT_EQ(list[at].opcode, MW_END);
  }
}

TEST(Image, AlignsWhatIsReadAsABlock) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const testing::RandomSystem s = testing::random_system(seed);
    const dataflows::Plan plan = plan_for(s.platform, s.graph);
    const Program program = program_for(s.platform, s.graph, plan);
    for (const mw_command& command : invoke_of(program)) {
      EXPECT_EQ(command.place.offset % 8, 0U);
    }
    EXPECT_EQ(head_of(program).invoke_offset % dataflows::kTensorAlignment, 0U);
    for (const mw_ref& place : program.tensor_places) {
      EXPECT_EQ(place.offset % dataflows::kTensorAlignment, 0U);
    }
  }
}

Tensor tensor(const char* name, std::vector<std::int32_t> shape, TensorRole role,
              std::int32_t zero_point = 0) {
  Tensor t;
  t.name = name;
  t.shape = std::move(shape);
  t.role = role;
  t.quantization = {{0.5F}, {zero_point}, 0};
  return t;
}

/// 1x1 convolution with stride 2 of 5x5x3 to 3x3x4.
Graph strided() {
  Graph graph;
  Tensor weights = tensor("weights", {4, 1, 1, 3}, TensorRole::kConstant);
  weights.data.assign(12, 1);
  graph.tensors = {tensor("image", {1, 5, 5, 3}, TensorRole::kInput), weights,
                   tensor("output", {1, 3, 3, 4}, TensorRole::kActivation)};
  workloads::Conv2d conv;
  conv.window.stride_h = conv.window.stride_w = 2;
  graph.operators = {{OperatorKind::kConv2d, "conv", conv, {0, 1, workloads::kNoTensor}, {2}, {}}};
  graph.inputs = {0};
  graph.outputs = {2};
  return graph;
}

TEST(Compulsory, OfAStridedConvolutionIsWhatItsWindowsTouch) {
  const Graph graph = strided();
  // Rows and columns 0, 2 and 4 of 5.
  EXPECT_EQ(touched_input_bytes(graph, graph.operators[0], 0), 3 * 3 * 3);

  const Platform host_only = parse_platform("name: h\n", "h");
  dataflows::Plan plan = plan_for(host_only, graph);
  // Weights and a table row of 12 bytes per channel come from the program.
  const std::int64_t constants = 4 * 3 + 4 * 12;
  Program program = program_of(graph, plan);
  EXPECT_EQ(program.compulsory[0].read, constants);
  EXPECT_EQ(program.compulsory[0].written, 0);
  EXPECT_EQ(head_of(program).engines, 0U);

  plan.tensors[0].place = {MW_REGION_EXTERNAL, 0};
  plan.tensors[2].place = {MW_REGION_EXTERNAL, 128};
  plan.region_bytes[MW_REGION_EXTERNAL] = 128 + 36;
  program = program_of(graph, plan);
  EXPECT_EQ(program.compulsory[0].read, constants + 27);
  EXPECT_EQ(program.compulsory[0].written, 3 * 3 * 4);
  EXPECT_EQ(program.address(2), program.map.external + program.image.size() + 128);
}

TEST(Compulsory, CountsAnOperandThatIsReadTwiceOnce) {
  Graph graph;
  graph.tensors = {tensor("a", {1, 6}, TensorRole::kInput),
                   tensor("sum", {1, 6}, TensorRole::kActivation)};
  graph.operators = {{OperatorKind::kAdd, "add", workloads::Add{}, {0, 0}, {1}, {}}};
  graph.inputs = {0};
  graph.outputs = {1};
  dataflows::Plan plan = plan_for(parse_platform("name: h\n", "h"), graph);
  plan.tensors[0].place = {MW_REGION_EXTERNAL, 0};
  plan.region_bytes[MW_REGION_EXTERNAL] = 6;
  EXPECT_EQ(program_of(graph, plan).compulsory[0].read, 6);
}

/// Columns 0 to 1 and 2 to 4 of 3 x 5 elements of `type`.
Graph split(workloads::ElementType type) {
  Graph graph;
  graph.tensors = {tensor("whole", {3, 5}, TensorRole::kInput),
                   tensor("left", {3, 2}, TensorRole::kActivation),
                   tensor("right", {3, 3}, TensorRole::kActivation)};
  for (Tensor& t : graph.tensors) {
    t.type = type;
  }
  graph.operators = {
      {OperatorKind::kSplit, "split", workloads::Split{1, false, 0}, {0}, {1, 2}, {}}};
  graph.inputs = {0};
  graph.outputs = {1, 2};
  return graph;
}

TEST(SeveralOutputs, AreAllWrittenAndCounted) {
  const Graph graph = split(workloads::ElementType::kInt16);
  const Platform platform = parse_platform("name: h\n", "h");
  dataflows::Plan plan = plan_for(platform, graph);
  workloads::Bytes input(30);
  std::iota(input.begin(), input.end(), std::uint8_t{1});
  const Simulated run = simulate(platform, graph, plan, program_of(graph, plan), {input});
  EXPECT_EQ(run.tensors[1], (workloads::Bytes{1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24}));
  EXPECT_EQ(run.tensors[2],
            (workloads::Bytes{5, 6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 25, 26, 27, 28, 29, 30}));

  plan.tensors[1].place = {MW_REGION_EXTERNAL, 0};
  plan.tensors[2].place = {MW_REGION_EXTERNAL, 64};
  plan.region_bytes[MW_REGION_EXTERNAL] = 64 + 18;
  const Program program = program_of(graph, plan);
  EXPECT_EQ(program.compulsory[0].read, 0);
  EXPECT_EQ(program.compulsory[0].written, 12 + 18);
}

TEST(Compulsory, OfASliceIsWhatItTakes) {
  Graph graph = split(workloads::ElementType::kInt4);
  graph.operators[0] = {
      OperatorKind::kSlice, "slice", workloads::Slice{{0, 0}, {2, 4}, {2, 2}}, {0}, {1}, {}};
  // Rows 0 and 2, columns 0 and 4: 4 elements of 4 bits.
  EXPECT_EQ(touched_input_bytes(graph, graph.operators[0], 0), 2);
}

/// An addition of the input and a state that nobody writes.
Graph with_state(std::int32_t zero_point) {
  Graph graph;
  graph.tensors = {tensor("input", {1, 70}, TensorRole::kInput, 4),
                   tensor("state", {1, 70}, TensorRole::kState, zero_point),
                   tensor("sum", {1, 70}, TensorRole::kActivation, -9)};
  graph.operators = {{OperatorKind::kAdd, "add", workloads::Add{}, {0, 1}, {2}, {1}}};
  graph.inputs = {0};
  graph.outputs = {2};
  return graph;
}

TEST(SetUp, CopiesTheZeroPointsOfStatesToTheirHomes) {
  const Graph graph = with_state(-77);
  const Platform platform = parse_platform("accelerator: {kind: systolic}\n", "p");
  const dataflows::Plan plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, plan);
  const std::vector<mw_command> setup = setup_of(program);
  ASSERT_EQ(setup.size(), 2U);
  ASSERT_EQ(setup[0].opcode, MW_COPY);
  const auto copy = read_from<mw_copy_args>(program, setup[0].place.offset);
  EXPECT_EQ(copy.bytes, 70U);
  EXPECT_EQ(copy.source.region, static_cast<std::uint32_t>(MW_REGION_PROGRAM));
  EXPECT_EQ(program.image.at(copy.source.offset), static_cast<std::uint8_t>(-77));
  EXPECT_EQ(program.image.at(copy.source.offset + 69), static_cast<std::uint8_t>(-77));
  EXPECT_EQ(copy.destination.region, program.tensor_places[1].region);
  EXPECT_EQ(copy.destination.offset, program.tensor_places[1].offset);
}

TEST(SetUp, WritesTheZeroPointsOfStatesAsWideAsTheirElements) {
  Graph graph = with_state(0x0102);
  for (Tensor& t : graph.tensors) {
    t.type = workloads::ElementType::kInt16;
  }
  graph.tensors[0].quantization.zero_points = graph.tensors[2].quantization.zero_points = {0};
  const dataflows::Plan plan = plan_for(parse_platform("name: h\n", "h"), graph);
  const Program program = program_of(graph, plan);
  const auto copy = read_from<mw_copy_args>(program, setup_of(program).at(0).place.offset);
  EXPECT_EQ(copy.bytes, 140U);
  EXPECT_EQ(program.image.at(copy.source.offset), 0x02);
  EXPECT_EQ(program.image.at(copy.source.offset + 139), 0x01);
}

TEST(SetUp, LeavesTheStatesAtTheirZeroPointsInSimulatedMemory) {
  const Graph graph = with_state(-77);
  const Platform platform = parse_platform("accelerator: {kind: systolic}\n", "p");
  const dataflows::Plan plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, plan);
  workloads::Bytes input(70);
  for (std::size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<std::uint8_t>(i - 30);
  }
  const Simulated run = simulate(platform, graph, plan, program, {input});
  // Equal scales: input - 4 + (-77 - -77) - 9.
  for (std::size_t i = 0; i < input.size(); ++i) {
    EXPECT_EQ(static_cast<std::int8_t>(run.tensors[2].at(i)), static_cast<int>(i) - 30 - 13);
  }
  EXPECT_GT(run.measurement.setup_time, 0);
}

}  // namespace
}  // namespace milliwatt::sim
