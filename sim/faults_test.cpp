// SPDX-License-Identifier: Apache-2.0
// Each promise that a run checks by itself is broken once, and the run says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>

#include "abi/command_list.h"
#include "base/error.h"
#include "sim/collect.h"
#include "sim/conservation.h"
#include "sim/prepare.h"
#include "sim/program.h"
#include "sim/result_builder.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"
#include "workloads/seeded.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;

/// A system whose first operator is a convolution on the array.
struct System {
  explicit System(std::uint32_t seed)
      : random{testing::random_system(seed)},
        plan{plan_for(random.platform, random.graph)},
        program{program_for(random.platform, random.graph, plan)} {}

  bool suits() const {
    return random.graph.operators[0].kind == workloads::OperatorKind::kConv2d &&
           plan.operators[0].runner == dataflows::Runner::kEngine;
  }
  static System first() {
    for (std::uint32_t seed = 1;; ++seed) {
      System system{seed};
      if (system.suits()) {
        return system;
      }
    }
  }
  Simulated run(const SimulationOptions& options = {}) const {
    return simulate(random.platform, random.graph, plan, program, random.inputs, options);
  }
  workloads::TensorValues reference() const {
    return workloads::run_reference(random.graph, random.inputs);
  }

  testing::RandomSystem random;
  dataflows::Plan plan;
  Program program;
};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "no error";
}

/// Offset of the packed weights of the first operator in the image.
std::size_t weights_offset(const System& system) {
  const std::vector<std::uint8_t>& weights = system.plan.operators[0].task->constants()[0].bytes;
  const auto found = std::search(system.program.image.begin(), system.program.image.end(),
                                 weights.begin(), weights.end());
  return static_cast<std::size_t>(found - system.program.image.begin());
}

TEST(SelfCheck, SomeFlippedWeightBitChangesAnOutputAndIsCaught) {
  const System system = System::first();
  const std::size_t first = weights_offset(system);
  const std::size_t bytes = system.plan.operators[0].task->constants()[0].bytes.size();
  ASSERT_LE(first + bytes, system.program.image.size());
  const workloads::TensorValues whole = system.run().tensors;
  const workloads::TensorValues reference = system.reference();
  constexpr std::size_t kTried = 24;
  std::size_t caught = 0;
  for (std::size_t i = 0; i < std::min(bytes, kTried); ++i) {
    SimulationOptions options;
    options.tamper = [&](std::vector<std::uint8_t>& image) { image[first + i] ^= 0x80; };
    const Simulated broken = system.run(options);
    const std::string message =
        message_of([&] { check_tensors(system.random.graph, broken.tensors, reference); });
    EXPECT_EQ(broken.tensors != whole, message != "no error");
    caught += message.find("differs from the reference") != std::string::npos ? 1U : 0U;
  }
  EXPECT_GT(caught, 0U);
}

TEST(SelfCheck, ComparingNothingIsAFailure) {
  workloads::Graph empty;
  EXPECT_THAT(message_of([&] { check_tensors(empty, {}, {}); }), HasSubstr("compared nothing"));
}

/// Changes the first command with opcode `from` of the invoke section.
SimulationOptions replace_command(const Program& program, mw_opcode from, mw_opcode to) {
  SimulationOptions options;
  options.tamper = [&program, from, to](std::vector<std::uint8_t>& image) {
    mw_program_head head;
    std::memcpy(&head, program.image.data(), sizeof head);
    for (std::uint32_t i = 0; i < head.invoke_commands; ++i) {
      std::uint8_t* at = image.data() + head.invoke_offset + i * sizeof(mw_command);
      mw_command command;
      std::memcpy(&command, at, sizeof command);
      if (command.opcode == from) {
        command.opcode = static_cast<std::uint16_t>(to);
        std::memcpy(at, &command, sizeof command);
        return;
      }
    }
  };
  return options;
}

TEST(StuckSimulation, NamesWhatWaits) {
  const System system = System::first();
  const std::string message =
      message_of([&] { system.run(replace_command(system.program, MW_START, MW_FENCE)); });
  EXPECT_THAT(message, HasSubstr("the simulation is stuck"));
  EXPECT_THAT(message, HasSubstr("sleeps until the interrupt of engine 0"));
}

TEST(BadDescriptor, IsAFaultOfTheEngineByName) {
  const System system = System::first();
  SimulationOptions options;
  options.tamper = [&](std::vector<std::uint8_t>& image) {
    const std::uint32_t magic = MW_DESCRIPTOR_MAGIC;
    for (std::size_t i = 0; i + sizeof magic <= image.size(); i += 4) {
      if (std::memcmp(image.data() + i, &magic, sizeof magic) == 0) {
        image[i] ^= 1;
        return;
      }
    }
  };
  EXPECT_THAT(message_of([&] { system.run(options); }), HasSubstr("): not a descriptor"));
}

TEST(Accounting, LayersThatDoNotSumToTheTotalAreCaught) {
  RunResult result;
  result.layers.resize(2);
  for (LayerResult& layer : result.layers) {
    layer.cycles = {10, 10};
    layer.cycles_by_cause = {4, 0, 3, 0, 3};
  }
  result.cycles = {20, 20};
  EXPECT_NO_THROW(check_result(result));
  result.cycles = {21, 21};
  EXPECT_THAT(message_of([&] { check_result(result); }), HasSubstr("sum to 20 cycles of 21"));
}

TEST(Accounting, AnIntervalWithoutACycleIsCaught) {
  RunResult result;
  result.cycles = {0, 0};
  EXPECT_NO_THROW(check_result(result));
  result.cycles = {0, -1};
  EXPECT_THAT(message_of([&] { check_result(result); }), HasSubstr("0 to -1 cycles is empty"));
}

TEST(Accounting, CausesThatDoNotSumToALayerAreCaught) {
  RunResult result;
  result.layers.resize(1);
  result.layers[0].cycles = {10, 10};
  result.layers[0].cycles_by_cause = {4, 0, 3, 0, 2};
  result.cycles = {10, 10};
  EXPECT_THAT(message_of([&] { check_result(result); }), HasSubstr("causes sum to 9 cycles of 10"));
}

TEST(Accounting, LessThanCompulsoryTrafficIsCaught) {
  RunResult result;
  result.layers.resize(1);
  result.layers[0].traffic = {{"external", true, {}, {}}};
  result.layers[0].traffic[0].read[0] = 99;
  result.layers[0].compulsory_offchip_bytes = 99;
  EXPECT_NO_THROW(check_result(result));
  result.layers[0].compulsory_offchip_bytes = 100;
  EXPECT_THAT(message_of([&] { check_result(result); }), HasSubstr("100 are compulsory"));
}

TEST(Accounting, CyclesThatTheHostDoesNotAccountForAreCaught) {
  const base::Clock clock{"host", 100'000'000};
  Measurement m;
  m.begin = clock.edge(5);
  m.end = clock.edge(15);
  base::Counters host{"host", mcu::host_core_class()};
  host.add(0, 0, 7);
  host.add(1, 0, 3);
  m.counts.components = {host};
  EXPECT_NO_THROW(check_host_accounts(m, clock));
  m.end = clock.edge(16);
  EXPECT_THAT(message_of([&] { check_host_accounts(m, clock); }),
              HasSubstr("accounts for 10 cycles, active and idle, of 11"));
}

TEST(Accounting, BytesLostBetweenTheEndsOfALinkAreCaught) {
  const base::Clock clock{"bus", 100'000'000};
  memory::Interconnect bus{{}, clock};
  memory::SramCore sram{"sram", {}, clock};
  const int dma = bus.add_initiator("dma", 0);
  const int target = bus.add_target("sram", 0, sram);
  bus.uncontended(dma, 0, {0, 24, false, {}});
  EXPECT_NO_THROW(check_conservation(bus, {{{dma, 24, 0}}, {{target, 24, 0}}}));
  EXPECT_THAT(message_of([&] {
                check_conservation(bus, {{{dma, 24, 0}}, {{target, 16, 0}}});
              }),
              HasSubstr("sram counted 16 bytes read, the interconnect 24"));
  EXPECT_THAT(message_of([&] {
                check_conservation(bus, {{{dma, 24, 8}}, {{target, 24, 0}}});
              }),
              HasSubstr("dma counted 8 bytes written"));
}

TEST(Flash, HoldsTheProgramAndTheOtherMemoryWhatSpills) {
  std::mt19937 random{3};
  const workloads::Graph graph = testing::random_graph(random);
  const Platform platform = parse_platform(
      "memory: {sram: {size: 64 B}, external: {kind: qspi_psram}, flash: {}}\n", "flash");
  const dataflows::Plan plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, plan);
  EXPECT_EQ(program.region_bases[MW_REGION_PROGRAM], program.map.flash);
  EXPECT_EQ(program.region_bases[MW_REGION_EXTERNAL], program.map.external);
  const std::vector<workloads::Bytes> inputs = workloads::seeded_input(graph, 1);
  const Simulated done = simulate(platform, graph, plan, program, inputs, {});
  EXPECT_GT(check_tensors(graph, done.tensors, workloads::run_reference(graph, inputs)).bytes, 0);
  const auto count = [&](const std::string& memory, const char* action) {
    for (const base::Counters& c : done.measurement.counts.components) {
      if (c.instance() == memory) return c.total(c.component_class().index(action));
    }
    return std::int64_t{-1};
  };
  EXPECT_GT(count("flash", "read_byte"), 0);
  EXPECT_GT(count("external", "read_byte"), 0);
  EXPECT_GT(count("external", "write_byte"), 0);
  std::int64_t compulsory = 0;
  for (const Compulsory& c : program.compulsory) compulsory += c.total();
  EXPECT_GE(count("flash", "read_byte") + count("external", "read_byte") +
                count("external", "write_byte"),
            compulsory);
}

}  // namespace
}  // namespace milliwatt::sim
