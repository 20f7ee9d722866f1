// SPDX-License-Identifier: Apache-2.0
// The kernels of matrices, reductions, resizing, floats and sequences: against the reference
// kernels, over streams of invocations, and with arguments that make no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "abi/kernel_float.h"
#include "abi/kernel_matrix.h"
#include "abi/kernel_reduce.h"
#include "abi/kernel_sequence.h"
#include "base/error.h"
#include "mcu/further_operator_testing.h"
#include "mcu/kernel_testing.h"

namespace milliwatt::mcu {
namespace {

using testing::FurtherOperator;
using ::testing::HasSubstr;
using workloads::Bytes;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::TensorId;

struct Family {
  const char* name;
  std::function<Graph(FurtherOperator&)> make;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

const Family kFamilies[] = {
    {"transpose_conv", [](auto& r) { return r.transpose_conv(false); }},
    {"transpose_conv_int16", [](auto& r) { return r.transpose_conv(true); }},
    {"batch_matmul", [](auto& r) { return r.matmul(false); }},
    {"batch_matmul_int16", [](auto& r) { return r.matmul(true); }},
    {"mean", [](auto& r) { return r.reduce(OperatorKind::kMean, false); }},
    {"mean_int16", [](auto& r) { return r.reduce(OperatorKind::kMean, true); }},
    {"sum", [](auto& r) { return r.reduce(OperatorKind::kSum, false); }},
    {"sum_int16", [](auto& r) { return r.reduce(OperatorKind::kSum, true); }},
    {"reduce_max", [](auto& r) { return r.reduce(OperatorKind::kReduceMax, false); }},
    {"reduce_max_int16", [](auto& r) { return r.reduce(OperatorKind::kReduceMax, true); }},
    {"resize_nearest", [](auto& r) { return r.resize(OperatorKind::kResizeNearest); }},
    {"resize_bilinear", [](auto& r) { return r.resize(OperatorKind::kResizeBilinear); }},
    {"quantize", [](auto& r) { return r.quantize(); }},
    {"dequantize", [](auto& r) { return r.dequantize(); }},
    {"log_softmax", [](auto& r) { return r.log_softmax(); }},
    {"svdf", [](auto& r) { return r.svdf(false); }},
    {"svdf_int16_state", [](auto& r) { return r.svdf(true); }},
    {"lstm", [](auto& r) { return r.lstm(false); }},
    {"lstm_int16", [](auto& r) { return r.lstm(true); }}};

class FurtherFamily : public ::testing::TestWithParam<Family> {};

/// Runs four invocations of a random operator on the host and by the reference kernels.
void compare_stream(const Family& family, std::uint32_t seed, std::set<std::uint8_t>& distinct) {
  FurtherOperator random(seed);
  const Graph graph = family.make(random);
  const workloads::Operator& op = graph.operators[0];
  workloads::States states(graph);
  workloads::States host_states(graph);
  for (int invocation = 0; invocation < 4; ++invocation) {
    std::vector<Bytes> values(op.inputs.size());
    std::vector<const Bytes*> operands;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const TensorId id = op.inputs[i];
      if (id == workloads::kNoTensor) {
        operands.push_back(nullptr);
      } else if (graph.tensor(id).role == workloads::TensorRole::kState) {
        operands.push_back(&states.bytes(id));
      } else {
        const workloads::Tensor& tensor = graph.tensor(id);
        values[i] = tensor.data.empty() ? random.values(graph, tensor) : tensor.data;
        operands.push_back(&values[i]);
      }
    }
    const Bytes found = testing::run_on_host(graph, op, operands, host_states).front();
    const Bytes expected = workloads::evaluate(graph, op, operands, states).front();
    ASSERT_EQ(found, expected) << "seed " << seed << " invocation " << invocation;
    for (const TensorId id : op.states) {
      ASSERT_EQ(host_states.bytes(id), states.bytes(id))
          << "seed " << seed << " invocation " << invocation << " state " << id;
    }
    distinct.insert(expected.begin(), expected.end());
  }
}

TEST_P(FurtherFamily, EqualsTheReferenceOverFourInvocations) {
  std::set<std::uint8_t> distinct;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    ASSERT_NO_FATAL_FAILURE(compare_stream(GetParam(), seed, distinct));
  }
  EXPECT_EQ(distinct.size(), 256U) << "outputs must spread over the type to mean anything";
}

/// The record of an operator's call, with all operands in one place.
Bytes record_of(const Graph& graph) {
  const workloads::Operator& op = graph.operators[0];
  const auto task = dataflows::host_task(graph, op);
  dataflows::TaskPlaces places;
  places.inputs.resize(dataflows::data_inputs(op).size());
  places.constants.resize(task->constants().size());
  places.outputs.resize(op.outputs.size());
  places.states.resize(op.states.size());
  return task->descriptor(places, 0);
}

TEST_P(FurtherFamily, CountsTheMultiplyAccumulatesOfTheOperator) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    FurtherOperator random(seed);
    const Graph graph = GetParam().make(random);
    EXPECT_EQ(make_kernel(record_of(graph))->work().macs,
              workloads::macs(graph, graph.operators[0]));
  }
}

/// Runs a record on operands of its own sizes, unless these or its work are large.
bool runs(const Bytes& record, FurtherOperator& random) {
  constexpr std::uint64_t kMostBytes = 1 << 18;
  try {
    const auto kernel = make_kernel(record);
    std::vector<Bytes> operands;
    std::uint64_t total = 0;
    for (const mw_kernel_operand& operand : kernel->operands()) {
      total += operand.bytes;
      if (total > kMostBytes || kernel->work().macs > (1 << 22)) {
        return true;
      }
      Bytes bytes(operand.bytes);  // zeros are good parameters
      if (operand.tensor_class != MW_TENSOR_PARAMETERS) {
        std::generate(bytes.begin(), bytes.end(),
                      [&] { return static_cast<std::uint8_t>(random.between(0, 255)); });
      }
      operands.push_back(std::move(bytes));
    }
    Kernel::Pointers pointers;
    for (Bytes& bytes : operands) {
      pointers.push_back(bytes.data());
    }
    kernel->run(pointers);
  } catch (const base::SimulationError&) {
    return false;
  }
  return true;
}

TEST_P(FurtherFamily, DamagedRecordsRunOrAreRefused) {
  FurtherOperator random(7);
  int good_runs = 0;
  int failures = 0;
  for (int round = 0; round < 400; ++round) {
    const Graph graph = GetParam().make(random);
    Bytes record = record_of(graph);
    for (int flips = random.between(1, 3); flips > 0; --flips) {
      const int at = random.between(0, static_cast<int>(record.size()) - 1);
      record[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random.between(0, 255));
    }
    (runs(record, random) ? good_runs : failures) += 1;
  }
  EXPECT_GT(good_runs, 10);
  EXPECT_GT(failures, 100);
}

INSTANTIATE_TEST_SUITE_P(All, FurtherFamily, ::testing::ValuesIn(kFamilies),
                         [](const auto& tested) { return std::string(tested.param.name); });

/// Head, operands and section of a record, apart.
template <typename Section>
struct Parts {
  mw_kernel_head head{};
  std::vector<mw_kernel_operand> operands;
  Section section{};

  explicit Parts(const Bytes& record) {
    std::memcpy(&head, record.data(), sizeof head);
    operands.resize(head.operands);
    std::memcpy(operands.data(), record.data() + sizeof head, operand_bytes());
    std::memcpy(&section, record.data() + sizeof head + operand_bytes(), sizeof section);
  }
  std::size_t operand_bytes() const { return operands.size() * sizeof(mw_kernel_operand); }
  Bytes record() const {
    Bytes bytes(sizeof head + operand_bytes() + sizeof section);
    mw_kernel_head fitting = head;
    fitting.bytes = static_cast<std::uint32_t>(bytes.size());
    fitting.operands = static_cast<std::uint32_t>(operands.size());
    std::memcpy(bytes.data(), &fitting, sizeof fitting);
    std::memcpy(bytes.data() + sizeof head, operands.data(), operand_bytes());
    std::memcpy(bytes.data() + sizeof head + operand_bytes(), &section, sizeof section);
    return bytes;
  }
};

template <typename Section, typename Change>
std::string refusal(const Graph& graph, Change change) {
  Parts<Section> parts(record_of(graph));
  EXPECT_NO_THROW(make_kernel(parts.record()));
  change(parts);
  try {
    make_kernel(parts.record());
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(FurtherKernels, WorkOfAnLstm) {
  FurtherOperator random(5);
  const Graph graph = random.lstm(false);
  const auto section = Parts<mw_lstm_section>(record_of(graph)).section;
  const std::int64_t cells = std::int64_t{section.batch} * section.steps * section.units;
  const KernelWork work = make_kernel(record_of(graph))->work();
  EXPECT_EQ(work.outputs, cells * (4 * 2 + 2 + 1));  // gates; both parts of c; h
  EXPECT_EQ(work.lookups, cells * (4 + 1));          // gates; tanh(c)
}

TEST(FurtherKernels, WorkOfAReductionAndAResize) {
  const auto work = [](const Graph& graph) { return make_kernel(record_of(graph))->work(); };
  FurtherOperator random(5);
  const Graph mean = random.reduce(OperatorKind::kMean, false);
  EXPECT_EQ(work(mean).taps, mean.tensors.front().elements());
  EXPECT_EQ(work(mean).outputs, mean.tensors.back().elements());
  const Graph maximum = random.reduce(OperatorKind::kReduceMax, false);
  EXPECT_EQ(work(maximum).outputs, 0);
  const Graph nearest = random.resize(OperatorKind::kResizeNearest);
  const auto& out = nearest.tensors.back();
  EXPECT_EQ(work(nearest).moved, out.elements());
  EXPECT_EQ(work(nearest).reals, out.shape[1] + out.shape[2]);  // one place per row and column
  const Graph bilinear = random.resize(OperatorKind::kResizeBilinear);
  EXPECT_EQ(work(bilinear).blends, bilinear.tensors.back().elements());
}

TEST(FurtherKernels, WorkOfFloats) {
  const auto work = [](const Graph& graph) { return make_kernel(record_of(graph))->work(); };
  FurtherOperator random(5);
  const Graph quantize = random.quantize();
  EXPECT_EQ(work(quantize).reals, 2 * quantize.tensors.back().elements());
  const Graph log_softmax = random.log_softmax();
  const auto& shape = log_softmax.tensors.back().shape;
  const std::int64_t rows = std::int64_t{shape[0]} * shape[1];
  EXPECT_EQ(work(log_softmax).reals, rows * shape[2] * 5);
  EXPECT_EQ(work(log_softmax).real_functions, rows * (shape[2] + 1));
}

TEST(FurtherKernels, ATransposedConvolutionNamesBadArguments) {
  FurtherOperator random(3);
  const Graph graph = random.transpose_conv(false);
  const auto with = [&](auto change) { return refusal<mw_transpose_conv_section>(graph, change); };
  EXPECT_THAT(with([](auto& p) { p.section.stride_h = 0; }), HasSubstr("the stride is 0"));
  EXPECT_THAT(with([](auto& p) { p.section.pad_top = p.section.kernel_h; }),
              HasSubstr("the padding is"));
  EXPECT_THAT(with([](auto& p) { p.section.output_c += 1; }), HasSubstr("bytes, expected"));
  EXPECT_THAT(with([](auto& p) { p.section.input_zero_point = 128; }),
              HasSubstr("the input zero point is 128, allowed are -128 to 127"));
  EXPECT_THAT(with([](auto& p) { p.operands[3].use = MW_USE_READ; }),
              HasSubstr("the output has the use 1 instead of 2"));
}

TEST(FurtherKernels, AMatrixProductNamesBadArguments) {
  FurtherOperator random(3);
  const Graph graph = random.matmul(false);
  const auto with = [&](auto change) { return refusal<mw_matmul_section>(graph, change); };
  EXPECT_THAT(with([](auto& p) { p.section.depth = 0; }), HasSubstr("has an extent of 0"));
  EXPECT_THAT(with([](auto& p) { p.section.matrices_a[0] = 2, p.section.matrices_b[0] = 3; }),
              HasSubstr("dimension 0: 2 and 3 do not broadcast"));
  EXPECT_THAT(with([](auto& p) { p.section.transpose_b = 2; }), HasSubstr("transpose_b is 2"));
  EXPECT_THAT(with([](auto& p) { p.section.output.exponent = 31; }),
              HasSubstr("exponents of -31 to 30"));
}

TEST(FurtherKernels, AReductionNamesBadArguments) {
  FurtherOperator random(3);
  const Graph graph = random.reduce(OperatorKind::kMean, false);
  const auto with = [&](auto change) { return refusal<mw_reduce_section>(graph, change); };
  EXPECT_THAT(with([](auto& p) { p.section.reduced = 64; }),
              HasSubstr("the reduced dimensions are 0x40"));
  EXPECT_THAT(with([](auto& p) { p.section.clamp_low = 128; }),
              HasSubstr("the lower clamp is 128"));
}

TEST(FurtherKernels, AResizeNamesBadArguments) {
  FurtherOperator random(3);
  const Graph graph = random.resize(OperatorKind::kResizeBilinear);
  const auto with = [&](auto change) { return refusal<mw_resize_section>(graph, change); };
  EXPECT_THAT(with([](auto& p) { p.section.align_corners = p.section.half_pixel_centers = 1; }),
              HasSubstr("half_pixel_centers is 1, allowed are 0 to 0"));
  EXPECT_THAT(with([](auto& p) { p.section.input_h = 1 << 17; }), HasSubstr("a side is 131072"));
  // 3 pixels to 2048: 1.5 / 1024 rounds to 2 / 1024, so that the last position lies in pixel 3.
  EXPECT_THAT(with([](auto& p) {
                p.section = {1, 1, 3, 1, 2048, 1, 0, 0};
                p.operands[0].bytes = 3;
                p.operands[1].bytes = 2048;
                p.operands[0].bits = p.operands[1].bits = 8;
              }),
              HasSubstr("the last of 2048 positions lies beyond the input of 3"));
}

TEST(FurtherKernels, AFloatKernelNamesBadArguments) {
  FurtherOperator random(3);
  const Graph graph = random.quantize();
  const auto with = [&](auto change) { return refusal<mw_scale_section>(graph, change); };
  EXPECT_THAT(with([](auto& p) { p.section.scale = 0x7f800000; }), HasSubstr("the scale is inf"));
  EXPECT_THAT(with([](auto& p) { p.section.scale = 0; }), HasSubstr("the scale is 0"));
  EXPECT_THAT(with([](auto& p) { p.section.elements = 0; }),
              HasSubstr("the number of elements is 0"));
  EXPECT_THAT(with([](auto& p) { p.operands[0].is_float = 0; }),
              HasSubstr("the input has no float"));
}

TEST(FurtherKernels, ASequenceNamesBadArguments) {
  FurtherOperator random(3);
  const Graph svdf = random.svdf(false);
  const auto with_svdf = [&](auto change) { return refusal<mw_svdf_section>(svdf, change); };
  EXPECT_THAT(with_svdf([](auto& p) { p.section.rank = 0; }), HasSubstr("the rank is 0"));
  EXPECT_THAT(with_svdf([](auto& p) { p.section.rank = p.section.filters + 1; }),
              HasSubstr("have a rank of"));
  EXPECT_THAT(with_svdf([](auto& p) { p.operands[4].use = MW_USE_WRITE; }),
              HasSubstr("the state has the use 2 instead of 3"));
  const Graph lstm = random.lstm(false);
  const auto with_lstm = [&](auto change) { return refusal<mw_lstm_section>(lstm, change); };
  EXPECT_THAT(with_lstm([](auto& p) { p.section.forget.exponent = 1; }),
              HasSubstr("the factor of the forget gate is"));
  EXPECT_THAT(with_lstm([](auto& p) { p.section.table_factor = 1 << 16; }),
              HasSubstr("the table's factor is 65536"));
  EXPECT_THAT(with_lstm([](auto& p) { p.section.cell_clip = -1; }),
              HasSubstr("the cell clip is -1"));
  EXPECT_THAT(with_lstm([](auto& p) { p.section.units += 1; }), HasSubstr("bytes, expected"));
  EXPECT_THAT(with_lstm([](auto& p) { p.operands.pop_back(); }),
              HasSubstr("15 operands instead of 16"));
}

}  // namespace
}  // namespace milliwatt::mcu
