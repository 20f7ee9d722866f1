// SPDX-License-Identifier: Apache-2.0
// Bursts that the interconnect splits, and ports of other widths than its own.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>

#include "base/error.h"
#include "memory/interconnect.h"
#include "memory/sram.h"

namespace milliwatt::memory {
namespace {

using base::Cycles;
using base::Picoseconds;

enum Action { kBeat, kBurst };  // of the class bus

constexpr Picoseconds kPeriod = 10'000;  // of the 100 MHz bus: edge n lies at n * 10,000 ps

Burst read(std::uint64_t address, std::uint32_t bytes) { return {address, bytes, false, {}}; }

using Bytes = std::optional<std::uint32_t>;

/// Two initiators and an SRAM (8 bytes wide, one cycle, 4 KiB at 0) on an 8-byte bus of latency 1.
struct Bus {
  explicit Bus(Bytes limit = {}, Bytes boundary = {}, Bytes port_width = {},
               Bytes target_width = {})
      : plain{{8, 1, Arbitration::kRoundRobin, limit, boundary}, clock} {
    dma = plain.add_initiator("dma", 0, port_width);
    host = plain.add_initiator("host", 1);
    plain.add_target("sram", 0, sram, target_width);
  }

  /// Cycle in which a read offered in cycle 0 is done.
  Cycles alone(std::uint64_t address, std::uint32_t bytes) {
    return plain.uncontended(dma, 0, read(address, bytes)) / kPeriod;
  }
  std::int64_t beats() const { return plain.counters(0).total(kBeat); }
  std::int64_t pieces() const { return plain.counters(0).total(kBurst); }
  std::vector<Interconnect::Grant> decide(Cycles cycle) {
    std::vector<Interconnect::Grant> grants;
    plain.decide(cycle * kPeriod, grants);
    return grants;
  }

  base::Clock clock{"bus", 100'000'000};
  SramCore sram{"sram", {4096, 8, 1}, clock};
  Interconnect plain;
  InitiatorId dma = 0;
  InitiatorId host = 0;
};

// A piece of n beats that is offered in c is granted at c + 1, ends at c + 1 + n and is done at
// c + 2 + n: the SRAM's end, c + 1 + 1 + n - 1, is the same.

TEST(BurstLimit, EightBeatsFit) {
  Bus bus{8};
  EXPECT_EQ(bus.alone(0, 64), 10);
  EXPECT_EQ(bus.beats(), 8);
  EXPECT_EQ(bus.pieces(), 1);
}

TEST(BurstLimit, OneByteMoreIsASecondPiece) {
  Bus bus{8};
  EXPECT_EQ(bus.alone(0, 65), 13);  // eight beats until 10, one until 10 + 3
  EXPECT_EQ(bus.beats(), 9);
  EXPECT_EQ(bus.pieces(), 2);
  EXPECT_EQ(Bus{}.alone(0, 65), 11);  // nine beats in one
}

TEST(BurstLimit, CountsBeatsNotBytes) {
  EXPECT_EQ(Bus{8}.alone(4, 60), 10);  // the words 0 to 56
  Bus bus{8};
  EXPECT_EQ(bus.alone(4, 64), 13);  // 60 bytes, then 4 of the word 64
  EXPECT_EQ(bus.beats(), 9);
  EXPECT_EQ(bus.pieces(), 2);
}

TEST(BurstBoundary, UpToItFits) {
  Bus bus{{}, 128};
  EXPECT_EQ(bus.alone(0x40, 64), 10);
  EXPECT_EQ(bus.pieces(), 1);
}

TEST(BurstBoundary, CrossingByOneByteIsASecondPiece) {
  Bus bus{{}, 128};
  EXPECT_EQ(bus.alone(0x41, 64), 13);  // 63 bytes in eight beats, one byte
  EXPECT_EQ(bus.beats(), 9);
  EXPECT_EQ(bus.pieces(), 2);
  EXPECT_EQ(Bus{}.alone(0x41, 64), 11);
}

TEST(BurstBoundary, BothLimitsHold) {
  Bus bus{4, 128};
  // 16 bytes up to 0x80: 2 + 2; 32 bytes, the limit: 4 + 2; the 16 that are left: 2 + 2.
  EXPECT_EQ(bus.alone(0x70, 64), 4 + 6 + 4);
  EXPECT_EQ(bus.beats(), 8);
  EXPECT_EQ(bus.pieces(), 3);
  EXPECT_EQ(bus.plain.pieces(bus.dma, read(0x70, 64)), 3);
}

TEST(BurstPieces, OthersComeBetween) {
  Bus bus{4};
  bus.plain.offer(bus.dma, 0, read(0, 64));
  bus.plain.offer(bus.host, 0, read(0x100, 8));
  const auto first = bus.decide(1);  // four beats: the link is free at 5, the piece done at 6
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].initiator, bus.dma);
  EXPECT_EQ(first[0].done, 6 * kPeriod);
  EXPECT_EQ(first[0].bytes, 32u);
  EXPECT_FALSE(first[0].last);
  EXPECT_EQ(bus.plain.next_decision(), 5 * kPeriod);
  const auto second = bus.decide(5);  // one beat
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].initiator, bus.host);
  EXPECT_EQ(second[0].done, 7 * kPeriod);
  EXPECT_TRUE(second[0].last);
  EXPECT_EQ(bus.plain.next_decision(), 7 * kPeriod);  // the second piece is offered at 6
  const auto third = bus.decide(7);
  ASSERT_EQ(third.size(), 1u);
  EXPECT_EQ(third[0].initiator, bus.dma);
  EXPECT_EQ(third[0].done, 12 * kPeriod);
  EXPECT_EQ(third[0].offset, 32u);
  EXPECT_TRUE(third[0].last);
  EXPECT_EQ(bus.plain.wait_cycles(0), 4);  // the host's, from 1 to 5
  EXPECT_EQ(bus.plain.busy_cycles(0), 4 + 1 + 4);
  EXPECT_TRUE(bus.plain.idle());
}

TEST(BurstPieces, BytesAreOfferedOnceAndServedInPieces) {
  Bus bus{4};
  bus.plain.offer(bus.dma, 0, read(0, 64));
  EXPECT_EQ(bus.plain.offered_bytes().bytes(bus.dma, 0, false), 64u);
  bus.decide(1);
  EXPECT_EQ(bus.plain.served_bytes().bytes(bus.dma, 0, false), 32u);
  EXPECT_FALSE(bus.plain.idle());
  // No other burst before the last response, done at 6 + 6.
  EXPECT_THROW(bus.plain.offer(bus.dma, 6 * kPeriod, read(0, 8)), base::InternalError);
  bus.decide(7);
  EXPECT_EQ(bus.plain.served_bytes().bytes(bus.dma, 0, false), 64u);
  EXPECT_THROW(bus.plain.offer(bus.dma, 12 * kPeriod - 1, read(0, 8)), base::InternalError);
  EXPECT_NO_THROW(bus.plain.offer(bus.dma, 12 * kPeriod, read(0, 8)));
}

TEST(BurstPieces, ABurstThatLeavesItsTargetIsRefusedWhole) {
  Bus bus{4, 4096};
  SramCore next{"next", {4096, 8, 1}, bus.clock};
  bus.plain.add_target("next", 4096, next);
  EXPECT_EQ(bus.plain.route(read(0xfc0, 64)), 0);
  EXPECT_EQ(bus.plain.route(read(0xfc0, 65)), std::nullopt);  // though the cut lies at 0x1000
  EXPECT_THROW(bus.plain.offer(bus.dma, 0, read(0xfc0, 65)), base::SimulationError);
  EXPECT_THROW(bus.plain.uncontended(bus.dma, 0, read(0xfc0, 65)), base::SimulationError);
  EXPECT_EQ(bus.pieces(), 0);
}

/// Splitting is what an initiator would do that offers each piece at the response to the last.
TEST(BurstPieces, EqualAnInitiatorThatSplitsItself) {
  std::mt19937 random{7};
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int i = 0; i < 2'000; ++i) {
    const Bytes limit = 1 + below(8);
    const Bytes boundary = 8u << below(4);
    const Burst burst = read(below(512), 1 + below(200));
    Bus splits{limit, boundary};
    Bus whole;
    Picoseconds t = 0;
    for (std::uint64_t at = burst.address; at < burst.address + burst.bytes;) {
      const std::uint64_t end = std::min(
          {burst.address + burst.bytes, at / 8 * 8 + *limit * 8, (at / *boundary + 1) * *boundary});
      t = whole.plain.uncontended(whole.dma, t, read(at, static_cast<std::uint32_t>(end - at)));
      at = end;
    }
    ASSERT_EQ(splits.plain.uncontended(splits.dma, 0, burst), t) << "case " << i;
    ASSERT_EQ(splits.plain.counters(0), whole.plain.counters(0)) << "case " << i;
    ASSERT_EQ(splits.plain.busy_cycles(0), whole.plain.busy_cycles(0)) << "case " << i;
    ASSERT_EQ(splits.plain.pieces(splits.dma, burst), whole.pieces()) << "case " << i;
    ASSERT_TRUE(splits.plain.served_bytes() == whole.plain.served_bytes()) << "case " << i;
  }
}

TEST(PortWidth, ANarrowInitiatorTakesMoreCyclesAndNoMoreBeats) {
  Bus bus{{}, {}, 4};
  // 64 bytes are sixteen words of 4: granted at 1, end 17, done 18. On the link, eight words of 8.
  EXPECT_EQ(bus.alone(0, 64), 18);
  EXPECT_EQ(bus.beats(), 8);
  EXPECT_EQ(bus.plain.busy_cycles(0), 16);
  EXPECT_EQ(bus.sram.counters().total(0), 8);  // each word of the SRAM is read once
}

TEST(PortWidth, AWideInitiatorTakesTheCyclesOfTheBus) {
  Bus bus{{}, {}, 16};
  EXPECT_EQ(bus.alone(0, 64), 10);
  EXPECT_EQ(bus.beats(), 8);
}

TEST(PortWidth, OfTheTarget) {
  EXPECT_EQ((Bus{{}, {}, {}, 4}.alone(0, 64)), 18);
  EXPECT_EQ((Bus{{}, {}, {}, 8}.alone(0, 64)), 10);
  EXPECT_EQ((Bus{{}, {}, {}, 16}.alone(0, 64)), 10);
}

TEST(PortWidth, TheNarrowestOfThreeDecides) {
  EXPECT_EQ((Bus{{}, {}, 2, 4}.alone(0, 64)), 34);  // 32 words of 2
  EXPECT_EQ((Bus{{}, {}, 4, 2}.alone(0, 64)), 34);
}

TEST(PortWidth, OddLengths) {
  Bus bus{{}, {}, 4};
  // Bytes 3 to 7: two words of 4, one of 8.
  EXPECT_EQ(bus.alone(3, 5), 4);
  EXPECT_EQ(bus.beats(), 1);
  Bus longer{{}, {}, 4};
  // Bytes 3 to 8: three words of 4, two of 8.
  EXPECT_EQ(longer.alone(3, 6), 5);
  EXPECT_EQ(longer.beats(), 2);
}

TEST(PortWidth, OthersOnTheLinkWaitForANarrowOne) {
  Bus bus{{}, {}, 4};
  bus.plain.offer(bus.dma, 0, read(0, 64));
  bus.plain.offer(bus.host, 0, read(0, 64));
  EXPECT_EQ(bus.decide(1).at(0).done, 18 * kPeriod);   // as long as the converter unpacks
  EXPECT_EQ(bus.decide(17).at(0).done, 26 * kPeriod);  // eight beats: the host's port is wide
}

TEST(PortWidth, TheLimitCountsTheBeatsOfTheNarrowest) {
  Bus fits{8, {}, 4};
  EXPECT_EQ(fits.alone(0, 32), 10);
  EXPECT_EQ(fits.pieces(), 1);
  Bus bus{8, {}, 4};
  EXPECT_EQ(bus.alone(0, 33), 13);
  EXPECT_EQ(bus.pieces(), 2);
  EXPECT_EQ(bus.beats(), 5);
}

TEST(PortWidth, AWordThatTwoPiecesTouchIsABeatOfEach) {
  Bus bus{1, {}, 4};
  EXPECT_EQ(bus.alone(0, 8), 6);  // two pieces of one beat: 3 + 3
  EXPECT_EQ(bus.beats(), 2);
}

TEST(BusConfig, RefusesWhatIsNoWidthNoLimitAndNoBoundary) {
  EXPECT_THROW((Bus{0}), base::UserError);
  EXPECT_NO_THROW((Bus{1}));
  EXPECT_THROW((Bus{{}, 96}), base::UserError);
  EXPECT_THROW((Bus{{}, 4}), base::UserError);  // less than the width
  EXPECT_NO_THROW((Bus{{}, 8}));
  EXPECT_THROW((Bus{{}, {}, 3}), base::UserError);
  EXPECT_THROW((Bus{{}, {}, {}, 12}), base::UserError);
  Bus bus;
  SramCore other{"other", {4096, 8, 1}, bus.clock};
  EXPECT_THROW(bus.plain.add_target("other", 0x1008, other, 16), base::UserError);
  EXPECT_NO_THROW(bus.plain.add_target("other", 0x1010, other, 16));
}

}  // namespace
}  // namespace milliwatt::memory
