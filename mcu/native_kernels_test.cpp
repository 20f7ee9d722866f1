// SPDX-License-Identifier: Apache-2.0
// Software kernels against the reference kernels, and against arguments that make no sense.
#include "mcu/native_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.h"
#include "mcu/kernel_testing.h"
#include "mcu/random_movement.h"
#include "mcu/record_testing.h"

namespace milliwatt::mcu {
namespace {

using ::testing::HasSubstr;
using testing::RandomMovement;
using workloads::Bytes;
using workloads::OperatorKind;

struct Family {
  const char* name;
  std::function<workloads::Graph(RandomMovement&)> make;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

class KernelFamily : public ::testing::TestWithParam<Family> {};

TEST_P(KernelFamily, EqualsTheReferenceOnRandomOperators) {
  std::set<std::uint8_t> distinct;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    RandomMovement random(seed);
    const workloads::Graph graph = GetParam().make(random);
    ASSERT_NO_THROW(workloads::check_graph(graph)) << "seed " << seed;
    const workloads::Operator& op = graph.operators[0];
    std::vector<Bytes> values;
    std::vector<const Bytes*> operands;
    values.reserve(op.inputs.size());
    for (const workloads::TensorId id : op.inputs) {
      const workloads::Tensor& tensor = graph.tensor(id);
      values.push_back(tensor.data.empty() ? random.bytes(tensor) : tensor.data);
      operands.push_back(&values.back());
    }
    workloads::States states{graph};
    const std::vector<Bytes> expected = workloads::evaluate(graph, op, operands, states);
    ASSERT_EQ(testing::run_on_host(graph, op, operands, states), expected)
        << GetParam().name << " seed " << seed;
    for (const Bytes& output : expected) {
      distinct.insert(output.begin(), output.end());
    }
  }
  EXPECT_GT(distinct.size(), 200U) << "outputs must spread over the type to mean anything";
}

using Random = RandomMovement;

INSTANTIATE_TEST_SUITE_P(
    All, KernelFamily,
    ::testing::Values(
        Family{"conv", [](Random& r) { return r.conv(); }},
        Family{"depthwise", [](Random& r) { return r.depthwise(); }},
        Family{"fully_connected", [](Random& r) { return r.fully_connected(); }},
        Family{"average_pool", [](Random& r) { return r.pool(OperatorKind::kAveragePool2d); }},
        Family{"max_pool", [](Random& r) { return r.pool(OperatorKind::kMaxPool2d); }},
        Family{"add", [](Random& r) { return r.pair(OperatorKind::kAdd, workloads::Add{}); }},
        Family{"sub", [](Random& r) { return r.pair(OperatorKind::kSub, workloads::Sub{}); }},
        Family{"mul", [](Random& r) { return r.pair(OperatorKind::kMul, workloads::Mul{}); }},
        Family{"maximum", [](Random& r) { return r.extremum(OperatorKind::kMaximum); }},
        Family{"minimum", [](Random& r) { return r.extremum(OperatorKind::kMinimum); }},
        Family{"relu", [](Random& r) { return r.relu(); }},
        Family{"leaky_relu", [](Random& r) { return r.leaky_relu(); }},
        Family{"hard_swish", [](Random& r) { return r.hard_swish(); }},
        Family{"requantize", [](Random& r) { return r.requantize(); }},
        Family{"logistic", [](Random& r) { return r.sigmoid(OperatorKind::kLogistic); }},
        Family{"tanh", [](Random& r) { return r.sigmoid(OperatorKind::kTanh); }},
        Family{"pad", [](Random& r) { return r.pad(); }},
        Family{"slice", [](Random& r) { return r.slice(); }},
        Family{"transpose", [](Random& r) { return r.transpose(); }},
        Family{"concatenate", [](Random& r) { return r.concatenate(); }},
        Family{"split", [](Random& r) { return r.split(); }},
        Family{"reshape", [](Random& r) { return r.reshape(); }},
        Family{"softmax", [](Random& r) { return r.softmax(); }}),
    [](const auto& tested) { return std::string(tested.param.name); });

testing::Record<mw_weighted_section> small_conv() {
  testing::Record<mw_weighted_section> record;
  record.kernel = MW_KERNEL_CONV;
  // 2 images of 5 x 4 x 6 to 5 x 4 x 8 by 3 x 3, padded by one, in two groups of 3 to 4 channels.
  record.section.geometry = {2, 5, 4, 6, 5, 4, 8, 3, 3, 1, 1, 1, 1, 1, 1};
  record.section.groups = 2;
  record.section.clamp_low = -128;
  record.section.clamp_high = 127;
  record.operands = {testing::input({}, 2 * 5 * 4 * 6),
                     testing::input({}, 8 * 3 * 3 * 3 / 2, 4),  // 216 weights of 4 bits
                     testing::input({}, 8 * 12, 32), testing::output({}, 2 * 5 * 4 * 8)};
  return record;
}

TEST(Kernel, WorkOfAGroupedConvolution) {
  const auto kernel = make_kernel(small_conv().bytes());
  EXPECT_EQ(kernel->work().macs, 2 * 5 * 4 * 8 * 3 * 3 * 3);
  EXPECT_EQ(kernel->work().outputs, 2 * 5 * 4 * 8);
}

testing::Record<mw_weighted_section> fully_connected(std::int32_t depth, std::int32_t units,
                                                     int weight_bits) {
  testing::Record<mw_weighted_section> record;
  record.kernel = MW_KERNEL_FULLY_CONNECTED;
  record.section.geometry.batch = 1;
  record.section.geometry.input_c = depth;
  record.section.geometry.output_c = units;
  record.section.clamp_low = -128;
  record.section.clamp_high = 127;
  const auto bytes = [](std::int32_t count) { return static_cast<std::uint32_t>(count); };
  record.operands = {testing::input({}, bytes(depth)),
                     testing::input({}, bytes((depth * units * weight_bits + 7) / 8), weight_bits),
                     testing::input({}, bytes(12 * units), 32), testing::output({}, bytes(units))};
  return record;
}

TEST(Kernel, AnOddNumberOfNibblesTakesAWholeLastByte) {
  auto record = fully_connected(3, 5, 4);
  EXPECT_NO_THROW(make_kernel(record.bytes()));
  record.operands[1].bytes = 7;  // ceil(15 / 2) = 8
  EXPECT_THROW(make_kernel(record.bytes()), base::SimulationError);
}

struct Change {
  const char* fault;
  std::function<void(testing::Record<mw_weighted_section>&)> make;
};

void PrintTo(const Change& change, std::ostream* out) { *out << change.fault; }

class BadArguments : public ::testing::TestWithParam<Change> {};

TEST_P(BadArguments, AreNamed) {
  auto record = small_conv();
  EXPECT_NO_THROW(make_kernel(record.bytes()));
  GetParam().make(record);
  try {
    make_kernel(record.bytes());
    FAIL() << "accepted";
  } catch (const base::SimulationError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().fault));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadArguments,
    ::testing::Values(
        Change{"kernel 29 does not exist", [](auto& r) { r.kernel = MW_KERNELS; }},
        Change{"3 groups do not divide",
               [](auto& r) { r.section.groups = 3, r.section.geometry.output_c = 7; }},
        Change{"0 groups do not divide", [](auto& r) { r.section.groups = 0; }},
        Change{"operand 1 has elements of 1 bits", [](auto& r) { r.operands[1].bits = 1; }},
        Change{"weights have 16 bits", [](auto& r) { r.operands[1].bits = 16; }},
        Change{"the filter has 108 bytes, expected 216", [](auto& r) { r.operands[1].bits = 8; }},
        Change{"the filter has the use 2 instead of 1",
               [](auto& r) { r.operands[1].use = MW_USE_WRITE; }},
        Change{"operand 0 has the use 4", [](auto& r) { r.operands[0].use = 4; }},
        Change{"operand 3 has the class 5", [](auto& r) { r.operands[3].tensor_class = 5; }},
        Change{"operand 0 has 8 bits and is_float 1", [](auto& r) { r.operands[0].is_float = 1; }},
        Change{"the parameter table has 96 bytes, expected 128",
               [](auto& r) { r.operands[3].bits = 16; }},
        Change{"the parameter table has elements of 8 bits",
               [](auto& r) { r.operands[2].bits = 8; }},
        Change{"3 operands instead of 4", [](auto& r) { r.operands.pop_back(); }},
        Change{"the output has an extent of -1", [](auto& r) { r.section.geometry.batch = -1; }},
        Change{"is larger than", [](auto& r) { r.section.geometry.input_c = INT32_MAX - 1; }},
        Change{"the stride is 0", [](auto& r) { r.section.geometry.stride_h = 0; }},
        Change{"the padding is 3, allowed are 0 to 2",
               [](auto& r) { r.section.geometry.pad_left = 3; }},
        // Output 6 starts at 6 - 1 = 5, the first row behind the image of 5.
        Change{"the last of 7 outputs lies beyond",
               [](auto& r) { r.section.geometry.output_h = 7; }},
        Change{"the input zero point is 128", [](auto& r) { r.section.input_zero_point = 128; }},
        Change{"the upper clamp is -1, allowed are 0",
               [](auto& r) { r.section.clamp_low = 0, r.section.clamp_high = -1; }}));

TEST(Kernel, TheLastAllowedOutputRowIsAllowed) {
  auto record = small_conv();
  record.section.geometry.output_h = 6;  // starts at 5 - 1 = 4, the last row
  record.operands[3].bytes = 2 * 6 * 4 * 8;
  EXPECT_NO_THROW(make_kernel(record.bytes()));
}

TEST(Kernel, ARecordOfAnotherSizeThanItsHeadSaysIsRefused) {
  std::vector<std::uint8_t> bytes = small_conv().bytes();
  EXPECT_EQ(bytes.size(), 16U + 4 * 16 + 88);
  bytes.resize(bytes.size() + 8);
  EXPECT_THROW(make_kernel(bytes), base::SimulationError);
  bytes[4] = static_cast<std::uint8_t>(bytes.size());  // the head agrees, the section is too long
  EXPECT_THROW(make_kernel(bytes), base::SimulationError);
}

TEST(Kernel, AllOperandsTogetherAreLimited) {
  testing::Record<mw_move_section> move;
  move.kernel = MW_KERNEL_MOVE;
  move.operands.assign(4, testing::input({}, 1 << 28));  // 2^30 bytes, which is just allowed
  EXPECT_NO_THROW(make_kernel(move.bytes()));
  move.operands.push_back(testing::output({}, 1));
  EXPECT_THROW(make_kernel(move.bytes()), base::SimulationError);
}

/// One output of `depth` products of 255 x 127 and a bias.
void run_long_sum(std::int32_t depth, std::int32_t bias) {
  auto record = fully_connected(depth, 1, 8);
  record.section.input_zero_point = -128;
  Bytes ones(static_cast<std::size_t>(depth), 127);
  mw_channel_parameters row = {bias, 1 << 30, -31};
  std::uint8_t output = 0;
  make_kernel(record.bytes())
      ->run({ones.data(), ones.data(), reinterpret_cast<std::uint8_t*>(&row), &output});
}

TEST(Kernel, AnAccumulatorThatLeaves32BitsIsAnError) {
  // 66,311 * 255 * 127 = 2,147,481,735; 2^31 - 1 is 1,912 more.
  EXPECT_NO_THROW(run_long_sum(66311, 1912));
  EXPECT_THROW(run_long_sum(66311, 1913), base::SimulationError);
}

/// One output of 16 bits with a product of 1 x 1 and a bias.
void run_wide_bias(std::int64_t bias) {
  auto record = fully_connected(1, 1, 8);
  record.operands[0] = testing::input({}, 2, 16);
  record.operands[2].bytes = sizeof(mw_wide_channel_parameters);
  record.operands[3] = testing::output({}, 2, 16);
  std::uint8_t one[2] = {1, 0};
  mw_wide_channel_parameters row = {bias, 1 << 30, -31};
  std::uint8_t output[2];
  make_kernel(record.bytes())->run({one, one, reinterpret_cast<std::uint8_t*>(&row), output});
}

TEST(Kernel, AWideAccumulatorThatLeaves64BitsIsAnError) {
  EXPECT_NO_THROW(run_wide_bias(INT64_MAX - 1));
  EXPECT_THROW(run_wide_bias(INT64_MAX), base::SimulationError);
}

}  // namespace
}  // namespace milliwatt::mcu
