// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace milliwatt::base {
namespace {

constexpr std::int64_t kTeraHz = 1'000'000'000'000;
const std::vector<std::int64_t> kOddFrequencies = {
    1,           3,           7,           32'768,          999'999,     1'000'000,
    100'000'000, 333'333'333, 600'000'000, 999'999'999'989, kTeraHz - 1, kTeraHz};

TEST(Clock, MillionCyclesAt600MHzAreNotTwoHundredOff) {
  const Clock clock("core", 600'000'000);
  // 10^6 * 10^12 / (6 * 10^8) = 1666666666.67 ps, rounded up. A rounded period of 1667 ps would
  // give 1667000000 ps, which is 333334 ps or 200 cycles late.
  EXPECT_EQ(clock.edge(1'000'000), 1'666'666'667);
  EXPECT_EQ(clock.cycle(1'666'666'667), 1'000'000);
  EXPECT_EQ(clock.cycle(1'667'000'000), 1'000'200);
}

TEST(Clock, EdgeIsTheFirstPicosecondOfItsCycle) {
  for (const std::int64_t frequency : kOddFrequencies) {
    const Clock clock("odd", frequency);
    for (const Cycles n : {1, 2, 3, 1000, 999'983, 9'000'000}) {
      ASSERT_EQ(clock.cycle(clock.edge(n)), n) << frequency;
      ASSERT_EQ(clock.cycle(clock.edge(n) - 1), n - 1) << frequency;
    }
  }
}

TEST(Clock, TimeZeroIsEdgeZero) {
  for (const std::int64_t frequency : kOddFrequencies) {
    const Clock clock("odd", frequency);
    EXPECT_EQ(clock.edge(0), 0);
    EXPECT_EQ(clock.cycle(0), 0);
    EXPECT_EQ(clock.cycle_at_or_after(0), 0);
  }
}

TEST(Clock, WaitsForTheNextEdgeOnlyBetweenEdges) {
  const Clock clock("third", 333'333'333);
  // Edge 1 lies at ceil(10^12 / 333333333) = ceil(3000.000003) = 3001 ps, edge 2 at 6001 ps.
  EXPECT_EQ(clock.edge(1), 3001);
  EXPECT_EQ(clock.cycle_at_or_after(3000), 1);
  EXPECT_EQ(clock.cycle_at_or_after(3001), 1);
  EXPECT_EQ(clock.cycle_at_or_after(3002), 2);
  EXPECT_EQ(clock.after(3001, 1), 6001);
  EXPECT_EQ(clock.after(3002, 1), 9001);
}

TEST(Clock, CountsDaysWithoutOverflow) {
  const Clock clock("core", 600'000'000);
  // 100 days = 8640000 s = 8.64 * 10^18 ps = 5.184 * 10^15 cycles; the product needs 128 bits.
  constexpr Cycles kHundredDays = 5'184'000'000'000'000;
  EXPECT_EQ(clock.edge(kHundredDays), 8'640'000'000'000'000'000);
  EXPECT_EQ(clock.cycle(8'640'000'000'000'000'000), kHundredDays);
}

TEST(Clock, SlowestAndFastest) {
  EXPECT_EQ(Clock("slow", 1).edge(2), 2 * kTeraHz);
  EXPECT_EQ(Clock("slow", 1).cycle(2 * kTeraHz - 1), 1);
  EXPECT_EQ(Clock("fast", kTeraHz).edge(12'345), 12'345);
}

TEST(Clock, EndsAtTheLastTimeThatFits) {
  // 2^63 - 1 ps = 9223372.036854775807 s: edge 9223372 of a 1 Hz clock is the last one.
  const Clock slow("slow", 1);
  EXPECT_EQ(slow.edge(9'223'372), 9'223'372 * kTeraHz);
  EXPECT_THROW(slow.edge(9'223'373), UserError);
  EXPECT_EQ(Clock("fast", kTeraHz).edge(INT64_MAX), INT64_MAX);
}

TEST(Clock, RefusesFrequenciesOutsideItsRange) {
  EXPECT_THROW(Clock("c", 0), UserError);
  EXPECT_THROW(Clock("c", -1), UserError);
  EXPECT_THROW(Clock("c", kTeraHz + 1), UserError);
}

}  // namespace
}  // namespace milliwatt::base
