// SPDX-License-Identifier: Apache-2.0
// Software kernels against the reference kernels, and against arguments that make no sense.
#include "mcu/native_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.h"
#include "mcu/kernel_testing.h"

namespace milliwatt::mcu {
namespace {

using ::testing::HasSubstr;
using testing::RandomOperator;
using workloads::Bytes;
using workloads::OperatorKind;

struct Family {
  const char* name;
  std::function<workloads::Graph(RandomOperator&)> make;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

class KernelFamily : public ::testing::TestWithParam<Family> {};

TEST_P(KernelFamily, EqualsTheReferenceOnRandomOperators) {
  std::set<std::uint8_t> distinct;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    RandomOperator random(seed);
    const workloads::Graph graph = GetParam().make(random);
    ASSERT_NO_THROW(workloads::check_graph(graph)) << "seed " << seed;
    std::vector<Bytes> values;
    std::vector<const Bytes*> operands;
    values.reserve(graph.operators[0].inputs.size());
    for (const workloads::TensorId id : graph.operators[0].inputs) {
      const workloads::Tensor& tensor = graph.tensor(id);
      values.push_back(tensor.data.empty() ? random.bytes(tensor) : tensor.data);
      operands.push_back(&values.back());
    }
    const Bytes expected = workloads::evaluate(graph, graph.operators[0], operands);
    ASSERT_EQ(testing::run_on_host(graph, graph.operators[0], operands), expected)
        << GetParam().name << " seed " << seed;
    distinct.insert(expected.begin(), expected.end());
  }
  EXPECT_GT(distinct.size(), 200U) << "outputs must spread over the type to mean anything";
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelFamily,
    ::testing::Values(
        Family{"conv", [](RandomOperator& r) { return r.conv(); }},
        Family{"depthwise", [](RandomOperator& r) { return r.depthwise(); }},
        Family{"fully_connected", [](RandomOperator& r) { return r.fully_connected(); }},
        Family{"average_pool",
               [](RandomOperator& r) { return r.pool(OperatorKind::kAveragePool2d); }},
        Family{"max_pool", [](RandomOperator& r) { return r.pool(OperatorKind::kMaxPool2d); }},
        Family{"add", [](RandomOperator& r) { return r.add(); }},
        Family{"softmax", [](RandomOperator& r) { return r.softmax(); }}),
    [](const auto& tested) { return std::string(tested.param.name); });

mw_kernel_args small_conv() {
  mw_kernel_args args{};
  args.kernel = MW_KERNEL_CONV;
  // 2 images of 5 x 4 x 6 to 5 x 4 x 8 by 3 x 3, padded by one.
  args.geometry = {2, 5, 4, 6, 5, 4, 8, 3, 3, 1, 1, 1, 1, 1, 1};
  args.groups = 2;
  args.weight_bits = 4;
  args.clamp_low = -128;
  args.clamp_high = 127;
  return args;
}

TEST(Kernel, SizesAndWorkOfAGroupedConvolution) {
  const Kernel kernel(small_conv());
  EXPECT_EQ(kernel.bytes().a, 2U * 5 * 4 * 6);
  EXPECT_EQ(kernel.bytes().b, 8U * 3 * 3 * 3 / 2);  // 216 weights of 4 bits
  EXPECT_EQ(kernel.bytes().parameters, 8U * 12);
  EXPECT_EQ(kernel.bytes().output, 2U * 5 * 4 * 8);
  EXPECT_EQ(kernel.work().macs, 2 * 5 * 4 * 8 * 3 * 3 * 3);
  EXPECT_EQ(kernel.work().outputs, 2 * 5 * 4 * 8);
}

TEST(Kernel, AnOddNumberOfNibblesTakesAWholeLastByte) {
  mw_kernel_args args{};
  args.kernel = MW_KERNEL_FULLY_CONNECTED;
  args.geometry.batch = 1;
  args.geometry.input_c = 3;
  args.geometry.output_c = 5;
  args.weight_bits = 4;
  args.clamp_high = 127;
  EXPECT_EQ(Kernel(args).bytes().b, 8U);  // ceil(15 / 2)
}

struct Change {
  const char* fault;
  std::function<void(mw_kernel_args&)> make;
};

void PrintTo(const Change& change, std::ostream* out) { *out << change.fault; }

class BadArguments : public ::testing::TestWithParam<Change> {};

TEST_P(BadArguments, AreNamed) {
  mw_kernel_args args = small_conv();
  EXPECT_NO_THROW(Kernel{args});
  GetParam().make(args);
  try {
    Kernel{args};
    FAIL() << "accepted";
  } catch (const base::SimulationError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().fault));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadArguments,
    ::testing::Values(
        Change{"kernel 8 does not exist", [](auto& a) { a.kernel = 8; }},
        Change{"3 groups do not divide", [](auto& a) { a.groups = 3, a.geometry.output_c = 7; }},
        Change{"0 groups do not divide", [](auto& a) { a.groups = 0; }},
        Change{"weights have 2 bits", [](auto& a) { a.weight_bits = 2; }},
        Change{"the input has an extent of -1", [](auto& a) { a.geometry.batch = -1; }},
        Change{"the input is larger than", [](auto& a) { a.geometry.input_c = INT32_MAX; }},
        Change{"the stride is 0", [](auto& a) { a.geometry.stride_h = 0; }},
        Change{"the padding is 3, allowed are 0 to 2", [](auto& a) { a.geometry.pad_left = 3; }},
        // Output 6 starts at 6 - 1 = 5, the first row behind the image of 5.
        Change{"the last of 7 outputs lies beyond", [](auto& a) { a.geometry.output_h = 7; }},
        Change{"the input zero point is 128", [](auto& a) { a.input_zero_point = 128; }},
        Change{"the upper clamp is -1, allowed are 0",
               [](auto& a) { a.clamp_low = 0, a.clamp_high = -1; }}));

TEST(Kernel, TheLastAllowedOutputRowIsAllowed) {
  mw_kernel_args args = small_conv();
  args.geometry.output_h = 6;  // starts at 5 - 1 = 4, the last row
  EXPECT_NO_THROW(Kernel{args});
}

/// One output of `depth` products of 255 x 127 and a bias.
void run_long_sum(std::int32_t depth, std::int32_t bias) {
  mw_kernel_args args{};
  args.kernel = MW_KERNEL_FULLY_CONNECTED;
  args.geometry.batch = args.geometry.output_c = 1;
  args.geometry.input_c = depth;
  args.weight_bits = 8;
  args.input_zero_point = -128;
  args.clamp_low = -128;
  args.clamp_high = 127;
  const Bytes ones(static_cast<std::size_t>(depth), 127);
  const mw_channel_parameters row = {bias, 1 << 30, -31};
  Bytes output(1);
  Kernel(args).run(
      {ones.data(), ones.data(), reinterpret_cast<const std::uint8_t*>(&row), output.data()});
}

TEST(Kernel, AnAccumulatorThatLeaves32BitsIsAnError) {
  // 66,311 * 255 * 127 = 2,147,481,735; 2^31 - 1 is 1,912 more.
  EXPECT_NO_THROW(run_long_sum(66311, 1912));
  EXPECT_THROW(run_long_sum(66311, 1913), base::SimulationError);
}

}  // namespace
}  // namespace milliwatt::mcu
