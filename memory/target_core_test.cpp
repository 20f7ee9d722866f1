// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.h"
#include "memory/external_memory.h"
#include "memory/interconnect.h"
#include "memory/register_core.h"
#include "memory/sram.h"

namespace milliwatt::memory {
namespace {

using base::Clock;

const Burst kRead64{0, 64, false, {}};

Clock bus_clock() { return {"bus", 100'000'000}; }

TEST(WordsTouched, CountsPartialWords) {
  EXPECT_EQ(words_touched(0, 8, 8), 1u);
  EXPECT_EQ(words_touched(0, 9, 8), 2u);
  EXPECT_EQ(words_touched(7, 1, 8), 1u);
  EXPECT_EQ(words_touched(7, 2, 8), 2u);
  EXPECT_EQ(words_touched(4, 16, 8), 3u);
}

TEST(SplitBursts, NeverCrossesABoundary) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pieces;
  split_bursts(0x3c, 0x90, 64, [&](std::uint64_t address, std::uint32_t bytes) {
    pieces.emplace_back(address, bytes);
  });
  const std::vector<std::pair<std::uint64_t, std::uint32_t>> expected{
      {0x3c, 4}, {0x40, 64}, {0x80, 64}, {0xc0, 12}};
  EXPECT_EQ(pieces, expected);
}

TEST(SramCore, OneAccessPerCycle) {
  // 64 bytes: 8 accesses of 8, 16 of 4. With a word of 16 bytes the 8-byte link still asks 8 times.
  for (const auto& [width, cycles] : {std::pair{8u, 8}, {4u, 16}, {16u, 8}}) {
    SramCore sram{"sram", {4096, width, 1}, bus_clock()};
    EXPECT_EQ(sram.serve(0, kRead64, 8), cycles * 10'000) << "width " << width;
  }
}

TEST(SramCore, LatencyIsPipelined) {
  // The first word arrives after 3 cycles, the seven others one by one: 3 + 7.
  SramCore sram{"sram", {4096, 8, 3}, bus_clock()};
  EXPECT_EQ(sram.serve(20'000, kRead64, 8), 20'000 + 100'000);
}

TEST(SramCore, WaitsForItsOwnEdge) {
  // 66.666667 MHz: edge n at ceil(n * 10^12 / 66,666,667) = 15,000 n ps for small n (14,999.99992).
  SramCore sram{"sram", {4096, 8, 1}, {"memory", 66'666'667}};
  const Burst word{0, 8, false, {}};
  EXPECT_EQ(sram.serve(0, word, 8), 15'000);
  EXPECT_EQ(sram.serve(15'000, word, 8), 30'000);
  EXPECT_EQ(sram.serve(15'001, word, 8), 45'000);  // arrives 1 ps after an edge, starts at 30,000
  EXPECT_EQ(sram.serve(20'000, word, 8), 45'000);
}

TEST(SramCore, CountsWholeWords) {
  SramCore sram{"sram", {4096, 8, 1}, bus_clock()};
  sram.serve(0, {4, 16, false, {2, base::TensorClass::kIfmap}}, 4);  // words 0, 8 and 16
  sram.serve(0, {7, 1, true, {2, base::TensorClass::kIfmap}}, 4);
  EXPECT_EQ(sram.counters().value(sram_class().index("read"), 2), 3);
  EXPECT_EQ(sram.counters().value(sram_class().index("write"), 2), 1);
  EXPECT_EQ(sram.counters().total(0), 3);
}

TEST(SramCore, RefusesImpossibleSizes) {
  EXPECT_THROW(SramCore("sram", {0, 8, 1}, bus_clock()), base::UserError);
  EXPECT_THROW(SramCore("sram", {4096, 0, 1}, bus_clock()), base::UserError);
  EXPECT_THROW(SramCore("sram", {4100, 8, 1}, bus_clock()), base::UserError);
  EXPECT_THROW(SramCore("sram", {4096, 8, 0}, bus_clock()), base::UserError);
}

TEST(ExternalMemoryCore, EveryBlockPaysTheLatency) {
  ExternalMemoryCore device{"device", {4096, 4, 10, 32}, bus_clock()};
  // Two blocks of 32 bytes: 2 * (10 + 8).
  EXPECT_EQ(device.serve(0, kRead64, 8), 36 * 10'000);
  // One byte over the block's end: (10 + 1) for 1 byte and (10 + 1) for the other.
  EXPECT_EQ(device.serve(0, {31, 2, false, {}}, 8), 22 * 10'000);
  EXPECT_EQ(device.serve(0, {30, 2, false, {}}, 8), 11 * 10'000);
  // 5 bytes at 4 bytes per cycle take two cycles.
  EXPECT_EQ(device.serve(0, {0, 5, true, {}}, 8), 12 * 10'000);
}

TEST(ExternalMemoryCore, CountsBytesAndItsOwnBursts) {
  ExternalMemoryCore device{"device", {4096, 4, 10, 32}, bus_clock()};
  device.serve(0, {31, 2, false, {4, base::TensorClass::kIfmap}}, 8);
  device.serve(0, {0, 64, true, {}}, 8);
  const base::Counters& counters = device.counters();
  const auto count = [&](const char* action, int layer) {
    return counters.value(counters.component_class().index(action), layer);
  };
  EXPECT_EQ(count("read_byte", 4), 2);
  EXPECT_EQ(count("burst", 4), 2);  // bytes 31 and 32 lie in different blocks
  EXPECT_EQ(count("write_byte", 4), 0);
  EXPECT_EQ(count("write_byte", base::kNoLayer), 64);
  EXPECT_EQ(count("burst", base::kNoLayer), 2);
}

TEST(ExternalMemoryCore, RefusesImpossibleSizes) {
  EXPECT_THROW(ExternalMemoryCore("device", {0, 4, 10, 32}, bus_clock()), base::UserError);
  EXPECT_THROW(ExternalMemoryCore("device", {4096, 0, 10, 32}, bus_clock()), base::UserError);
  EXPECT_THROW(ExternalMemoryCore("device", {4096, 4, -1, 32}, bus_clock()), base::UserError);
  EXPECT_THROW(ExternalMemoryCore("device", {4096, 4, 10, 48}, bus_clock()), base::UserError);
}

TEST(RegisterCore, FixedLatency) {
  RegisterCore window{{256, 2}, bus_clock()};
  EXPECT_EQ(window.serve(0, {0, 4, true, {}}, 8), 20'000);
  EXPECT_EQ(window.serve(0, {0, 16, true, {}}, 8), 30'000);  // a second beat
  EXPECT_THROW(RegisterCore({256, 0}, bus_clock()), base::UserError);
  EXPECT_THROW(RegisterCore({0, 1}, bus_clock()), base::UserError);
}

TEST(ClockCrossing, SlowMemoryBehindAFastBus) {
  // Bus 100 MHz (edges at multiples of 10,000 ps), memory 66.666667 MHz (multiples of 15,000).
  // Offered in bus cycle 0, granted at 1 = 10,000 ps; the memory starts at 15,000, two accesses end
  // at 45,000; the next bus edge is 5 (50,000); done one cycle of latency later, at 60,000.
  SramCore sram{"sram", {4096, 8, 1}, {"memory", 66'666'667}};
  Interconnect bus{{8, 1, Arbitration::kRoundRobin}, bus_clock()};
  bus.add_target("sram", 0, sram);
  const InitiatorId dma = bus.add_initiator("dma", 0);
  EXPECT_EQ(bus.uncontended(dma, 0, {0, 16, false, {}}), 60'000);
  EXPECT_EQ(bus.busy_cycles(0), 4);  // 1 to 5
}

TEST(ClockCrossing, FastMemoryIsBoundByTheLink) {
  // Memory at 400 MHz: 8 accesses take 20,000 ps, but 8 beats take 8 bus cycles: 1 + 8 + 1.
  SramCore sram{"sram", {4096, 8, 1}, {"memory", 400'000'000}};
  Interconnect bus{{8, 1, Arbitration::kRoundRobin}, bus_clock()};
  bus.add_target("sram", 0, sram);
  const InitiatorId dma = bus.add_initiator("dma", 0);
  EXPECT_EQ(bus.uncontended(dma, 0, kRead64), 100'000);
}

template <typename Config>
void expect_defaults_of(const base::Schema<Config>& schema) {
  const std::string read = base::write_yaml(schema.dump(schema.read(base::YamlNode::map())));
  EXPECT_EQ(read, base::write_yaml(schema.dump(Config{}))) << schema.name();
  for (const base::ParameterRow& row : schema.describe()) EXPECT_FALSE(row.doc.empty()) << row.key;
}

TEST(Schemas, DefaultsAreThoseOfTheStructs) {
  expect_defaults_of(sram_schema());
  expect_defaults_of(external_memory_schema());
  expect_defaults_of(register_schema());
  expect_defaults_of(interconnect_schema());
}

}  // namespace
}  // namespace milliwatt::memory
