// SPDX-License-Identifier: Apache-2.0
#include "dataflows/host_task.h"

#include <gtest/gtest.h>

#include <cstring>

#include "abi/kernel_elementwise.h"
#include "abi/kernel_weighted.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/graph_testing.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using testing::constant;
using testing::Dice;
using testing::int8_tensor;
using workloads::ElementType;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::TensorRole;

/// A record taken apart.
template <typename Section>
struct Decoded {
  mw_kernel_head head{};
  std::vector<mw_kernel_operand> operands;
  Section section{};
};

/// Inputs lie at 100, 101, .. in SRAM, constants at 200 .. in the program, the output at 300.
template <typename Section>
Decoded<Section> decode(const Graph& graph, std::size_t inputs, std::size_t constants) {
  TaskPlaces places;
  for (std::uint32_t i = 0; i < inputs; ++i) {
    places.inputs.push_back({MW_REGION_SRAM, 100 + i});
  }
  for (std::uint32_t i = 0; i < constants; ++i) {
    places.constants.push_back({MW_REGION_PROGRAM, 200 + i});
  }
  places.outputs = {{MW_REGION_EXTERNAL, 300}};
  const auto bytes = host_task(graph, graph.operators[0])->descriptor(places, 5);
  Decoded<Section> d;
  std::memcpy(&d.head, bytes.data(), sizeof d.head);
  EXPECT_EQ(d.head.bytes, bytes.size());
  EXPECT_EQ(d.head.layer, 5u);
  d.operands.resize(d.head.operands);
  const std::size_t section = sizeof d.head + d.operands.size() * sizeof(mw_kernel_operand);
  EXPECT_EQ(bytes.size(), section + sizeof d.section);
  std::memcpy(d.operands.data(), bytes.data() + sizeof d.head, section - sizeof d.head);
  std::memcpy(&d.section, bytes.data() + section, sizeof d.section);
  EXPECT_EQ(d.operands.front().place.offset, 100u);
  EXPECT_EQ(d.operands.back().place.offset, 300u);
  EXPECT_EQ(d.operands.back().bytes, graph.tensors.back().bytes());
  return d;
}

TEST(HostTask, Convolution) {
  Dice dice{50};
  for (int i = 0; i < 50; ++i) {
    const Graph graph = random_convolution(dice);
    const auto d = decode<mw_weighted_section>(graph, 1, 2);
    const ConvGeometry g = conv_geometry(graph, graph.operators[0]);
    EXPECT_EQ(d.head.kernel, MW_KERNEL_CONV);
    EXPECT_EQ(std::memcmp(&d.section.geometry, &g, sizeof g), 0);
    EXPECT_EQ(d.section.groups, 1);
    EXPECT_EQ(d.operands[1].bits, 8);
    EXPECT_EQ(d.operands[1].place.offset, 200u);
    EXPECT_EQ(d.operands[1].tensor_class, MW_TENSOR_WEIGHTS);
    EXPECT_EQ(d.operands[2].place.offset, 201u);
    EXPECT_EQ(d.operands[2].tensor_class, MW_TENSOR_PARAMETERS);
    EXPECT_EQ(d.section.input_zero_point, graph.tensors[0].quantization.zero_point());
    EXPECT_EQ(d.section.output_zero_point, graph.tensors.back().quantization.zero_point());
  }
}

TEST(HostTask, WeightsStayAsTheyAreAndTheTableHasTheNetworksBias) {
  const std::vector<std::uint8_t> weights{1, 2, 3, 4, 5, 6};
  const Graph graph =
      testing::single(OperatorKind::kFullyConnected, workloads::FullyConnected{},
                      {int8_tensor({4, 3}, 0.5F, 9), constant(int8_tensor({2, 3}, 0.5F), weights),
                       testing::bias_tensor({-7, INT32_MAX}), int8_tensor({4, 2})});
  const auto task = host_task(graph, graph.operators[0]);
  ASSERT_EQ(task->constants().size(), 2u);
  EXPECT_EQ(task->constants()[0].bytes, weights);
  mw_channel_parameters rows[2];
  ASSERT_EQ(task->constants()[1].bytes.size(), sizeof rows);
  std::memcpy(rows, task->constants()[1].bytes.data(), sizeof rows);
  EXPECT_EQ(rows[0].bias, -7);
  EXPECT_EQ(rows[1].bias, INT32_MAX);
  EXPECT_EQ(rows[0].multiplier, 1 << 30);  // 1/4 = 2^30 * 2^(-1 - 31)
  EXPECT_EQ(rows[0].exponent, -1);
  const auto d = decode<mw_weighted_section>(graph, 1, 2);
  EXPECT_EQ(d.head.kernel, MW_KERNEL_FULLY_CONNECTED);
  EXPECT_EQ(d.section.geometry.batch, 4);
  EXPECT_EQ(d.section.geometry.input_c, 3);
  EXPECT_EQ(d.section.geometry.output_c, 2);
  EXPECT_EQ(d.section.geometry.input_w, 1);
  EXPECT_EQ(d.section.geometry.output_w, 1);
}

TEST(HostTask, Depthwise) {
  workloads::DepthwiseConv2d depthwise;
  depthwise.multiplier = 2;
  depthwise.window.kernel_h = 3;
  const Graph graph =
      testing::single(OperatorKind::kDepthwiseConv2d, depthwise,
                      {int8_tensor({1, 5, 4, 3}),
                       constant(int8_tensor({1, 3, 1, 6}), std::vector<std::uint8_t>(18, 1)),
                       int8_tensor({1, 3, 4, 6})});
  const auto d = decode<mw_weighted_section>(graph, 1, 2);
  EXPECT_EQ(d.head.kernel, MW_KERNEL_DEPTHWISE);
  EXPECT_EQ(d.section.depth_multiplier, 2);
  EXPECT_EQ(d.section.geometry.output_c, 6);
}

TEST(HostTask, Pools) {
  Dice dice{51};
  for (int i = 0; i < 50; ++i) {
    const Graph graph = random_pool(dice);
    const auto d = decode<mw_pool_section>(graph, 1, 0);
    const bool average = graph.operators[0].kind == OperatorKind::kAveragePool2d;
    EXPECT_EQ(d.head.kernel, average ? MW_KERNEL_AVERAGE_POOL : MW_KERNEL_MAX_POOL);
    const ConvGeometry g = conv_geometry(graph, graph.operators[0]);
    EXPECT_EQ(std::memcmp(&d.section.geometry, &g, sizeof g), 0);
  }
}

TEST(HostTask, AdditionWithBroadcasting) {
  const Graph graph = testing::single(
      OperatorKind::kAdd, workloads::Add{},
      {int8_tensor({2, 1, 3}, 0.5F, 3), int8_tensor({3}, 0.25F, -4), int8_tensor({2, 1, 3})}, 2);
  const auto d = decode<mw_addition_section>(graph, 2, 0);
  EXPECT_EQ(d.head.kernel, MW_KERNEL_ADD);
  EXPECT_EQ(d.operands[1].place.offset, 101u);
  EXPECT_EQ(d.operands[1].tensor_class, MW_TENSOR_IFMAP);
  const mw_broadcast dims = {{1, 1, 1, 2, 1, 3}, {1, 1, 1, 1, 1, 3}, {1, 1, 1, 2, 1, 3}};
  EXPECT_EQ(std::memcmp(&d.section.dims, &dims, sizeof dims), 0);
  EXPECT_EQ(d.section.zero_point_a, 3);
  EXPECT_EQ(d.section.zero_point_b, -4);
  EXPECT_EQ(d.section.left_shift, 20);
}

TEST(HostTask, Softmax) {
  workloads::Softmax softmax;
  const Graph graph =
      testing::single(OperatorKind::kSoftmax, softmax,
                      {int8_tensor({2, 3, 10}, 0.1F), int8_tensor({2, 3, 10}, 1 / 256.0F, -128)});
  const auto d = decode<mw_softmax_section>(graph, 1, 0);
  const workloads::SoftmaxParameters p = workloads::softmax_parameters(graph, graph.operators[0]);
  EXPECT_EQ(d.head.kernel, MW_KERNEL_SOFTMAX);
  EXPECT_EQ(d.section.rows, 6);
  EXPECT_EQ(d.section.depth, 10);
  EXPECT_EQ(d.section.input.mantissa, p.multiplier.mantissa);
  EXPECT_EQ(d.section.input.exponent, p.multiplier.exponent);
  EXPECT_EQ(d.section.difference_minimum, p.difference_minimum);
}

TEST(HostTask, ReshapeOfAConstantCopies) {
  Graph graph = testing::single(OperatorKind::kReshape, workloads::Reshape{},
                                {int8_tensor({2, 6}), int8_tensor({3, 4})});
  const auto d = decode<mw_copy_section>(graph, 1, 0);
  EXPECT_EQ(d.head.kernel, MW_KERNEL_COPY);
  EXPECT_EQ(d.section.bytes, 12u);
}

TEST(HostRefuses, SaysWhichOperandItCannotTake) {
  Dice dice{52};
  Graph graph = random_fully_connected(dice);
  const auto refused = [&] { return host_refuses(graph, graph.operators[0]); };
  EXPECT_EQ(refused(), std::nullopt);
  graph.tensors[0].type = ElementType::kFloat32;
  EXPECT_EQ(refused(), "its input is float32");
  graph.tensors[0].type = ElementType::kInt8;
  graph.tensors.back().type = ElementType::kInt32;
  EXPECT_EQ(refused(), "its output is int32");
  graph.tensors.back().type = ElementType::kInt8;
  graph.tensors[1].type = ElementType::kInt4;
  EXPECT_EQ(refused(), std::nullopt);
  graph.tensors[1].type = ElementType::kInt16;
  EXPECT_EQ(refused(), "its weights are int16");
  graph.tensors[1].type = ElementType::kInt8;
  graph.tensors[1].role = TensorRole::kActivation;
  EXPECT_EQ(refused(), "its weights are not constant");
}

TEST(HostRefuses, AWindowOfTooManyTaps) {
  // 256 x 128 = 2^15 taps are the most whose sum stays in 32 bits; one row more is refused.
  for (const std::int32_t height : {256, 257}) {
    workloads::Pool2d pool;
    pool.window.kernel_h = height;
    pool.window.kernel_w = 128;
    const Graph graph =
        testing::single(OperatorKind::kAveragePool2d, pool,
                        {int8_tensor({1, 257, 128, 1}), int8_tensor({1, 258 - height, 1, 1})});
    EXPECT_EQ(host_refuses(graph, graph.operators[0]),
              height == 256
                  ? std::nullopt
                  : std::optional<std::string>("its window of 257 x 128 has more than 32768 taps"));
  }
}

TEST(HostRefuses, AnOperandThatIsTooLarge) {
  // 2^28 bytes are the most.
  for (const std::int32_t more : {0, 1}) {
    const Graph graph =
        testing::single(OperatorKind::kAdd, workloads::Add{},
                        {int8_tensor({1 << 14, (1 << 14) + more}), int8_tensor({1, 1}),
                         int8_tensor({1 << 14, (1 << 14) + more})},
                        2);
    EXPECT_EQ(host_refuses(graph, graph.operators[0]).has_value(), more == 1);
  }
}

TEST(HostRefuses, WorkOfTooManySteps) {
  // 2^13 rows x 2^14 inputs x 2^13 outputs are the 2^40 steps of one call.
  for (const std::int32_t more : {0, 1}) {
    const std::int32_t rows = (1 << 13) + more;
    const Graph graph = testing::single(
        OperatorKind::kFullyConnected, workloads::FullyConnected{},
        {int8_tensor({rows, 1 << 14}),
         constant(int8_tensor({1 << 13, 1 << 14}), std::vector<std::uint8_t>(1 << 27)),
         int8_tensor({rows, 1 << 13})});
    EXPECT_EQ(host_refuses(graph, graph.operators[0]).has_value(), more == 1);
  }
}

TEST(HostRefuses, ABiasThatIsNotConstant) {
  Graph graph = testing::single(OperatorKind::kFullyConnected, workloads::FullyConnected{},
                                {int8_tensor({1, 1}), constant(int8_tensor({1, 1}), {1}),
                                 testing::bias_tensor({3}), int8_tensor({1, 1})});
  EXPECT_EQ(host_refuses(graph, graph.operators[0]), std::nullopt);
  graph.tensors[2].role = TensorRole::kActivation;
  EXPECT_EQ(host_refuses(graph, graph.operators[0]), "its bias is not constant");
}

TEST(DataInputs, LeaveOutWeightsBiasAndShapes) {
  Dice dice{53};
  EXPECT_EQ(data_inputs(random_convolution(dice).operators[0]).size(), 1u);
  EXPECT_EQ(data_inputs(random_addition(dice).operators[0]).size(), 2u);
  EXPECT_EQ(data_inputs(random_pool(dice).operators[0]).size(), 1u);
}

}  // namespace
}  // namespace milliwatt::dataflows
