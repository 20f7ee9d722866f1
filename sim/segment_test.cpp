// SPDX-License-Identifier: Apache-2.0
// A command that runs two layers side by side, in the whole system: the shell's contract machine on
// the bus, with weights pinned by the set-up and a host kernel behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "mcu/record_testing.h"
#include "shell/testing/contract_machine.h"
#include "sim/estimate.h"
#include "sim/result_builder.h"
#include "sim/simulation.h"
#include "sim/testing/program_writer.h"
#include "workloads/quantization.h"

namespace milliwatt::sim {
namespace {

using shell::testing::ContractDescriptor;
using shell::testing::kContractChannels;
using testing::ProgramWriter;
using workloads::Bytes;

constexpr std::int32_t kTile = 64;
constexpr std::int32_t kTiles = 5;
constexpr std::int32_t kElements = kTile * kTiles;

/// Places in SRAM.
constexpr std::uint32_t kInputAt = 0x100;
constexpr std::uint32_t kMiddleAt = 0x400;  // nobody writes it: the segment keeps it to itself
constexpr std::uint32_t kOutputAt = 0x600;
constexpr std::uint32_t kCopyAt = 0x900;

const std::array<dataflows::ChannelParameters, kContractChannels> kTable{
    {{0, 1 << 30, 0}, {0, 1717986918, -2}, {0, 1 << 30, -1}, {0, 2000000000, 1}}};

class ContractPlatform : public MachineConfig {
 public:
  std::uint16_t machine_id() const override { return MW_MACHINE_TEST; }
  dataflows::EngineShape shape() const override {
    return build("shape", shell::Detail::kValues)->shape();
  }
  std::unique_ptr<dataflows::EngineModel> model() const override { return nullptr; }
  std::unique_ptr<shell::Machine> build(const std::string& engine,
                                        shell::Detail detail) const override {
    return std::make_unique<shell::testing::ContractMachine>(engine, detail);
  }
  std::vector<energy::Component> components(const std::string&) const override { return {}; }
  base::YamlNode dump() const override { return base::YamlNode::map(); }
};

ContractDescriptor descriptor(std::int32_t operation, std::uint16_t operators) {
  ContractDescriptor d{};
  d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_TEST, sizeof d, 0, operators};
  d.operation = operation;
  d.tiles = kTiles;
  d.tile = kTile;
  return d;
}

std::vector<std::uint8_t> copy_of_the_output() {
  mcu::testing::Record<mw_copy_section> copy;
  copy.layer = 2;
  copy.operands = {mcu::testing::input({MW_REGION_SRAM, kOutputAt}, kElements),
                   mcu::testing::output({MW_REGION_SRAM, kCopyAt}, kElements)};
  copy.section.bytes = kElements;
  return copy.bytes();
}

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 dice{seed};
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(dice() % 3 == 0 ? 0 : dice());
  }
  return bytes;
}

/// Three layers in a row; one command runs the first two.
struct Case {
  explicit Case(unsigned seed, const std::string& clocks)
      : platform{parse_platform("clocks: " + clocks + "\naccelerator: {kind: systolic}\n", "test")},
        input{random_bytes(kElements, seed)},
        weights{random_bytes(shell::testing::kResidentBytes, seed + 1)} {
    platform.machine = std::make_shared<ContractPlatform>();
    for (const char* name : {"input", "middle", "output", "copy"}) {
      workloads::Tensor tensor;
      tensor.name = name;
      tensor.shape = {1, kElements};
      graph.tensors.push_back(tensor);
    }
    for (const workloads::TensorId id : {0, 1, 2}) {
      workloads::Operator op;
      op.inputs = {id};
      op.outputs = {id + 1};
      graph.operators.push_back(op);
      plan.operators.emplace_back();
      plan.operators.back().runner = id < 2 ? dataflows::Runner::kEngine : dataflows::Runner::kHost;
    }
    graph.inputs = {0};
    graph.outputs = {3};
    write_program();
  }

  void write_program() {
    ProgramWriter writer;
    ContractDescriptor pin = descriptor(shell::testing::kPin, 1);
    pin.input = writer.put(weights);
    ContractDescriptor segment = descriptor(shell::testing::kSegment, 2);
    segment.input = {MW_REGION_SRAM, kInputAt};
    segment.parameters = writer.put(kTable.data(), sizeof kTable);
    segment.output = {MW_REGION_SRAM, kOutputAt};
    const std::vector<std::uint8_t> copy = copy_of_the_output();
    ProgramWriter::run(writer.setup, writer, pin);
    writer.invoke.push_back(ProgramWriter::mark(0));
    ProgramWriter::run(writer.invoke, writer, segment);
    writer.invoke.push_back(ProgramWriter::mark(2));
    writer.invoke.push_back(
        {MW_CALL, 0, writer.put(copy), static_cast<std::uint32_t>(copy.size())});
    program = writer.finish();
    for (const std::uint32_t offset : {kInputAt, kMiddleAt, kOutputAt, kCopyAt}) {
      program.tensor_places.push_back({MW_REGION_SRAM, offset});
    }
    program.compulsory.resize(3);
  }

  Simulated run(shell::Detail detail) const {
    SimulationOptions options;
    options.detail = detail;
    return simulate(platform, graph, plan, program, {input}, options);
  }

  Platform platform;
  Bytes input;
  Bytes weights;
  workloads::Graph graph;
  dataflows::Plan plan;
  Program program;
};

/// The segment in plain loops.
Bytes expected_output(const Case& c) {
  Bytes output;
  for (std::size_t i = 0; i < kElements; ++i) {
    const int weight =
        static_cast<std::int8_t>(c.weights[i % kTile % shell::testing::kResidentBytes]);
    const auto middle = static_cast<std::int8_t>(static_cast<std::int8_t>(c.input[i]) * weight);
    const std::size_t channel = i % kContractChannels;
    const int sum = middle * static_cast<int>(channel + 1);
    const int y =
        workloads::requantize(sum, {kTable[channel].multiplier, kTable[channel].exponent}) - 3;
    output.push_back(static_cast<std::uint8_t>(std::min(127, std::max(-128, y))));
  }
  return output;
}

/// Every action costs 1 aJ.
energy::PriceList unit_prices(const base::ActionCounts& counts) {
  energy::Cost one;
  one.bounds = {1, 1, 1};
  energy::PriceList prices;
  for (const base::Counters& c : counts.components) {
    energy::PricedComponent component;
    component.name = c.instance();
    for (const base::Action& action : c.component_class().actions) {
      component.actions.push_back({action.name, one});
    }
    component.states.push_back({"on", one});
    prices.components.push_back(component);
  }
  return prices;
}

class Segment : public ::testing::TestWithParam<std::tuple<unsigned, const char*>> {
 protected:
  Segment() : case_{std::get<0>(GetParam()), std::get<1>(GetParam())} {}
  Case case_;
};

INSTANTIATE_TEST_SUITE_P(
    Systems, Segment,
    ::testing::Combine(::testing::Values(1U, 2U, 3U, 4U),
                       ::testing::Values("{system: 100 MHz}",
                                         "{system: 100 MHz, host: 64 MHz, bus: 133 MHz, "
                                         "external: 66600 kHz, accelerator: 120 MHz}")));

TEST_P(Segment, ComputesTrueValuesWithTheWeightsOfTheSetUp) {
  const Simulated values = case_.run(shell::Detail::kValues);
  EXPECT_EQ(values.tensors[3], expected_output(case_));
  const Simulated exact = case_.run(shell::Detail::kExact);
  EXPECT_EQ(exact.tensors[3], values.tensors[3]);
  EXPECT_EQ(exact.measurement.end, values.measurement.end);
  EXPECT_EQ(exact.measurement.layer_begins, values.measurement.layer_begins);
}

/// The spans of the inference; the first one is the set-up's.
std::vector<LayerSpan> spans_of(const Measurement& m) {
  return {m.spans.begin() + 1, m.spans.end()};
}

TEST_P(Segment, TheSecondLayerBeginsWhereTheFirstHasEnded) {
  const Measurement m = case_.run(shell::Detail::kValues).measurement;
  const std::vector<LayerSpan> spans = spans_of(m);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_LT(m.spans[0].end, m.begin);
  EXPECT_LT(spans[1].begin, spans[0].end) << "the two layers overlap";
  EXPECT_LT(spans[0].end, spans[1].end);
  ASSERT_EQ(m.marks.size(), 2U);
  EXPECT_EQ(m.layer_begins, (std::vector<base::Picoseconds>{m.begin, spans[0].end, m.marks[1].at}));
}

TEST_P(Segment, ResultsHaveWindowsThatSumAndSpansThatOverlap) {
  const Measurement m = case_.run(shell::Detail::kValues).measurement;
  const energy::PriceList prices = unit_prices(m.counts);
  const RunContext context{case_.platform, case_.graph, case_.plan, case_.program, prices};
  const RunResult result = build_result(context, Level::kValues, m, m);
  const std::vector<LayerSpan> spans = spans_of(m);
  const base::Clock clock = case_.platform.system_clock();
  const base::Cycles begin = clock.cycle_at_or_after(m.begin);
  std::int64_t cycles = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const LayerResult& layer = result.layers[i];
    EXPECT_EQ(layer.start_cycle, cycles);
    cycles += layer.cycles.low;
    EXPECT_EQ(layer.end_cycle, cycles);
    const bool engine = i < 2;
    EXPECT_EQ(layer.span_start_cycle,
              engine ? clock.cycle_at_or_after(spans[i].begin) - begin : layer.start_cycle);
    EXPECT_EQ(layer.span_end_cycle,
              engine ? clock.cycle_at_or_after(spans[i].end) - begin : layer.end_cycle);
  }
  EXPECT_EQ(cycles, result.cycles.low);
  EXPECT_LT(result.layers[1].span_start_cycle, result.layers[1].start_cycle);
}

TEST_P(Segment, TheEstimateContainsTheTruth) {
  const Measurement truth = case_.run(shell::Detail::kValues).measurement;
  const Estimate e = estimate(case_.platform, case_.plan, case_.program);
  EXPECT_FALSE(e.exact) << "time depends on data";
  EXPECT_LE(e.low.end - e.low.begin, truth.end - truth.begin);
  EXPECT_GE(e.high.end - e.high.begin, truth.end - truth.begin);
  for (const Measurement* m : {&e.low, &e.high}) {
    ASSERT_EQ(m->spans.size(), 3U);
    const std::vector<LayerSpan> spans = spans_of(*m);
    EXPECT_EQ(m->layer_begins,
              (std::vector<base::Picoseconds>{m->begin, spans[0].end, m->marks[1].at}));
  }
  // Steps side by side overlap the layers; one after the other they still take turns by tile.
  EXPECT_LT(spans_of(e.low)[1].begin, spans_of(e.low)[0].end);
  EXPECT_LT(spans_of(e.high)[1].begin, spans_of(e.high)[0].end);
}

}  // namespace
}  // namespace milliwatt::sim
