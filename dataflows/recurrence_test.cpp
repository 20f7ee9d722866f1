// SPDX-License-Identifier: Apache-2.0
#include "dataflows/recurrence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace milliwatt::dataflows {
namespace {

using ::testing::ElementsAre;
using Span = std::pair<base::Picoseconds, base::Picoseconds>;

constexpr UnitId kDma = 0;
constexpr UnitId kArray = 1;
constexpr std::size_t kUnits = 2;

/// A picosecond per cycle.
const base::Clock kTick{"tick", 1'000'000'000'000};

Step step(UnitId unit, SlotList<5> reads, SlotList<3> writes, std::int64_t cycles) {
  Step s;
  s.unit = unit;
  s.reads = reads;
  s.writes = writes;
  s.cycles_low = s.cycles_high = cycles;
  return s;
}

/// `count` slots of 8 bytes side by side.
Schedule with_slots(std::uint32_t count, std::vector<Step> steps) {
  Schedule schedule;
  for (std::uint32_t i = 0; i < count; ++i) {
    schedule.slots.push_back({0, 8 * i, 8});
  }
  schedule.steps = std::move(steps);
  return schedule;
}

std::vector<Span> spans(const Schedule& schedule, Overlap overlap = Overlap::kFull,
                        const base::Clock& clock = kTick, base::Picoseconds start = 0) {
  std::vector<Span> all;
  Recurrence recurrence{schedule, clock, kUnits, overlap};
  const base::Picoseconds finish = recurrence.run(
      start,
      [&](const Step& s, base::Picoseconds begin) { return clock.after(begin, s.cycles_low); },
      [&](const Step&, base::Picoseconds begin, base::Picoseconds end) {
        all.emplace_back(begin, end);
      });
  base::Picoseconds last = start;
  for (const Span& span : all) {
    last = std::max(last, span.second);
  }
  EXPECT_EQ(finish, last);
  return all;
}

/// Whether slots `a` and `b` of `slots` share a piece.
bool overlap(const std::vector<Slot>& slots, SlotId a, SlotId b) {
  SlotPieces pieces;
  pieces.cut(slots);
  return pieces.of(a).first < pieces.of(b).last && pieces.of(b).first < pieces.of(a).last;
}

TEST(SlotPieces, OneSharedByteOverlaps) {
  EXPECT_FALSE(overlap({{0, 0, 8}, {0, 8, 8}}, 0, 1));
  EXPECT_TRUE(overlap({{0, 0, 9}, {0, 8, 8}}, 0, 1));
  EXPECT_TRUE(overlap({{0, 8, 8}, {0, 0, 9}}, 0, 1));
  EXPECT_TRUE(overlap({{0, 0, 8}, {0, 0, 8}}, 0, 1));
}

TEST(SlotPieces, NeighboursOfASlotInTheMiddleDoNotOverlap) {
  const std::vector<Slot> chain = {{0, 0, 10}, {0, 5, 10}, {0, 12, 4}};
  EXPECT_TRUE(overlap(chain, 0, 1));
  EXPECT_TRUE(overlap(chain, 1, 2));
  EXPECT_FALSE(overlap(chain, 0, 2));
  const std::vector<Slot> inside = {{0, 0, 100}, {0, 5, 1}, {0, 50, 1}, {0, 100, 1}};
  EXPECT_TRUE(overlap(inside, 0, 1));
  EXPECT_TRUE(overlap(inside, 0, 2));
  EXPECT_FALSE(overlap(inside, 0, 3));
  EXPECT_FALSE(overlap(inside, 1, 2));
}

TEST(SlotPieces, SamePlaceInAnotherBufferIsAnotherSlot) {
  EXPECT_FALSE(overlap({{0, 0, 8}, {1, 0, 8}}, 0, 1));
}

TEST(SlotPieces, TokensOverlapNothing) {
  const std::vector<Slot> slots = {{0, 0, 8}, {0, 4, 0}, {0, 4, 0}, {0, 4, 8}};
  EXPECT_FALSE(overlap(slots, 0, 1));
  EXPECT_FALSE(overlap(slots, 1, 2));
  EXPECT_FALSE(overlap(slots, 1, 3));
  EXPECT_TRUE(overlap(slots, 0, 3));
  EXPECT_TRUE(overlap(slots, 1, 1));
}

TEST(Recurrence, AReaderWaitsForItsWriter) {
  // Load 0..10; the array needs the slot: 10..13; the next load is free of both: 10..20.
  const Schedule s =
      with_slots(2, {step(kDma, {}, {0}, 10), step(kArray, {0}, {}, 3), step(kDma, {}, {1}, 10)});
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 10}, Span{10, 13}, Span{10, 20}));
}

TEST(Recurrence, AWriterWaitsForReadersOfTheSameSlot) {
  // Load 0..10, read 10..40. Slot 0 is written again at 40, slot 1 at once.
  const auto times = [](SlotId second) {
    return spans(with_slots(
        2, {step(kDma, {}, {0}, 10), step(kArray, {0}, {}, 30), step(kDma, {}, {second}, 10)}))[2];
  };
  EXPECT_EQ(times(0), (Span{40, 50}));
  EXPECT_EQ(times(1), (Span{10, 20}));
}

TEST(Recurrence, AWriterWaitsForWritersOfTheSameSlot) {
  const auto times = [](SlotId second) {
    return spans(with_slots(2, {step(kDma, {}, {0}, 10), step(kArray, {}, {second}, 5)}))[1];
  };
  EXPECT_EQ(times(0), (Span{10, 15}));
  EXPECT_EQ(times(1), (Span{0, 5}));
}

TEST(Recurrence, ReadersDoNotWaitForEachOther) {
  const Schedule s = with_slots(1, {step(kDma, {0}, {}, 10), step(kArray, {0}, {}, 5)});
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 10}, Span{0, 5}));
}

TEST(Recurrence, TheLastOfSeveralReadersFreesASlot) {
  // The readers end at 10 and 5; the array writes after both.
  const Schedule s =
      with_slots(1, {step(kDma, {0}, {}, 10), step(kArray, {0}, {}, 5), step(kArray, {}, {0}, 1)});
  EXPECT_EQ(spans(s)[2], (Span{10, 11}));
}

TEST(Recurrence, AUnitRunsItsStepsInOrder) {
  // Nothing but the unit connects them: 0..4, 4..8.
  const Schedule s = with_slots(0, {step(kDma, {}, {}, 4), step(kDma, {}, {}, 4)});
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 4}, Span{4, 8}));
}

TEST(Recurrence, ATokenOrders) {
  Schedule s = with_slots(0, {step(kDma, {}, {0}, 4), step(kArray, {0}, {}, 4)});
  s.slots = {{0, 0, 0}};
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 4}, Span{4, 8}));
}

TEST(Recurrence, AWriterWaitsOnlyForWhatItOverlaps) {
  // Slot 1 overlaps both of its neighbours, which do not overlap each other: 0..10 and 0..3.
  Schedule s = with_slots(0, {step(kDma, {}, {0}, 10), step(kArray, {}, {2}, 3)});
  s.slots = {{0, 0, 10}, {0, 5, 10}, {0, 12, 4}};
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 10}, Span{0, 3}));
}

TEST(Recurrence, AReaderWaitsForTheWriterOfAnOverlappingSlot) {
  Schedule s = with_slots(0, {step(kDma, {}, {0}, 4), step(kArray, {1}, {}, 4)});
  s.slots = {{0, 0, 8}, {0, 7, 8}};
  EXPECT_EQ(spans(s)[1].first, 4);
  s.slots[1].offset = 8;
  EXPECT_EQ(spans(s)[1].first, 0);
}

TEST(Recurrence, DoubleBufferingHidesLoads) {
  // Three tiles of load 10, compute 8. Two slots: loads end at 10, 20, 30 and the last compute at
  // 30 + 8. One slot: load and compute take turns, 3 * (10 + 8).
  const auto finish = [](SlotId slots) {
    std::vector<Step> steps;
    for (SlotId i = 0; i < 3; ++i) {
      const auto slot = static_cast<SlotId>(i % slots);
      steps.push_back(step(kDma, {}, {slot}, 10));
      steps.push_back(step(kArray, {slot}, {}, 8));
    }
    return spans(with_slots(slots, steps)).back().second;
  };
  EXPECT_EQ(finish(2), 38);
  EXPECT_EQ(finish(1), 54);
}

TEST(Recurrence, SerialRunsOneStepAfterTheOther) {
  const Schedule s =
      with_slots(2, {step(kDma, {}, {0}, 10), step(kArray, {}, {1}, 3), step(kDma, {}, {0}, 10)});
  EXPECT_THAT(spans(s, Overlap::kSerial), ElementsAre(Span{0, 10}, Span{10, 13}, Span{13, 23}));
  EXPECT_THAT(spans(s), ElementsAre(Span{0, 10}, Span{0, 3}, Span{10, 20}));
}

TEST(Recurrence, StepsStartOnClockEdges) {
  // 300 MHz: edges at ceil(n * 10000 / 3) = 0, 3334, 6667, 10000 ps.
  const base::Clock clock{"engine", 300'000'000};
  const Schedule s = with_slots(1, {step(kDma, {}, {0}, 1), step(kArray, {0}, {}, 2)});
  EXPECT_THAT(spans(s, Overlap::kFull, clock), ElementsAre(Span{0, 3334}, Span{3334, 10000}));
  // On an edge it starts there; a picosecond later, on the next.
  EXPECT_EQ(spans(s, Overlap::kFull, clock, 3334)[0].first, 3334);
  EXPECT_EQ(spans(s, Overlap::kFull, clock, 3335)[0].first, 6667);
}

TEST(Recurrence, AnEndBetweenEdgesWaitsForTheNext) {
  const base::Clock clock{"engine", 100'000'000};  // an edge every 10000 ps
  const Schedule s = with_slots(1, {step(kDma, {}, {0}, 0), step(kArray, {0}, {}, 0)});
  const auto second_start = [&](base::Picoseconds first_end) {
    base::Picoseconds start = -1;
    Recurrence recurrence{s, clock, kUnits, Overlap::kFull};
    recurrence.run(
        0, [&](const Step&, base::Picoseconds begin) { return begin + first_end; },
        [&](const Step&, base::Picoseconds begin, base::Picoseconds) { start = begin; });
    return start;
  };
  EXPECT_EQ(second_start(10000), 10000);
  EXPECT_EQ(second_start(10001), 20000);
}

TEST(Recurrence, OfNothingEndsWhereItStarts) {
  const Schedule s;
  EXPECT_TRUE(spans(s, Overlap::kFull, kTick, 17).empty());
}

}  // namespace
}  // namespace milliwatt::dataflows
