// SPDX-License-Identifier: Apache-2.0
#include "dataflows/slots.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace milliwatt::dataflows {
namespace {

TEST(SlotRing, LaysItsSlotsOneAfterTheOther) {
  Schedule schedule;
  schedule.slots.resize(5);  // of another ring
  SlotRing ring{schedule, 2, 100, 24, 3};
  ASSERT_EQ(schedule.slots.size(), 8u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(schedule.slots[5 + i].buffer, 2);
    EXPECT_EQ(schedule.slots[5 + i].offset, 100 + 24 * i);
    EXPECT_EQ(schedule.slots[5 + i].bytes, 24u);
  }
  EXPECT_EQ(ring.claim(7).slot, 5);
}

TEST(SlotRing, KeepsWhatItHoldsAndReplacesTheOldest) {
  Schedule schedule;
  SlotRing ring{schedule, 0, 0, 8, 2};
  const auto expect = [&](std::int64_t key, SlotId slot, bool held) {
    const SlotRing::Claim claim = ring.claim(key);
    EXPECT_EQ(claim.slot, slot) << key;
    EXPECT_EQ(claim.held, held) << key;
  };
  expect(10, 0, false);
  expect(11, 1, false);
  expect(10, 0, true);
  expect(11, 1, true);
  expect(12, 0, false);  // 10 was filled first, however often it was used since
  expect(11, 1, true);
  expect(10, 1, false);
  expect(12, 0, true);
}

TEST(SlotRing, OfOneSlotHoldsTheLastKey) {
  Schedule schedule;
  SlotRing ring{schedule, 0, 0, 8, 1};
  EXPECT_FALSE(ring.claim(0).held);
  EXPECT_TRUE(ring.claim(0).held);
  EXPECT_FALSE(ring.claim(1).held);
  EXPECT_FALSE(ring.claim(0).held);
}

TEST(SlotRing, NeedsASlot) {
  Schedule schedule;
  EXPECT_THROW(SlotRing(schedule, 0, 0, 8, 0), base::InternalError);
  EXPECT_THROW(SlotRing(schedule, 0, 0, 8, -1), base::InternalError);
}

TEST(SlotRing, EndsWhereSlotNumbersEnd) {
  Schedule schedule;
  schedule.slots.resize(65535);
  SlotRing last{schedule, 0, 0, 8, 1};
  EXPECT_EQ(last.claim(0).slot, 65535);
  EXPECT_THROW(SlotRing(schedule, 0, 0, 8, 1), base::InternalError);
}

TEST(SlotsThatFit, CountsWholeSlots) {
  EXPECT_EQ(slots_that_fit(99, 50, 10), 1);
  EXPECT_EQ(slots_that_fit(100, 50, 10), 2);
  EXPECT_EQ(slots_that_fit(49, 50, 10), 0);
}

TEST(SlotsThatFit, StopsAtWhatIsWantedAndAtTheMost) {
  EXPECT_EQ(slots_that_fit(1000, 10, 3), 3);
  EXPECT_EQ(slots_that_fit(1000, 10, 0), 1);  // one at least
  EXPECT_EQ(slots_that_fit(1 << 20, 1, 1 << 20), kMostSlots);
  EXPECT_EQ(slots_that_fit(0, 0, 5), 1);  // a token
}

}  // namespace
}  // namespace milliwatt::dataflows
