// SPDX-License-Identifier: Apache-2.0
#include "app/sweep_progress.h"

#include <gtest/gtest.h>

namespace milliwatt::app {
namespace {

sim::SweepProgress progress(std::int64_t finished, std::int64_t resumed, std::int64_t ok) {
  sim::SweepProgress progress;
  progress.points = 4000;
  progress.finished = finished;
  progress.resumed = resumed;
  progress.by_status = {ok, finished - ok, 0, 0, 0};
  return progress;
}

TEST(ProgressLine, ShowsPointsRateAndTimeLeft) {
  // 1000 points in 5 s are 200/s; the other 3000 take 15 s.
  EXPECT_EQ(progress_line(progress(1000, 0, 1000), 5),
            "1000/4000 points, 25%, 200 points/s, 15 s left");
}

TEST(ProgressLine, CountsOnlyPointsOfThisAttemptInTheRate) {
  // 500 of the 1000 were there before: 100/s, 3000 more take 30 s.
  EXPECT_EQ(progress_line(progress(1000, 500, 988), 5),
            "1000/4000 points, 25%, 12 not ok, 100 points/s, 30 s left");
}

TEST(ProgressLine, SaysLongTimesInMinutesAndHours) {
  // 1 point in 1 s: 3999 s are 1 h 6 min 39 s.
  EXPECT_EQ(progress_line(progress(1, 0, 1), 1), "1/4000 points, 0%, 1 points/s, 1 h 6 min left");
  // 40 points/s: 3960 points are 99 s.
  EXPECT_EQ(progress_line(progress(40, 0, 40), 1),
            "40/4000 points, 1%, 40 points/s, 1 min 39 s left");
}

TEST(ProgressLine, KnowsNoRateBeforeTheFirstPoint) {
  EXPECT_EQ(progress_line(progress(500, 500, 500), 5), "500/4000 points, 12%");
}

}  // namespace
}  // namespace milliwatt::app
