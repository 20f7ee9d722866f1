// SPDX-License-Identifier: Apache-2.0
#include "dataflows/jobs.h"

#include <gtest/gtest.h>

namespace milliwatt::dataflows {
namespace {

constexpr SharedUnits kUnits{4, 3, 8, 5};  // output lanes and latency, vector lanes and latency

TEST(OutputCycles, LanesRoundedUpAndTheLatency) {
  OutputJob job;
  job.pixels = 3;
  job.channels = 4;
  EXPECT_EQ(output_cycles(kUnits, job), 12 / 4 + 3);
  job.channels = 5;
  EXPECT_EQ(output_cycles(kUnits, job), 4 + 3);  // ceil(15 / 4)
  job.pixels = job.channels = 1;
  EXPECT_EQ(output_cycles(kUnits, job), 1 + 3);
}

TEST(VectorCycles, OfAnAdditionFollowItsElements) {
  AddJob job;
  job.elements = 16;
  EXPECT_EQ(vector_cycles(kUnits, job), 2 + 5);
  job.elements = 17;
  EXPECT_EQ(vector_cycles(kUnits, job), 3 + 5);
}

/// 3 x 3 windows with a border of 1 over 4 x 4 x 2, stride 1.
PoolJob bordered_pool() {
  PoolJob job;
  job.channels = 2;
  job.input_h = job.input_w = 4;
  job.output_rows = job.output_w = 4;
  job.kernel_h = job.kernel_w = 3;
  job.pad_top = job.pad_left = 1;
  return job;
}

TEST(PoolTaps, CountsOnlyTapsInsideTheImage) {
  // Along each axis 2 + 3 + 3 + 2 = 10 taps; 10 * 10 * 2 channels.
  EXPECT_EQ(pool_taps(bordered_pool()), 200);
  EXPECT_EQ(vector_cycles(kUnits, bordered_pool()), 200 / 8 + 5);
}

TEST(PoolTaps, AddUpOverRows) {
  PoolJob first = bordered_pool();
  first.output_rows = 1;
  EXPECT_EQ(pool_taps(first), 2 * 10 * 2);
  PoolJob rest = bordered_pool();
  rest.output_y = 1;
  rest.output_rows = 3;
  EXPECT_EQ(pool_taps(first) + pool_taps(rest), pool_taps(bordered_pool()));
}

TEST(PoolTaps, AStrideLeavesWindowsOut) {
  PoolJob job = bordered_pool();
  job.stride_h = job.stride_w = 2;
  job.output_rows = job.output_w = 2;  // windows at -1 and 1: 2 + 3 taps
  EXPECT_EQ(pool_taps(job), 5 * 5 * 2);
}

}  // namespace
}  // namespace milliwatt::dataflows
