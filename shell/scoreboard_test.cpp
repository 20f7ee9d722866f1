// SPDX-License-Identifier: Apache-2.0
#include "shell/scoreboard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace milliwatt::shell {
namespace {

using dataflows::Schedule;
using dataflows::Slot;
using dataflows::SlotId;
using dataflows::Step;
using dataflows::UnitId;

constexpr int kUnits = 3;

Step step(UnitId unit, std::vector<SlotId> reads, std::vector<SlotId> writes) {
  Step s;
  s.unit = unit;
  for (const SlotId slot : reads) {
    s.reads.push_back(slot);
  }
  for (const SlotId slot : writes) {
    s.writes.push_back(slot);
  }
  return s;
}

Scoreboard board(const std::vector<Slot>& slots, const std::vector<Step>& steps,
                 base::Cycles start = 0) {
  Schedule schedule;
  schedule.slots = slots;
  schedule.steps = steps;
  Scoreboard scoreboard;
  scoreboard.build(schedule, kUnits, start);
  return scoreboard;
}

const std::vector<Slot> kOneSlot{{0, 0, 16}};

TEST(Scoreboard, ReadWaitsForTheWrite) {
  Scoreboard s = board(kOneSlot, {step(0, {}, {0}), step(1, {0}, {})});
  EXPECT_TRUE(s.ready(0));
  EXPECT_FALSE(s.ready(1));
  s.start(0);
  EXPECT_FALSE(s.ready(0));  // it runs
  EXPECT_FALSE(s.ready(1));
  s.finish(0, 9);
  EXPECT_TRUE(s.ready(1));
  EXPECT_EQ(s.binding(1).at, 9);
  EXPECT_EQ(s.binding(1).cause, StallCause::kOperand);
}

TEST(Scoreboard, WriteWaitsForEveryReader) {
  Scoreboard s = board(kOneSlot, {step(0, {0}, {}), step(1, {0}, {}), step(2, {}, {0})});
  s.start(0);
  s.start(1);
  s.finish(0, 5);
  EXPECT_FALSE(s.ready(2));
  s.finish(1, 8);
  EXPECT_TRUE(s.ready(2));
  EXPECT_EQ(s.binding(2).at, 8);
  EXPECT_EQ(s.binding(2).cause, StallCause::kOutput);
}

TEST(Scoreboard, WriteWaitsForTheLastWrite) {
  Scoreboard s = board(kOneSlot, {step(0, {}, {0}), step(1, {}, {0})});
  EXPECT_FALSE(s.ready(1));
  s.start(0);
  s.finish(0, 3);
  EXPECT_TRUE(s.ready(1));
  EXPECT_EQ(s.binding(1).cause, StallCause::kOutput);
}

TEST(Scoreboard, ReadersOfOneSlotDoNotWaitForEachOther) {
  Scoreboard s = board(kOneSlot, {step(0, {0}, {}), step(1, {0}, {})});
  EXPECT_TRUE(s.ready(0));
  EXPECT_TRUE(s.ready(1));
}

TEST(Scoreboard, AnEarlierReadDoesNotWaitForALaterWrite) {
  Scoreboard s = board(kOneSlot, {step(1, {0}, {}), step(0, {}, {0})});
  EXPECT_TRUE(s.ready(1));
  EXPECT_FALSE(s.ready(0));
}

TEST(Scoreboard, SlotsThatTouchAreDisjointAndThoseThatShareAByteAreNot) {
  const std::vector<Slot> touching{{0, 0, 16}, {0, 16, 16}};
  EXPECT_TRUE(board(touching, {step(0, {}, {0}), step(1, {1}, {})}).ready(1));
  const std::vector<Slot> sharing{{0, 0, 17}, {0, 16, 16}};
  EXPECT_FALSE(board(sharing, {step(0, {}, {0}), step(1, {1}, {})}).ready(1));
  const std::vector<Slot> coinciding{{0, 8, 8}, {0, 8, 8}};
  EXPECT_FALSE(board(coinciding, {step(0, {}, {0}), step(1, {1}, {})}).ready(1));
  const std::vector<Slot> other_buffer{{0, 0, 16}, {1, 0, 16}};
  EXPECT_TRUE(board(other_buffer, {step(0, {}, {0}), step(1, {1}, {})}).ready(1));
}

TEST(Scoreboard, OverlapIsNotPassedOn) {
  // a and c are disjoint though both overlap b.
  const std::vector<Slot> slots{{0, 0, 10}, {0, 5, 10}, {0, 12, 8}};
  EXPECT_TRUE(board(slots, {step(0, {}, {0}), step(1, {2}, {})}).ready(1));
  EXPECT_FALSE(board(slots, {step(0, {}, {1}), step(1, {2}, {})}).ready(1));
}

TEST(Scoreboard, TokensOrderAndAreToldApartByTheirNumber) {
  const std::vector<Slot> tokens{{0, 0, 0}, {0, 0, 0}};
  Scoreboard s = board(tokens, {step(0, {}, {0}), step(1, {0}, {}), step(2, {1}, {})});
  EXPECT_FALSE(s.ready(1));
  EXPECT_TRUE(s.ready(2));
  s.start(0);
  s.finish(0, 4);
  EXPECT_EQ(s.binding(1).cause, StallCause::kOrder);
}

TEST(Scoreboard, ATokenDoesNotLieInTheSlotAroundIt) {
  const std::vector<Slot> slots{{0, 0, 16}, {0, 4, 0}};
  EXPECT_TRUE(board(slots, {step(0, {}, {0}), step(1, {1}, {})}).ready(1));
}

TEST(Scoreboard, TheLatestDependenceBindsAndNothingStartsBeforeTheCommand) {
  const std::vector<Slot> slots{{0, 0, 4}, {0, 4, 4}};
  Scoreboard s = board(slots, {step(0, {}, {0}), step(1, {1}, {}), step(2, {0}, {1})}, 100);
  EXPECT_EQ(s.binding(0).at, 100);
  EXPECT_EQ(s.binding(0).cause, StallCause::kOrder);
  s.start(0);
  s.start(1);
  s.finish(0, 120);
  s.finish(1, 130);
  EXPECT_EQ(s.binding(2).at, 130);
  EXPECT_EQ(s.binding(2).cause, StallCause::kOutput);
}

TEST(Scoreboard, AUnitDoesItsStepsInOrder) {
  const std::vector<Slot> slots{{0, 0, 4}, {0, 4, 4}};
  Scoreboard s = board(slots, {step(0, {}, {0}), step(1, {0}, {}), step(1, {}, {1})});
  EXPECT_FALSE(s.ready(1));  // its second step could go, but the first is the head
  s.start(0);
  s.finish(0, 2);
  s.start(1);
  s.finish(1, 7);
  EXPECT_TRUE(s.ready(1));
  EXPECT_EQ(s.head(1), 2u);
  EXPECT_EQ(s.binding(1).at, 7);
  EXPECT_FALSE(s.finished());
  s.start(1);
  s.finish(1, 8);
  EXPECT_TRUE(s.finished());
}

TEST(Scoreboard, BuildForgetsTheScheduleBefore) {
  Scoreboard s = board(kOneSlot, {step(0, {}, {0}), step(1, {0}, {})});
  Schedule schedule;
  schedule.slots = kOneSlot;
  schedule.steps = {step(1, {0}, {})};
  s.build(schedule, kUnits, 5);
  EXPECT_TRUE(s.ready(1));
  EXPECT_TRUE(s.drained(0));
}

// ---- random schedules against all pairs of steps ----

std::vector<Slot> random_slots(std::mt19937& dice) {
  std::vector<Slot> slots;
  for (int i = 0; i < 6; ++i) {
    const auto words = [&] { return static_cast<std::uint32_t>(4 * (dice() % 4)); };
    const auto buffer = static_cast<dataflows::BufferId>(dice() % 2);
    const std::uint32_t offset = words();
    slots.push_back({buffer, offset, words()});
  }
  return slots;
}

bool overlap(const Slot& a, const Slot& b, bool same) {
  if (a.bytes == 0 || b.bytes == 0) {
    return same;
  }
  return a.buffer == b.buffer && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

template <typename A, typename B>
bool meet(const Schedule& schedule, const A& a, const B& b) {
  return std::any_of(a.begin(), a.end(), [&](SlotId x) {
    return std::any_of(b.begin(), b.end(), [&](SlotId y) {
      return overlap(schedule.slots[x], schedule.slots[y], x == y);
    });
  });
}

std::vector<base::Cycles> ends_by_pairs(const Schedule& schedule,
                                        const std::vector<base::Cycles>& cycles) {
  std::vector<base::Cycles> ends;
  for (std::size_t i = 0; i < schedule.steps.size(); ++i) {
    const Step& late = schedule.steps[i];
    base::Cycles start = 0;
    for (std::size_t j = 0; j < i; ++j) {
      const Step& early = schedule.steps[j];
      if (late.unit == early.unit || meet(schedule, late.reads, early.writes) ||
          meet(schedule, late.writes, early.writes) || meet(schedule, late.writes, early.reads)) {
        start = std::max(start, ends[j]);
      }
    }
    ends.push_back(start + cycles[i]);
  }
  return ends;
}

/// Runs the schedule by asking the scoreboard; duration of step i is cycles[i].
std::vector<base::Cycles> ends_by_scoreboard(const Schedule& schedule,
                                             const std::vector<base::Cycles>& cycles) {
  Scoreboard s;
  s.build(schedule, kUnits, 0);
  std::vector<base::Cycles> ends(cycles.size());
  std::vector<base::Cycles> running(kUnits, -1);
  for (base::Cycles now = 0; !s.finished(); ++now) {
    for (bool again = true; std::exchange(again, false);) {
      for (UnitId unit = 0; unit < kUnits; ++unit) {
        if (s.ready(unit)) {
          EXPECT_EQ(s.binding(unit).at, now);
          running[unit] = now + cycles[s.head(unit)];
          s.start(unit);
        }
        if (s.running(unit) && running[unit] == now) {
          ends[s.head(unit)] = now;
          s.finish(unit, now);
          again = true;
        }
      }
    }
  }
  return ends;
}

TEST(Scoreboard, AgreesWithAllPairsOfStepsOnRandomSchedules) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 dice(seed);
    Schedule schedule;
    schedule.slots = random_slots(dice);
    std::vector<base::Cycles> cycles;
    for (int i = 0; i < 40; ++i) {
      const auto slot = [&] { return static_cast<SlotId>(dice() % schedule.slots.size()); };
      schedule.steps.push_back(
          step(static_cast<UnitId>(dice() % kUnits), {slot(), slot()}, {slot()}));
      cycles.push_back(dice() % 5);  // zero too
    }
    ASSERT_EQ(ends_by_scoreboard(schedule, cycles), ends_by_pairs(schedule, cycles)) << seed;
  }
}

}  // namespace
}  // namespace milliwatt::shell
