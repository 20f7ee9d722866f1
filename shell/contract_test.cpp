// SPDX-License-Identifier: Apache-2.0
// What the shell promises to every machine (docs/models/shell.md), shown on the contract machine
// and on the vector unit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <random>

#include "abi/registers.h"
#include "dataflows/vector_mapping.h"
#include "shell/testing/contract_case.h"
#include "shell/testing/contract_checks.h"

namespace milliwatt::shell::testing {
namespace {

using ::testing::IsEmpty;

/// Bursts of the last command only.
std::vector<BenchBurst> bursts_from(const PlainBench& bench, std::size_t first) {
  return {bench.bursts().begin() + static_cast<std::ptrdiff_t>(first), bench.bursts().end()};
}

class Contract : public ::testing::TestWithParam<std::tuple<Detail, bool, unsigned>> {
 protected:
  Detail detail() const { return std::get<0>(GetParam()); }
  bool coded() const { return std::get<1>(GetParam()); }
  unsigned seed() const { return std::get<2>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Machines, Contract,
                         ::testing::Combine(::testing::Values(Detail::kValues, Detail::kExact),
                                            ::testing::Bool(), ::testing::Values(1u, 2u, 3u)));

TEST_P(Contract, ValuesAreTrueAndResidentWeightsStay) {
  ContractBench b(detail());
  b.put_case(seed());
  b.run(pin());
  ASSERT_EQ(b.engine().status(), MW_STATUS_DONE) << b.engine().fault();
  b.put(kWeightsAt, Bytes(kResidentBytes));  // nobody loads them again
  const Bytes expected = expected_output(random_input(seed()), random_weights(seed()));
  for (int inference = 0; inference < 2; ++inference) {
    b.run(segment(coded()));
    ASSERT_EQ(b.engine().status(), MW_STATUS_DONE) << b.engine().fault();
    if (coded()) {
      b.run(expansion());
      ASSERT_EQ(b.engine().status(), MW_STATUS_DONE) << b.engine().fault();
    }
    EXPECT_EQ(b.get(coded() ? kExpandedAt : kOutputAt, expected.size()), expected);
    b.put(kOutputAt, Bytes(expected.size()));
    b.put(kExpandedAt, Bytes(expected.size()));
  }
}

TEST_P(Contract, StepsStartExactlyWhenTheyMay) {
  ContractBench b(detail());
  b.put_case(seed());
  for (const ContractDescriptor& d : {pin(), segment(coded())}) {
    b.run(d);
    EXPECT_THAT(contract_faults(b.schedule(d), b.engine()), IsEmpty());
  }
  if (coded()) {
    b.run(expansion());
    EXPECT_THAT(contract_faults(b.schedule(expansion()), b.engine()), IsEmpty());
  }
}

TEST_P(Contract, AccountsClose) {
  ContractBench b(detail());
  b.put_case(seed());
  b.run(pin());
  b.run(segment(coded()));
  EXPECT_NO_THROW(b.engine().finish(b.bench.now() + 1'000'000));
  const AccountBook& book = b.engine().accounts();
  EXPECT_GT(book.total(kSecondUnit).busy, 0);
  EXPECT_GT(book.total(kSecondUnit).idle, 0);
  EXPECT_GT(book.account(kSecondUnit, kLayer + 1).stalls[0], 0);
  // The unit that waits for pin()'s token: 16 items and a cycle more in which the other one works.
  EXPECT_GT(book.account(kSecondUnit, kLayer).stalls[2], kResidentBytes);
}

TEST_P(Contract, TrafficHasLayersAndClasses) {
  ContractBench b(detail());
  b.put_case(seed());
  b.run(pin());
  const std::size_t first = b.bench.bursts().size();
  b.run(segment(coded()));
  std::map<std::pair<int, base::TensorClass>, std::uint64_t> bytes;
  for (const BenchBurst& burst : bursts_from(b.bench, first)) {
    bytes[{burst.burst.tag.layer, burst.burst.tag.tensor_class}] += burst.burst.bytes;
    EXPECT_EQ(burst.burst.write, burst.channel == 1);
  }
  using base::TensorClass;
  // The descriptor's 56 bytes at 0x40 are one burst, offered before its head is known.
  EXPECT_EQ((bytes[{base::kNoLayer, TensorClass::kProgram}]), sizeof(ContractDescriptor));
  EXPECT_EQ((bytes[{kLayer, TensorClass::kIfmap}]), kTile * kTiles);
  EXPECT_EQ((bytes[{kLayer + 1, TensorClass::kParameters}]), sizeof kTable);
  const std::uint64_t stored = bytes[{kLayer + 1, TensorClass::kOfmap}];
  if (coded()) {
    EXPECT_EQ(stored, coded_bytes(expected_output(random_input(seed()), random_weights(seed()))));
  } else {
    EXPECT_EQ(stored, kTile * kTiles);
  }
  EXPECT_EQ(bytes.size(), 4u);
  const EngineCounters& counters = b.engine().counters();
  EXPECT_EQ(counters.dma.total(kDmaBurst), static_cast<int>(b.bench.bursts().size()));
  EXPECT_EQ(counters.control.total(kDescriptorByte), 2 * sizeof(ContractDescriptor));
  EXPECT_EQ(counters.output_stage.value(kRequantize, kLayer + 1), kTile * kTiles);
  EXPECT_EQ(counters.output_stage.total(kRequantize), kTile * kTiles);
}

/// Everything that a run leaves behind.
struct Outcome {
  Bytes memory;
  std::vector<std::array<std::int64_t, 5>> timeline;
  std::vector<base::Picoseconds> interrupts;
  std::vector<base::Counters> counters;
};
bool operator==(const Outcome& a, const Outcome& b) {
  return a.memory == b.memory && a.timeline == b.timeline && a.interrupts == b.interrupts &&
         a.counters == b.counters;
}

Outcome outcome(ContractBench& b) {
  Outcome o{b.bench.memory(), {}, b.bench.interrupts(), b.engine().counters().buffers};
  for (const Interval& i : b.engine().timeline()) {
    o.timeline.push_back({i.unit, i.layer, static_cast<int>(i.kind), i.start, i.end});
  }
  const EngineCounters& c = b.engine().counters();
  o.counters.insert(o.counters.end(), {c.machine[0], c.output_stage, c.dma, c.control});
  return o;
}

Outcome run_all(unsigned seed, Detail detail, base::Cycles advance_cycles, bool answer_first) {
  EngineConfig config;
  config.advance_cycles = advance_cycles;
  ContractBench b(detail, config);
  b.bench.answer_first(answer_first);
  b.put_case(seed);
  b.run(pin());
  b.run(segment(true));
  b.run(expansion());
  return outcome(b);
}

TEST(ContractAdvance, ExactEqualsValuesInChunksAndAtOnce) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const Outcome truth = run_all(seed, Detail::kValues, Machine::kUnlimited, true);
    for (const Detail detail : {Detail::kValues, Detail::kExact}) {
      for (const base::Cycles chunk : {base::Cycles{1}, base::Cycles{7}, Machine::kUnlimited}) {
        EXPECT_TRUE(run_all(seed, detail, chunk, true) == truth) << "chunks of " << chunk;
        EXPECT_TRUE(run_all(seed, detail, chunk, false) == truth) << "chunks of " << chunk;
      }
    }
  }
}

TEST(ContractAdvance, TheProofCanFail) {
  EXPECT_FALSE(run_all(1, Detail::kValues, Machine::kUnlimited, true) ==
               run_all(2, Detail::kValues, Machine::kUnlimited, true));
}

/// A random system: clocks, latencies, bursts, sequencer, tiles and data.
struct RandomCase {
  explicit RandomCase(unsigned seed) : dice(seed) {
    config.burst_bytes = 1u << (2 + dice() % 6);
    config.decode_cycles = dice() % 20;
    config.issue_cycles = dice() % 3;
    config.advance_cycles = dice() % 2 == 0 ? Machine::kUnlimited : 1 + dice() % 9;
    config.bus_bytes = 1u << (dice() % 4);
    hertz = 1'000'000 + dice() % 500'000'000;
    timing = {static_cast<base::Picoseconds>(dice() % 200'000),
              static_cast<base::Picoseconds>(dice() % 900)};
    coded = dice() % 2 == 0;
    density = 1 + dice() % 4;
  }
  Bytes input(std::size_t bytes) {
    Bytes data(bytes);
    for (std::uint8_t& byte : data) {
      byte = static_cast<std::uint8_t>(dice() % 4 < density ? dice() : 0);
    }
    return data;
  }

  std::mt19937 dice;
  EngineConfig config;
  std::int64_t hertz = 0;
  BenchTiming timing;
  bool coded = false;
  unsigned density = 0;
};

/// Pins, runs a segment and, when it is coded, its expansion; checks every promise on the way.
Outcome run_random(unsigned seed, Detail detail) {
  RandomCase c(seed);
  ContractBench b(detail, c.config, c.hertz, c.timing);
  const Bytes weights = random_weights(seed);
  const Bytes input = c.input(kTile * kTiles);
  b.put_case(seed);
  b.put(kInputAt, input);
  std::vector<ContractDescriptor> commands{pin(), segment(c.coded)};
  if (c.coded) {
    commands.push_back(expansion());
  }
  for (const ContractDescriptor& d : commands) {
    b.run(d);
    EXPECT_EQ(b.engine().status(), MW_STATUS_DONE) << b.engine().fault();
    EXPECT_THAT(contract_faults(b.schedule(d), b.engine()), IsEmpty());
  }
  b.engine().finish(b.bench.now());
  const Bytes expected = expected_output(input, weights);
  EXPECT_EQ(b.get(c.coded ? kExpandedAt : kOutputAt, expected.size()), expected);
  return outcome(b);
}

TEST(ContractRandom, PromisesHoldAndExactEqualsValuesInAThousandSystems) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const Outcome values = run_random(seed, Detail::kValues);
    ASSERT_TRUE(values == run_random(seed, Detail::kExact)) << "seed " << seed;
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(ContractChecks, FindAStepThatStartsTooEarlyOrTooLate) {
  ContractBench b;
  b.put_case(1);
  b.run(segment(false));
  dataflows::Schedule schedule = b.schedule(segment(false));
  EXPECT_THAT(contract_faults(schedule, b.engine()), IsEmpty());
  // Had the first unit to wait for the table too, it would have started too early; had it no
  // operand to wait for, too late.
  dataflows::Schedule stricter = schedule;
  stricter.steps[2].reads.push_back(stricter.steps[1].writes[0]);
  EXPECT_THAT(contract_faults(stricter, b.engine()), ::testing::Not(IsEmpty()));
  dataflows::Schedule laxer = schedule;
  laxer.steps[2].reads = {};
  EXPECT_THAT(contract_faults(laxer, b.engine()), ::testing::Not(IsEmpty()));
  schedule.steps[0].op = 1;
  EXPECT_THAT(contract_faults(schedule, b.engine()), ::testing::Not(IsEmpty()));
}

TEST(ContractTime, DependsOnData) {
  const auto busy = [](const Bytes& input) {
    ContractBench b;
    b.put_case(1);
    b.put(kInputAt, input);
    b.run(pin());
    b.run(segment(false));
    return b.engine().accounts().account(kFirstUnit, kLayer).busy;
  };
  const std::int64_t pinning = 1 + kResidentBytes;
  // A cycle to begin each tile, and one per element that is not zero.
  EXPECT_EQ(busy(Bytes(kTile * kTiles, 0)), pinning + kTiles);
  EXPECT_EQ(busy(Bytes(kTile * kTiles, 1)), pinning + kTiles * (1 + kTile));
  Bytes one(kTile * kTiles, 0);
  one[70] = 9;
  EXPECT_EQ(busy(one), pinning + kTiles + 1);
}

TEST(ContractTime, OperatorsOverlap) {
  ContractBench b;
  b.put_case(1);
  b.put(kInputAt, Bytes(kTile * kTiles, 1));
  b.run(pin());
  b.run(segment(false));
  const std::vector<LayerSpan>& spans = b.engine().layers();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_LT(spans[2].begin, spans[1].end);
  EXPECT_LT(spans[1].end, spans[2].end);
}

TEST(ContractWindow, TheHostWritesTheResidentBuffer) {
  ContractBench b;
  b.put_case(4);
  const Bytes weights = random_weights(4);
  Bytes& window = b.engine().memory().buffer(*b.engine().config().window);
  std::copy(weights.begin(), weights.end(), window.begin());
  b.run(segment(false));
  const Bytes expected = expected_output(random_input(4), weights);
  EXPECT_EQ(b.get(kOutputAt, expected.size()), expected);
  EXPECT_TRUE(std::equal(weights.begin(), weights.end(), window.begin()));
}

TEST(ContractInterrupt, RisesWithTheLastStepAndFallsWhenAcknowledged) {
  ContractBench b;
  b.put_case(1);
  const ContractDescriptor d = pin();
  b.put(kDescriptorAt, &d, sizeof d);
  b.bench.start(kDescriptorAt, sizeof d, 0);
  EXPECT_EQ(b.engine().read_register(MW_REG_STATUS), MW_STATUS_BUSY);
  b.bench.run();
  ASSERT_EQ(b.bench.interrupts().size(), 1u);
  const CommandSpan& span = b.engine().commands().back();
  EXPECT_EQ(b.bench.interrupts()[0], b.engine().clock().edge(span.end));
  EXPECT_EQ(span.end, b.engine().timeline().back().end);
  EXPECT_TRUE(b.bench.line());
  EXPECT_EQ(b.engine().read_register(MW_REG_STATUS), MW_STATUS_DONE);
  EXPECT_EQ(b.engine().read_register(MW_REG_INTERRUPT), 1u);
  b.engine().write_register(MW_REG_INTERRUPT, 1, b.bench.now());
  EXPECT_FALSE(b.bench.line());
  EXPECT_EQ(b.engine().read_register(MW_REG_INTERRUPT), 0u);
}

TEST(ContractVector, EveryMachineAddsAndTheStepsObeyTheSameRules) {
  mw_vector_descriptor d{};
  d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_VECTOR, sizeof d, kLayer, 1};
  d.operation = MW_VECTOR_ADD;
  d.a_bits = d.b_bits = d.output_bits = 8;
  d.elements = kTile * kTiles;
  d.tile = kTile;
  d.clamp_low = -128;
  d.clamp_high = 127;
  d.add_left_shift = 20;
  // Both operands are halved, their sum is scaled by 2 * 2^-20: y = a + b.
  d.add_multiplier_a = d.add_multiplier_b = d.add_multiplier = 1 << 30;
  d.add_exponent = -18;
  d.a = {MW_REGION_SRAM, kInputAt};
  d.b = {MW_REGION_SRAM, kInputAt};
  d.output = {MW_REGION_SRAM, kOutputAt};
  ContractBench b;
  b.put_case(6);
  b.run(d);
  ASSERT_EQ(b.engine().status(), MW_STATUS_DONE) << b.engine().fault();
  Bytes expected = random_input(6);
  for (std::uint8_t& byte : expected) {
    const int y = 2 * static_cast<std::int8_t>(byte);
    byte = static_cast<std::uint8_t>(std::min(127, std::max(-128, y)));
  }
  EXPECT_EQ(b.get(kOutputAt, expected.size()), expected);
  const auto command =
      dataflows::expand_vector({d, kInputAt, kInputAt, kOutputAt}, b.machine.shape());
  EXPECT_THAT(contract_faults(command.schedule, b.engine()), IsEmpty());
  EXPECT_EQ(b.engine().counters().vector_unit.value(kAddElement, kLayer), d.elements);
}

}  // namespace
}  // namespace milliwatt::shell::testing
