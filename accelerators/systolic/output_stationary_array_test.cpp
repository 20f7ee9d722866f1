// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/output_stationary_array.h"

#include <gtest/gtest.h>

#include "accelerators/systolic/fold_testing.h"

namespace milliwatt::systolic {
namespace {

// The fold of docs/cycles.md: 3 pixels, 4 taps, 2 filters on a 4x3 array.
//
//   pixel 0:  1 2 3 4      filter 0:  1 0 2 1
//   pixel 1:  5 6 7 8      filter 1:  2 0 -1 1
//   pixel 2: -1 0 1 2
class OutputFoldByHand : public ::testing::Test {
 protected:
  void SetUp() override {
    data_.set_streams({1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 1, 2});
    data_.set_weights({1, 2, 0, 0, 2, -1, 1, 1});
    array_.record_cycles(true);
    array_.begin(data_.array());
  }

  FoldData data_{{4, 3}, 3, 4, 2, Dataflow::kOutputStationary};
  OutputStationaryArray array_{{4, 3}};
};

TEST_F(OutputFoldByHand, OperandsMoveRightAndDown) {
  // PE (r, j) has element n - r - j of row r and of column j in cycle n.
  const int taps[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, 0, 1, 2}};
  const int weights[2][4] = {{1, 0, 2, 1}, {2, 0, -1, 1}};
  for (base::Cycles cycle = 0; cycle < 12; ++cycle) {
    array_.advance(cycle + 1);
    for (int row = 0; row < 4; ++row) {
      for (int column = 0; column < 3; ++column) {
        const base::Cycles t = cycle - row - column;
        const bool streams = t >= 0 && t < 4;
        const PeRegisters pe = array_.registers(row, column);
        ASSERT_EQ(pe.has_left, streams && row < 3) << cycle << ' ' << row << ' ' << column;
        ASSERT_EQ(pe.has_top, streams && column < 2) << cycle << ' ' << row << ' ' << column;
        ASSERT_EQ(pe.left, streams && row < 3 ? taps[row][t] : 0);
        ASSERT_EQ(pe.top, streams && column < 2 ? weights[column][t] : 0);
      }
    }
  }
}

TEST_F(OutputFoldByHand, SumsStayUntilTheColumnIsDone) {
  // Row 1 of column 0 adds 5 * 1, 6 * 0, 7 * 2, 8 * 1 in cycles 1 to 4.
  const std::vector<int> sums = {0, 5, 5, 19, 27, 27, 27};
  for (std::size_t cycle = 0; cycle < sums.size(); ++cycle) {
    array_.advance(static_cast<base::Cycles>(cycle) + 1);
    ASSERT_EQ(array_.registers(1, 0).sum, sums[cycle]) << "cycle " << cycle;
  }
  // Column 0 moves down from cycle S + R - 1 = 7 on; column 1 has a cycle to go.
  array_.advance(8);
  EXPECT_EQ(array_.registers(2, 0).sum, 27);
  EXPECT_EQ(array_.registers(3, 0).sum, 3);
  EXPECT_EQ(array_.registers(0, 0).sum, 0);
  EXPECT_EQ(array_.registers(1, 1).sum, 11);
}

TEST_F(OutputFoldByHand, OutputsLeaveTheBottomRowFirst) {
  array_.advance(INT64_MAX);
  EXPECT_EQ(array_.sums(), (std::vector<std::int32_t>{11, 3, 27, 11, 3, -1}));
  // Row i of column j leaves in cycle S + 2R - 2 - i + j = 10 - i + j.
  EXPECT_EQ(array_.output_cycles(), (std::vector<base::Cycles>{10, 11, 9, 10, 8, 9}));
}

TEST_F(OutputFoldByHand, CountsCloseOverAllPes) {
  array_.advance(INT64_MAX);
  const FoldCounts& counts = array_.counts();
  EXPECT_EQ(counts.cycles, 12);      // 2 * 4 + 4 + 2 - 2
  EXPECT_EQ(counts.macs, 24);        // 3 pixels * 4 taps * 2 filters
  EXPECT_EQ(counts.sum_shifts, 32);  // 4 cycles * 4 rows * 2 columns
  EXPECT_EQ(counts.stationary_shifts, 0);
  EXPECT_EQ(counts.idle_cycles, 12 * 12 - 24 - 32);
  EXPECT_EQ(counts.left_read, 12);
  EXPECT_EQ(counts.top_read, 8);
  EXPECT_EQ(counts.outputs, 6);
}

}  // namespace
}  // namespace milliwatt::systolic
