// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/operand_stationary_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "accelerators/systolic/fold_testing.h"

namespace milliwatt::systolic {
namespace {

// The fold of docs/cycles.md: a 4x4 array in full use, 3 pixels. Taps and filters:
//
//   pixel 0:  1 2 3 4      row 0:  1 0 -1  2
//   pixel 1:  5 6 7 8      row 1:  0 1  1  0
//   pixel 2: -1 0 1 2      row 2:  2 0  1 -1
//                          row 3:  1 1  0  1
class FoldByHand : public ::testing::Test {
 protected:
  FoldByHand() { array_.record_cycles(true); }

  FoldData data_{{4, 4}, 3, 4, 4};
  OperandStationaryArray array_{{4, 4}};

  void SetUp() override {
    data_.set_streams({1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 1, 2});
    data_.set_weights({1, 0, -1, 2, 0, 1, 1, 0, 2, 0, 1, -1, 1, 1, 0, 1});
    array_.begin(data_.array());
  }
};

TEST_F(FoldByHand, WeightsMoveDownForFourCycles) {
  // Column 3 holds 2 0 -1 1 from top to bottom; the bottom row's weight enters first.
  const std::vector<std::vector<int>> column3 = {{1}, {-1, 1}, {0, -1, 1}, {2, 0, -1, 1}};
  for (std::size_t cycle = 0; cycle < column3.size(); ++cycle) {
    array_.advance(static_cast<base::Cycles>(cycle) + 1);
    for (std::size_t row = 0; row < 4; ++row) {
      const PeRegisters pe = array_.registers(static_cast<int>(row), 3);
      ASSERT_EQ(pe.has_top, row <= cycle);
      ASSERT_EQ(pe.top, row <= cycle ? column3[cycle][row] : 0) << cycle << ' ' << row;
      ASSERT_FALSE(pe.has_left);
    }
  }
}

TEST_F(FoldByHand, SumsOfColumnZeroMoveDown) {
  // Registers at the end of cycles 4 .. 9, weights 1 0 2 1 from top to bottom. Element t of row r
  // is multiplied in cycle 4 + t + r: row 2 has 1 + 3 * 2 = 7 in cycle 6, row 3 7 + 4 * 1 = 11
  // one cycle later.
  const std::vector<std::array<int, 4>> sums = {{1, 0, 0, 0},    {5, 1, 0, 0},  {-1, 5, 7, 0},
                                                {0, -1, 19, 11}, {0, 0, 1, 27}, {0, 0, 0, 3}};
  array_.advance(4);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    array_.advance(5 + static_cast<base::Cycles>(i));
    for (int row = 0; row < 4; ++row) {
      ASSERT_EQ(array_.registers(row, 0).sum, sums[i][static_cast<std::size_t>(row)])
          << "cycle " << 4 + i << " row " << row;
    }
  }
}

TEST_F(FoldByHand, OperandsMoveRight) {
  // Row r reads tap r of the three pixels from cycle 4 + r on; PE (r, j) has each j cycles later.
  const int taps[4][3] = {{1, 5, -1}, {2, 6, 0}, {3, 7, 1}, {4, 8, 2}};
  for (base::Cycles cycle = 0; cycle < 13; ++cycle) {
    array_.advance(cycle + 1);
    for (int row = 0; row < 4; ++row) {
      for (int column = 0; column < 4; ++column) {
        const base::Cycles t = cycle - 4 - row - column;
        const bool streams = t >= 0 && t < 3;
        const PeRegisters pe = array_.registers(row, column);
        ASSERT_EQ(pe.has_left, streams) << cycle << ' ' << row << ' ' << column;
        ASSERT_EQ(pe.left, streams ? taps[row][t] : 0);
      }
    }
  }
}

TEST_F(FoldByHand, OutputsLeaveOnTheDiagonal) {
  array_.advance(INT64_MAX);
  EXPECT_EQ(array_.sums(), (std::vector<std::int32_t>{11, 6, 4, 3, 27, 14, 8, 11, 3, 2, 2, -1}));
  // Pixel t leaves column j in cycle 2R + t + j - 1 = 7 + t + j.
  EXPECT_EQ(array_.output_cycles(),
            (std::vector<base::Cycles>{7, 8, 9, 10, 8, 9, 10, 11, 9, 10, 11, 12}));
}

TEST_F(FoldByHand, TheLastOutputIsThereAfterCycle12AndNotBefore) {
  array_.advance(12);
  EXPECT_FALSE(array_.done());
  EXPECT_EQ(array_.counts().outputs, 11);
  array_.advance(13);
  EXPECT_TRUE(array_.done());
}

TEST_F(FoldByHand, CountsCloseOverAllPes) {
  array_.advance(INT64_MAX);
  const FoldCounts& counts = array_.counts();
  EXPECT_EQ(counts.cycles, 13);             // 2 * 4 + 3 + 4 - 2
  EXPECT_EQ(counts.macs, 48);               // 3 pixels * 4 * 4
  EXPECT_EQ(counts.stationary_shifts, 64);  // 4 cycles * 16 PEs
  EXPECT_EQ(counts.idle_cycles, 96);        // 13 * 16 - 48 - 64
  EXPECT_EQ(counts.left_read, 12);
  EXPECT_EQ(counts.top_read, 16);
  EXPECT_EQ(counts.outputs, 12);
  EXPECT_TRUE(counts == fold_counts(Dataflow::kWeightStationary, {4, 4}, {4, 4, 3}));
}

TEST(FoldByHandTransposed, IsAnInputStationaryFold) {
  // Pixels in the columns, filters stream past: the sums of the fold above, [filter][pixel].
  FoldData data{{4, 3}, 3, 4, 4, Dataflow::kInputStationary};
  data.set_streams({1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 1, 2});
  data.set_weights({1, 0, -1, 2, 0, 1, 1, 0, 2, 0, 1, -1, 1, 1, 0, 1});
  OperandStationaryArray array{{4, 3}};
  array.record_cycles(true);
  array.begin(data.array());
  array.advance(INT64_MAX);
  EXPECT_EQ(array.sums(), (std::vector<std::int32_t>{11, 27, 3, 6, 14, 2, 4, 8, 2, 3, 11, -1}));
  // Filter t leaves the column of pixel j in cycle 7 + t + j; 2 * 4 + 4 + 3 - 2 = 13 cycles.
  EXPECT_EQ(array.output_cycles(),
            (std::vector<base::Cycles>{7, 8, 9, 8, 9, 10, 9, 10, 11, 10, 11, 12}));
  EXPECT_EQ(array.counts().cycles, 13);
  EXPECT_EQ(array.counts().left_read, 16);  // weights
  EXPECT_EQ(array.counts().top_read, 12);   // inputs
}

}  // namespace
}  // namespace milliwatt::systolic
