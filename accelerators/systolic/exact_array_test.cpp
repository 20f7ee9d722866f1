// SPDX-License-Identifier: Apache-2.0
// What holds for every dataflow.
#include "accelerators/systolic/exact_array.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "accelerators/systolic/fold_testing.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::systolic {
namespace {

constexpr Dataflow kDataflows[] = {Dataflow::kWeightStationary, Dataflow::kOutputStationary,
                                   Dataflow::kInputStationary};

class EachDataflow : public ::testing::TestWithParam<Dataflow> {
 protected:
  std::unique_ptr<ExactArray> run(const FoldData& data, InstructionSet set, bool record) {
    auto array = exact_array(GetParam(), data.size(), set);
    array->record_cycles(record);
    array->begin(data.array());
    array->advance(INT64_MAX);
    return array;
  }
  std::unique_ptr<ExactArray> run(const FoldData& data) {
    return run(data, best_instruction_set(), false);
  }
};
INSTANTIATE_TEST_SUITE_P(Dataflows, EachDataflow, ::testing::ValuesIn(kDataflows),
                         [](const auto& param) {
                           return std::string{"wsosis"}.substr(
                               2 * static_cast<std::size_t>(param.param), 2);
                         });

TEST_P(EachDataflow, FillsAndDrainsAtTheSmallestFold) {
  // One PE, one product: a cycle to load it or to drain its sum, one to multiply.
  const FoldCounts counts = fold_counts(GetParam(), {1, 1}, {1, 1, 1});
  EXPECT_EQ(counts.cycles, 2);  // 2 + 1 + 1 - 2
  EXPECT_EQ(counts.macs, 1);
  EXPECT_EQ(counts.stationary_shifts + counts.sum_shifts, 1);
  EXPECT_EQ(counts.idle_cycles, 0);
}

TEST_P(EachDataflow, UnusedRowsDelayAndUnusedColumnsDoNot) {
  const base::Cycles full = fold_counts(GetParam(), {8, 8}, {8, 8, 10}).cycles;
  EXPECT_EQ(full, 2 * 8 + 10 + 8 - 2);
  EXPECT_EQ(fold_counts(GetParam(), {8, 8}, {1, 8, 10}).cycles, full);
  EXPECT_EQ(fold_counts(GetParam(), {8, 8}, {8, 1, 10}).cycles, full - 7);
}

TEST_P(EachDataflow, EqualsTheClosedFormEverywhere) {
  std::mt19937 random(20240501);
  const std::vector<InstructionSet> sets = available_instruction_sets();
  for (std::size_t i = 0; i < 2000; ++i) {
    const FoldData data = FoldData::random(random, GetParam());
    const ArrayUse use = data.use();
    const auto array = run(data, sets[i % sets.size()], true);
    ASSERT_TRUE(array->counts() == fold_counts(GetParam(), data.size(), use)) << data.describe();
    ASSERT_EQ(static_cast<std::int64_t>(array->sums().size()), array->counts().outputs);
    for (std::int64_t n = 0; n < array->counts().outputs; ++n) {
      const std::int64_t output = n / use.columns;
      const auto column = static_cast<std::int32_t>(n % use.columns);
      const auto at = static_cast<std::size_t>(n);
      ASSERT_EQ(array->sums()[at], data.sum(output, column)) << data.describe();
      ASSERT_EQ(array->output_cycles()[at],
                output_cycle(GetParam(), data.size(), use, output, column))
          << data.describe();
    }
  }
}

TEST_P(EachDataflow, TheMappingPredictsItsTime) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    const FoldData data = FoldData::random(random, GetParam());
    ASSERT_EQ(run(data)->counts().cycles, dataflows::fold_cycles(data.size().rows, data.use()));
  }
}

TEST_P(EachDataflow, IsNotDoneOneCycleEarly) {
  std::mt19937 random(8);
  for (int i = 0; i < 200; ++i) {
    const FoldData data = FoldData::random(random, GetParam());
    auto array = exact_array(GetParam(), data.size());
    array->begin(data.array());
    const base::Cycles cycles = fold_counts(GetParam(), data.size(), data.use()).cycles;
    array->advance(cycles - 1);
    ASSERT_FALSE(array->done()) << data.describe();
    array->advance(cycles);
    ASSERT_TRUE(array->done()) << data.describe();
  }
}

TEST_P(EachDataflow, StopsAndResumesAnywhere) {
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const FoldData data = FoldData::random(random, GetParam());
    const auto whole = run(data);
    auto parts = exact_array(GetParam(), data.size());
    parts->begin(data.array());
    base::Cycles limit = 0;
    while (!parts->done()) {
      limit += static_cast<base::Cycles>(random() % 100);
      parts->advance(limit);
      ASSERT_EQ(parts->counts().cycles, std::min(limit, whole->counts().cycles));
    }
    ASSERT_EQ(parts->sums(), whole->sums());
    ASSERT_TRUE(parts->counts() == whole->counts());
  }
}

TEST_P(EachDataflow, AFoldLeavesNothingBehind) {
  // After a fold of one column, operands are still on their way through the unused ones. It takes
  // 2 + 63 + 1 - 2 = 64 cycles, so that they lie where the next fold's window begins.
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) {
    FoldData first = FoldData::random(random, GetParam());
    if (i == 0) {
      first = FoldData::of_use({1, 16}, {1, 1, 63}, GetParam());
      first.fill(random);
    }
    const ArraySize size = first.size();
    FoldData second = FoldData::of_use(size, {size.rows, size.columns, 40}, GetParam());
    second.fill(random);
    auto used = exact_array(GetParam(), size);
    for (const FoldData* data : {&first, &second}) {
      used->begin(data->array());
      used->advance(INT64_MAX);
    }
    const auto fresh = run(second);
    ASSERT_EQ(used->sums(), fresh->sums());
    ASSERT_TRUE(used->counts() == fresh->counts());
  }
}

}  // namespace
}  // namespace milliwatt::systolic
