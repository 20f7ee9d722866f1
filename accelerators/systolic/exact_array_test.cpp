// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/exact_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "accelerators/systolic/fold_testing.h"
#include "accelerators/systolic/matrix_product.h"
#include "dataflows/systolic_mapping.h"

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
  ExactArray array_{{4, 4}};

  void SetUp() override {
    data_.set_streams({1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 1, 2});
    data_.set_weights({1, 0, -1, 2, 0, 1, 1, 0, 2, 0, 1, -1, 1, 1, 0, 1});
    array_.begin(data_.operands());
  }
};

TEST_F(FoldByHand, WeightsMoveDownForFourCycles) {
  // Column 3 holds 2 0 -1 1 from top to bottom; the bottom row's weight enters first.
  const std::vector<std::vector<int>> column3 = {{1}, {-1, 1}, {0, -1, 1}, {2, 0, -1, 1}};
  for (std::size_t cycle = 0; cycle < column3.size(); ++cycle) {
    array_.advance(static_cast<base::Cycles>(cycle) + 1);
    for (std::size_t row = 0; row < 4; ++row) {
      const PeRegisters pe = array_.registers(static_cast<int>(row), 3);
      ASSERT_EQ(pe.weight_in_use, row <= cycle);
      ASSERT_EQ(pe.weight, row <= cycle ? column3[cycle][row] : 0) << cycle << ' ' << row;
      ASSERT_FALSE(pe.has_operand);
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
        ASSERT_EQ(pe.has_operand, streams) << cycle << ' ' << row << ' ' << column;
        ASSERT_EQ(pe.activation, streams ? taps[row][t] : 0);
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
  EXPECT_EQ(counts.cycles, 13);         // 2 * 4 + 3 + 4 - 2
  EXPECT_EQ(counts.macs, 48);           // 3 pixels * 4 * 4
  EXPECT_EQ(counts.weight_shifts, 64);  // 4 cycles * 16 PEs
  EXPECT_EQ(counts.idle_cycles, 96);    // 13 * 16 - 48 - 64
  EXPECT_EQ(counts.operands_read, 12);
  EXPECT_EQ(counts.weights_read, 16);
  EXPECT_EQ(counts.outputs, 12);
  EXPECT_TRUE(counts == fold_counts({4, 4}, 3, 4, 4));
}

TEST(FoldCounts, FillsAndDrainsAtTheSmallestFold) {
  // One PE, one pixel: cycle 0 loads the weight, cycle 1 multiplies: 2 + 1 + 1 - 2 = 2 cycles.
  const FoldCounts counts = fold_counts({1, 1}, 1, 1, 1);
  EXPECT_EQ(counts.cycles, 2);
  EXPECT_EQ(counts.macs, 1);
  EXPECT_EQ(counts.weight_shifts, 1);
  EXPECT_EQ(counts.idle_cycles, 0);
}

TEST(FoldCounts, UnusedRowsDelayAndUnusedColumnsDoNot) {
  const base::Cycles full = fold_counts({8, 8}, 10, 8, 8).cycles;
  EXPECT_EQ(full, 2 * 8 + 10 + 8 - 2);
  EXPECT_EQ(fold_counts({8, 8}, 10, 1, 8).cycles, full);
  EXPECT_EQ(fold_counts({8, 8}, 10, 8, 1).cycles, full - 7);
}

TEST(ExactArray, EqualsTheClosedFormEverywhere) {
  std::mt19937 random(20240501);
  for (int i = 0; i < 2000; ++i) {
    const FoldData data = FoldData::random(random);
    const ArraySize size = data.size();
    const std::vector<InstructionSet> sets = available_instruction_sets();
    ExactArray array(size, sets[static_cast<std::size_t>(i) % sets.size()]);
    array.record_cycles(true);
    const FoldOperands fold = data.operands();
    array.begin(fold);
    array.advance(INT64_MAX);
    std::vector<std::int32_t> sums(static_cast<std::size_t>(fold.pixels * fold.columns));
    MatrixProduct{}.run(fold, sums.data());
    ASSERT_EQ(array.sums(), sums) << data.describe();
    ASSERT_TRUE(array.counts() == fold_counts(size, fold.pixels, fold.rows, fold.columns))
        << data.describe();
    for (std::size_t n = 0; n < sums.size(); ++n) {
      const auto t = static_cast<std::int64_t>(n) / fold.columns;
      const auto column = static_cast<std::int32_t>(static_cast<std::int64_t>(n) % fold.columns);
      ASSERT_EQ(array.output_cycles()[n], output_cycle(size, t, column)) << data.describe();
    }
  }
}

TEST(ExactArray, TheMappingPredictsItsTime) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    const FoldData data = FoldData::random(random);
    const FoldOperands fold = data.operands();
    dataflows::SystolicShape shape;
    shape.rows = data.size().rows;
    shape.columns = data.size().columns;
    ExactArray array(data.size());
    array.begin(fold);
    array.advance(INT64_MAX);
    ASSERT_EQ(array.counts().cycles, dataflows::fold_cycles(shape, fold.pixels, fold.columns));
  }
}

TEST(ExactArray, StopsAndResumesAnywhere) {
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const FoldData data = FoldData::random(random);
    ExactArray whole(data.size());
    whole.begin(data.operands());
    whole.advance(INT64_MAX);
    ExactArray parts(data.size());
    parts.begin(data.operands());
    base::Cycles limit = 0;
    while (!parts.done()) {
      limit += static_cast<base::Cycles>(random() % 100);
      parts.advance(limit);
      ASSERT_EQ(parts.counts().cycles, std::min(limit, whole.counts().cycles));
    }
    ASSERT_EQ(parts.sums(), whole.sums());
    ASSERT_TRUE(parts.counts() == whole.counts());
  }
}

TEST(ExactArray, AFoldLeavesNothingBehind) {
  // After a fold of one column, operands are still on their way through the unused ones. It takes
  // 2 + 63 + 1 - 2 = 64 cycles, so that they lie where the next fold's window begins.
  const ArraySize size{1, 16};
  FoldData narrow(size, 63, 1, 1);
  FoldData wide(size, 40, 1, 16);
  std::mt19937 random(5);
  narrow.fill(random);
  wide.fill(random);
  ExactArray used(size);
  used.begin(narrow.operands());
  used.advance(INT64_MAX);
  used.begin(wide.operands());
  used.advance(INT64_MAX);
  ExactArray fresh(size);
  fresh.begin(wide.operands());
  fresh.advance(INT64_MAX);
  EXPECT_EQ(used.sums(), fresh.sums());
  EXPECT_TRUE(used.counts() == fresh.counts());
}

}  // namespace
}  // namespace milliwatt::systolic
