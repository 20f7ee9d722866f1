// SPDX-License-Identifier: Apache-2.0
// What an engine does with a START: the cycles of fetch and decoding, and every way it can fail.
#include "shell/engine_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "abi/registers.h"
#include "base/error.h"
#include "shell/testing/contract_machine.h"
#include "shell/testing/plain_bench.h"

namespace milliwatt::shell::testing {
namespace {

using ::testing::HasSubstr;

constexpr base::Picoseconds kPeriod = 10'000;  // 100 MHz

/// Every burst takes 25 ns: with an offer on an edge, three cycles until the engine sees it.
constexpr BenchTiming kThreeCycles{25'000, 0};

ContractDescriptor pin_descriptor() {
  ContractDescriptor d{};
  d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_TEST, sizeof d, 2, 1};
  d.operation = kPin;
  d.input = {MW_REGION_PROGRAM, 0x100};
  return d;
}

struct Bench {
  explicit Bench(const EngineConfig& config = {})
      : machine{"engine", Detail::kValues},
        bench{config, base::Clock("engine", 100'000'000), machine, kThreeCycles, 0x1000} {}

  void put(std::uint32_t address, const ContractDescriptor& d) {
    std::memcpy(bench.memory().data() + address, &d, sizeof d);
  }
  /// Runs a descriptor whose bytes `change` has spoilt.
  std::string fault(const std::function<void(ContractDescriptor&)>& change) {
    ContractDescriptor d = pin_descriptor();
    change(d);
    bench.run_descriptor(&d, sizeof d, 0x40);
    return status(bench.engine());
  }
  static std::string status(const EngineCore& engine) {
    return engine.status() == MW_STATUS_ERROR ? engine.fault() : "status is not error";
  }

  EngineCore& engine() { return bench.engine(); }

  ContractMachine machine;
  PlainBench bench;
};

TEST(EngineCore, CyclesOfACommandAddUp) {
  EngineConfig config;
  config.decode_cycles = 5;
  Bench b(config);
  b.put(0x60, pin_descriptor());
  b.bench.start(0x60, sizeof(ContractDescriptor), 30'001);  // seen at edge 4
  b.bench.run();
  // 56 bytes from 0x60 on: 32 up to 0x80, then 24. Offers at edges 4 and 7, the last byte at 10.
  ASSERT_EQ(b.bench.bursts().size(), 3u);
  EXPECT_EQ(b.bench.bursts()[0].offer, 4 * kPeriod);
  EXPECT_EQ(b.bench.bursts()[0].burst.bytes, 32u);
  EXPECT_EQ(b.bench.bursts()[1].offer, 7 * kPeriod);
  const CommandSpan& span = b.engine().commands().back();
  EXPECT_EQ(span.fetch, 4);
  EXPECT_EQ(span.begin, 15);  // 10 + 5 of decoding
  // Weights: 16 bytes at 0x100, offered at 15, there at 18. Programming takes 1 + 16 cycles.
  EXPECT_EQ(b.bench.bursts()[2].offer, 15 * kPeriod);
  const Timeline& timeline = b.engine().timeline();
  ASSERT_EQ(timeline.size(), 3u);
  EXPECT_EQ(timeline[0].end, 18);
  EXPECT_EQ(timeline[1].start, 18);
  EXPECT_EQ(timeline[1].end, 35);
  EXPECT_EQ(timeline[2].end, 38);  // configuring: 1 + 2
  EXPECT_EQ(b.bench.interrupts(), std::vector<base::Picoseconds>{38 * kPeriod});
  b.engine().finish(100 * kPeriod);
  // The loading unit: 15 idle, 3 busy, and idle again. The second: waits for the token, 20 cycles.
  EXPECT_EQ(b.engine().accounts().total(kLoadUnit).busy, 3);
  EXPECT_EQ(b.engine().accounts().total(kLoadUnit).idle, 97);
  EXPECT_EQ(b.engine().accounts().account(kFirstUnit, 2).stalls[0], 3);
  EXPECT_EQ(b.engine().accounts().account(kSecondUnit, 2).stalls[2], 20);
}

TEST(EngineCore, TheHeadGivesLaterBurstsTheirLayer) {
  Bench b;
  b.put(0x60, pin_descriptor());
  b.bench.start(0x60, sizeof(ContractDescriptor), 0);
  b.bench.run();
  EXPECT_EQ(b.bench.bursts()[0].burst.tag.layer, base::kNoLayer);
  EXPECT_EQ(b.bench.bursts()[1].burst.tag.layer, 2);
  EXPECT_EQ(b.bench.bursts()[1].burst.tag.tensor_class, base::TensorClass::kProgram);
  const base::Counters& control = b.engine().counters().control;
  EXPECT_EQ(control.value(kDescriptorByte, base::kNoLayer), 32);
  EXPECT_EQ(control.value(kDescriptorByte, 2), 24);
  EXPECT_EQ(control.value(kControlStep, 2), 3);
}

TEST(EngineCore, IssueCyclesComeBeforeEveryStep) {
  const auto end = [](base::Cycles issue) {
    EngineConfig config;
    config.issue_cycles = issue;
    Bench b(config);
    const ContractDescriptor d = pin_descriptor();
    b.bench.run_descriptor(&d, sizeof d, 0x40);
    b.engine().finish(b.bench.now());
    return b.engine().commands().back().end;
  };
  EXPECT_EQ(end(4), end(0) + 3 * 4);  // three steps, one after the other
}

TEST(EngineCore, TellsItsMachineAndItsRegions) {
  Bench b;
  EXPECT_EQ(b.engine().read_register(MW_REG_ID), MW_MACHINE_TEST);
  EXPECT_EQ(b.engine().read_register(MW_REG_STATUS), MW_STATUS_IDLE);
  for (std::uint32_t region = 0; region < MW_REGIONS; ++region) {
    b.engine().write_register(MW_REG_REGION_BASE + 4 * region, 0x100 * region + 1, 0);
  }
  for (std::uint32_t region = 0; region < MW_REGIONS; ++region) {
    EXPECT_EQ(b.engine().read_register(MW_REG_REGION_BASE + 4 * region), 0x100 * region + 1);
  }
  EXPECT_EQ(b.engine().read_register(MW_REG_REGION_BASE + 4 * MW_REGIONS), 0u);
}

TEST(EngineCore, PlacesAreRegionPlusOffset) {
  Bench b;
  ContractDescriptor d = pin_descriptor();
  d.input = {MW_REGION_EXTERNAL, 0x20};
  b.engine().write_register(MW_REG_REGION_BASE + 4 * MW_REGION_EXTERNAL, 0x300, 0);
  b.bench.run_descriptor(&d, sizeof d, 0x40);
  EXPECT_EQ(b.bench.bursts().back().burst.address, 0x320u);
}

TEST(EngineFaults, BadDescriptors) {
  using D = ContractDescriptor;
  EXPECT_EQ(Bench().fault([](D&) {}), "status is not error");
  EXPECT_THAT(Bench().fault([](D& d) { d.head.magic = 1; }), HasSubstr("not a descriptor"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.version = 7; }), HasSubstr("version 7"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.bytes = 64; }), HasSubstr("says 64 bytes"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.operators = 0; }), HasSubstr("0 operators"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.operators = 2; }), HasSubstr("covers 1 operators"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.machine = MW_MACHINE_SYSTOLIC; }),
              HasSubstr("for machine 0x1 on machine 0x7f00"));
  EXPECT_THAT(Bench().fault([](D& d) { d.head.machine = MW_MACHINE_VECTOR; }),
              HasSubstr("a vector descriptor of 56 bytes"));
  EXPECT_THAT(Bench().fault([](D& d) { d.operation = 99; }), HasSubstr("does not exist"));
  EXPECT_THAT(Bench().fault([](D& d) { d.input.region = MW_REGIONS; }), HasSubstr("region"));
}

TEST(EngineFaults, ADescriptorThatCannotBeFetched) {
  for (const std::uint32_t bytes : {0u, 15u, 5000u}) {
    Bench b;
    b.bench.start(0x40, bytes, 0);
    b.bench.run();
    EXPECT_THAT(Bench::status(b.engine()), HasSubstr("bytes in region 0"));
    EXPECT_EQ(b.bench.interrupts().size(), 1u);
  }
  Bench b;
  b.engine().write_register(MW_REG_DESCRIPTOR_REGION, MW_REGIONS, 0);
  b.engine().write_register(MW_REG_DESCRIPTOR_BYTES, 56, 0);
  b.engine().write_register(MW_REG_CONTROL, 1, 0);
  EXPECT_THAT(Bench::status(b.engine()), HasSubstr("region 4"));
}

TEST(EngineFaults, BusErrorsNameTheInitiator) {
  Bench b;
  b.bench.start(0xff0, 56, 0);  // the second half is beyond the memory
  b.bench.run();
  EXPECT_THAT(Bench::status(b.engine()), HasSubstr("bench.channel0: address error at 4096"));
  Bench c;
  EXPECT_THAT(c.fault([](ContractDescriptor& d) { d.input.offset = 0x1000; }),
              HasSubstr("bench.channel0: address error at 4096"));
  EXPECT_NO_THROW(c.engine().finish(c.bench.now() + 50 * kPeriod));  // accounts close all the same
}

TEST(EngineFaults, ACountBeyondItsSlotEndsTheCommand) {
  Bench b;
  b.bench.memory()[0x100] = 200;
  const std::string fault = b.fault([](ContractDescriptor& d) {
    d.operation = kExpand;
    d.tiles = 1;
    d.tile = 8;
  });
  EXPECT_THAT(fault, HasSubstr("a count of 200 bytes, 16 fit"));
  EXPECT_NO_THROW(b.engine().finish(b.bench.now()));
}

TEST(EngineFaults, AMachineThatFailsEndsTheCommand) {
  Bench b;
  b.bench.memory()[0x100] = 2;  // one pair: 9 times 1 in a tile of 8
  b.bench.memory()[0x104] = 9;
  b.bench.memory()[0x105] = 1;
  const std::string fault = b.fault([](ContractDescriptor& d) {
    d.operation = kExpand;
    d.tiles = 1;
    d.tile = 8;
  });
  EXPECT_THAT(fault, HasSubstr("expand to more than their tile"));
}

TEST(EngineFaults, TheNextCommandStartsAfresh) {
  Bench b;
  b.fault([](ContractDescriptor& d) { d.input.offset = 0x1000; });
  EXPECT_EQ(b.fault([](ContractDescriptor&) {}), "status is not error");
  EXPECT_EQ(b.engine().fault(), "");
  EXPECT_EQ(b.bench.interrupts().size(), 2u);
  EXPECT_NO_THROW(b.engine().finish(b.bench.now()));
}

TEST(EngineFaults, StartWhileACommandRuns) {
  Bench b;
  b.put(0x40, pin_descriptor());
  b.bench.start(0x40, sizeof(ContractDescriptor), 0);
  EXPECT_THROW(b.engine().write_register(MW_REG_CONTROL, 1, 0), base::SimulationError);
  EXPECT_THROW(b.engine().finish(0), base::InternalError);
}

TEST(EngineFaults, BurstsArePowersOfTwo) {
  EngineConfig config;
  config.burst_bytes = 48;
  EXPECT_THROW(Bench{config}, base::UserError);
}

TEST(EngineState, NamesQueuesAndBursts) {
  Bench b;
  EXPECT_THAT(b.engine().describe_state(), HasSubstr("engine: idle, status idle"));
  b.put(0x40, pin_descriptor());
  b.bench.start(0x40, sizeof(ContractDescriptor), 0);
  EXPECT_THAT(b.engine().describe_state(),
              HasSubstr("channel 0: read of 56 bytes at 0x40 is outstanding"));
  b.bench.run(19 * kPeriod);  // 3 + 16 cycles: decoded
  const std::string state = b.engine().describe_state();
  EXPECT_THAT(state, HasSubstr("channel 0: read of 16 bytes at 0x100 is outstanding"));
  EXPECT_THAT(state, HasSubstr("load: 0 of 1 steps ended, step 0 (layer 2, job 0) runs since"));
  EXPECT_THAT(state, HasSubstr("first: 0 of 1 steps ended, step 1 (layer 2, job 0) waits for step "
                               "0 of load (operand)"));
  EXPECT_THAT(state, HasSubstr("second: 0 of 1 steps ended, step 2 (layer 2, job 1) waits for step "
                               "0 of first (order)"));
}

// ---- a machine that breaks its promises ----

class Liar : public ContractMachine {
 public:
  Liar(base::Cycles extra, bool stuck)
      : ContractMachine("liar", Detail::kValues), extra_{extra}, stuck_{stuck} {}

  Progress advance(dataflows::UnitId unit, base::Cycles limit) override {
    Progress progress = ContractMachine::advance(unit, limit);
    progress.ran += extra_;
    progress.done = progress.done && !stuck_;
    return stuck_ ? Progress{} : progress;
  }

 private:
  base::Cycles extra_;
  bool stuck_;
};

void run_pin(Machine& machine, std::string& fault) {
  PlainBench bench({}, base::Clock("engine", 100'000'000), machine, kThreeCycles, 0x1000);
  const ContractDescriptor d = pin_descriptor();
  bench.run_descriptor(&d, sizeof d, 0x40);
  fault = bench.engine().fault();
}

TEST(EnginePromises, AStepTakesWhatItsMappingPredicts) {
  std::string fault;
  Liar honest(0, false);
  run_pin(honest, fault);
  EXPECT_EQ(fault, "");
  Liar slow(1, false);
  run_pin(slow, fault);
  EXPECT_THAT(fault, HasSubstr("step 1 of layer 2 ran 18 cycles, its mapping predicts 17 to 17"));
  Liar fast(-1, false);
  run_pin(fast, fault);
  EXPECT_THAT(fault, HasSubstr("ran 16 cycles"));
}

TEST(EnginePromises, AMachineGoesForward) {
  std::string fault;
  Liar stuck(0, true);
  EXPECT_THROW(run_pin(stuck, fault), base::InternalError);
}

}  // namespace
}  // namespace milliwatt::shell::testing
