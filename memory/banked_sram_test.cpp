// SPDX-License-Identifier: Apache-2.0
// Banks and ports of the SRAM: who waits for whom, and for how long.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/error.h"
#include "memory/bus_scenario_testing.h"
#include "memory/interconnect.h"
#include "memory/sram.h"

namespace milliwatt::memory {
namespace {

const base::Clock kClock{"bus", 100'000'000};
constexpr base::Picoseconds kPeriod = 10'000;

SramConfig banked(std::uint32_t width, std::uint32_t banks, std::uint32_t ports) {
  SramConfig config;
  config.size = 4096;
  config.width_bytes = width;
  config.banks = banks;
  config.ports = ports;
  return config;
}

Burst read(std::uint64_t address, std::uint32_t bytes) { return {address, bytes, false, {}}; }

/// Cycles from the grant at cycle `at` to the end.
base::Cycles cycles(SramCore& sram, base::Cycles at, const Burst& burst, std::uint32_t beat) {
  return sram.serve(at * kPeriod, burst, beat) / kPeriod - at;
}

TEST(BankedSram, AlignedGroupOfBanksIsOneCycle) {
  // Banks of 4 bytes under a link of 8: two words per cycle, 64 bytes in 8 cycles; one bank: 16.
  SramCore one{"sram", banked(4, 1, 1), kClock};
  SramCore two{"sram", banked(4, 2, 1), kClock};
  SramCore four{"sram", banked(4, 4, 1), kClock};
  EXPECT_EQ(cycles(one, 0, read(0, 64), 8), 16);
  EXPECT_EQ(cycles(two, 0, read(0, 64), 8), 8);
  EXPECT_EQ(cycles(four, 0, read(0, 64), 8), 8);  // the link takes no more
  EXPECT_EQ(cycles(two, 0, read(4, 8), 8), 2);    // words 1 and 2 lie in two groups
  EXPECT_EQ(cycles(two, 0, read(8, 8), 8), 1);
}

TEST(BankedSram, EveryWordCounts) {
  SramCore sram{"sram", banked(4, 4, 2), kClock};
  sram.serve(0, read(2, 8), 8);  // words 0, 1 and 2
  EXPECT_EQ(sram.counters().total(sram_class().index("read")), 3);
}

TEST(BankedSram, DifferentBanksServeSideBySide) {
  // Four banks of 8 bytes, granted together: one burst starts at bank 0, the other at bank 1 and
  // stays one ahead. Both take 8 cycles.
  SramCore sram{"sram", banked(8, 4, 2), kClock};
  EXPECT_EQ(cycles(sram, 0, read(0, 64), 8), 8);
  EXPECT_EQ(cycles(sram, 0, read(0x108, 64), 8), 8);
}

TEST(BankedSram, SameBankWaitsOnceAndFollows) {
  // Both start at bank 0: the second loses a cycle, then runs one bank behind: 9.
  SramCore sram{"sram", banked(8, 4, 2), kClock};
  EXPECT_EQ(cycles(sram, 0, read(0, 64), 8), 8);
  EXPECT_EQ(cycles(sram, 0, read(0x100, 64), 8), 9);
}

TEST(BankedSram, OneBankServesOneAfterTheOther) {
  // The first takes cycles 0 to 7, so that the last word of the second is there after 16.
  SramCore sram{"sram", banked(8, 1, 2), kClock};
  EXPECT_EQ(cycles(sram, 0, read(0, 64), 8), 8);
  EXPECT_EQ(cycles(sram, 0, read(0x100, 64), 8), 16);
}

TEST(BankedSram, GateBetweenConflictAndNone) {
  // The first burst takes bank 3 in cycle 3 only. A word of bank 3 granted in 3 waits, in 2 or 4
  // it does not.
  for (const auto& [at, expected] : {std::pair<base::Cycles, base::Cycles>{2, 1}, {3, 2}, {4, 1}}) {
    SramCore sram{"sram", banked(8, 4, 2), kClock};
    sram.serve(0, read(0, 32), 8);
    EXPECT_EQ(cycles(sram, at, read(0x18, 8), 8), expected) << "granted at " << at;
  }
}

TEST(BankedSram, WideWordIsReadOnceForAllItsBeats) {
  // Words of 16 bytes, link of 8: beats in cycles 0 to 3, the bank is taken in 0 and 2 only.
  for (const auto& [at, expected] :
       {std::pair<base::Cycles, base::Cycles>{0, 2}, {1, 1}, {2, 2}, {3, 1}}) {
    SramCore sram{"sram", banked(16, 1, 2), kClock};
    EXPECT_EQ(cycles(sram, 0, read(0, 32), 8), 4);
    EXPECT_EQ(cycles(sram, at, read(0x100, 8), 8), expected) << "granted at " << at;
  }
}

TEST(BankedSram, LatencyIsPipelinedOverBanks) {
  SramConfig config = banked(8, 4, 2);
  config.latency = 3;
  SramCore sram{"sram", config, kClock};
  EXPECT_EQ(cycles(sram, 0, read(0, 64), 8), 10);      // 3 + 7
  EXPECT_EQ(cycles(sram, 0, read(0x100, 64), 8), 11);  // and one lost at bank 0
}

TEST(BankedSram, BestAndWorstCaseKnowNobodyElse) {
  for (const Case assumed : {Case::kBest, Case::kWorst}) {
    SramCore sram{"sram", banked(8, 1, 2), kClock};
    sram.assume(assumed);
    sram.serve(0, read(0, 64), 8);
    EXPECT_EQ(cycles(sram, 0, read(0x100, 64), 8), 8);
  }
  EXPECT_TRUE(SramCore("sram", banked(8, 1, 2), kClock).has_history());
  EXPECT_FALSE(SramCore("sram", banked(8, 4, 1), kClock).has_history());
}

TEST(BankedSram, EqualsATableOfCyclesAndBanks) {
  Dice dice{1};
  for (int round = 0; round < 200; ++round) {
    const std::uint32_t width = 1u << dice.below(5);
    const std::uint32_t banks = 1u << dice.below(5);
    const std::uint32_t beat = 1u << dice.below(5);
    SramCore sram{"sram", banked(width, banks, 4), kClock};
    std::map<std::pair<base::Cycles, std::uint32_t>, bool> table;
    base::Cycles now = 0;
    for (int i = 0; i < 30; ++i) {
      now += dice.below(4);
      const Burst burst = read(dice.below(4000), 1 + dice.below(64));
      // Byte by byte: a byte goes with the one before when both are in one group of the link and
      // of the banks; a cycle does when every new word of the group finds its bank free.
      base::Cycles cycle = now - 1;
      const std::uint64_t group = std::min<std::uint64_t>(std::uint64_t{width} * banks, beat);
      std::uint64_t last_word = ~std::uint64_t{0};
      for (std::uint64_t byte = burst.address; byte < burst.address + burst.bytes;) {
        std::vector<std::uint64_t> words;
        const std::uint64_t of = byte / group;
        for (; byte < burst.address + burst.bytes && byte / group == of; ++byte) {
          if (byte / width != last_word) words.push_back(last_word = byte / width);
        }
        for (bool free = false; !free;) {
          ++cycle;
          free = true;
          for (const std::uint64_t word : words) free = free && !table[{cycle, word % banks}];
        }
        for (const std::uint64_t word : words) table[{cycle, word % banks}] = true;
      }
      ASSERT_EQ(sram.serve(now * kPeriod, burst, beat), (cycle + 1) * kPeriod) << "round " << round;
    }
  }
}

TEST(BankedSram, TwoInitiatorsOverTwoLinks) {
  // One port: 64 bytes each, one after the other: granted at 1 and 9, done at 10 and 18. Two
  // ports: both granted at 1; the second starts at the same bank and loses one cycle: 10 and 11.
  for (const auto& [ports, second] : {std::pair{1u, 18}, {2u, 11}}) {
    SramCore sram{"sram", banked(8, 4, ports), kClock};
    Interconnect bus{{8, 1, Arbitration::kRoundRobin}, kClock};
    bus.add_target("sram", 0, sram);
    const InitiatorId a = bus.add_initiator("a", 0);
    const InitiatorId b = bus.add_initiator("b", 1);
    bus.offer(b, 0, read(0x100, 64));
    bus.offer(a, 0, read(0, 64));
    std::vector<Interconnect::Grant> grants;
    while (const auto next = bus.next_decision()) bus.decide(*next, grants);
    ASSERT_EQ(grants.size(), 2u);
    EXPECT_EQ(grants[0].initiator, a);
    EXPECT_EQ(grants[0].done, 10 * kPeriod);
    EXPECT_EQ(grants[1].done, second * kPeriod);
    EXPECT_EQ(bus.wait_cycles(0), ports == 1 ? 8 : 0);
    EXPECT_EQ(bus.busy_cycles(0), ports == 1 ? 16 : 17);  // 8 and 9, summed over the links
  }
}

TEST(BankedSram, ThirdInitiatorWaitsForTheFirstFreePort) {
  SramCore sram{"sram", banked(8, 4, 2), kClock};
  Interconnect bus{{8, 1, Arbitration::kPriority}, kClock};
  bus.add_target("sram", 0, sram);
  for (int i = 0; i < 3; ++i) bus.add_initiator("dma" + std::to_string(i), i);
  bus.offer(0, 0, read(0, 64));
  bus.offer(1, 0, read(8, 16));  // two cycles, ends at 3
  bus.offer(2, 0, read(0x200, 8));
  std::vector<Interconnect::Grant> grants;
  bus.decide(kPeriod, grants);
  EXPECT_EQ(grants.size(), 2u);
  EXPECT_EQ(bus.next_decision(), 3 * kPeriod);
}

TEST(BankedSram, RefusesImpossibleShapes) {
  EXPECT_THROW(SramCore("sram", banked(8, 3, 1), kClock), base::UserError);
  EXPECT_THROW(SramCore("sram", banked(8, 0, 1), kClock), base::UserError);
  EXPECT_THROW(SramCore("sram", banked(8, 1, 0), kClock), base::UserError);
  SramConfig config = banked(8, 4, 1);
  config.size = 4096 + 32;  // 129 words for each of the four banks
  EXPECT_NO_THROW(SramCore("sram", config, kClock));
  config.size = 4096 + 16;
  EXPECT_THROW(SramCore("sram", config, kClock), base::UserError);
}

}  // namespace
}  // namespace milliwatt::memory
