// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/matrix_product.h"

#include <gtest/gtest.h>

#include "accelerators/systolic/fold_testing.h"

namespace milliwatt::systolic {
namespace {

std::vector<std::int32_t> product(const FoldOperands& fold, InstructionSet set) {
  // A wrong size of the result would write behind it.
  std::vector<std::int32_t> sums(static_cast<std::size_t>(fold.pixels * fold.filters) + 1, 4711);
  MatrixProduct{set}.run(fold, sums.data());
  EXPECT_EQ(sums.back(), 4711);
  sums.pop_back();
  return sums;
}

std::vector<std::int32_t> by_definition(const FoldOperands& fold) {
  std::vector<std::int32_t> sums;
  for (std::int64_t t = 0; t < fold.pixels; ++t) {
    for (std::int32_t j = 0; j < fold.filters; ++j) {
      std::int32_t sum = 0;
      for (std::int32_t k = 0; k < fold.taps; ++k) {
        sum += fold.streams[t * fold.pitch + k] * fold.weights[k * fold.filters + j];
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

TEST(MatrixProduct, EveryInstructionSetGivesTheSameBytes) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    const FoldData data = FoldData::random(random, static_cast<Dataflow>(i % 3));
    const std::vector<std::int32_t> expected = by_definition(data.operands());
    for (const InstructionSet set : available_instruction_sets()) {
      ASSERT_EQ(product(data.operands(), set), expected)
          << instruction_set_name(set) << ", " << data.describe();
    }
  }
}

TEST(MatrixProduct, TheLargestSumsAreExact) {
  // 256 products of (-128)^2 = 2^14 are 2^22; of -128 * 127 they are -4161536.
  FoldData data({256, 256}, 5, 256, 2);
  data.set_streams(std::vector<std::int8_t>(5 * 256, -128));
  std::vector<std::int8_t> weights(256 * 2, -128);
  for (std::size_t k = 0; k < 256; ++k) {
    weights[2 * k + 1] = 127;
  }
  data.set_weights(weights);
  for (const InstructionSet set : available_instruction_sets()) {
    const std::vector<std::int32_t> sums = product(data.operands(), set);
    for (std::size_t t = 0; t < 5; ++t) {
      EXPECT_EQ(sums[2 * t], 4194304);
      EXPECT_EQ(sums[2 * t + 1], -4161536);
    }
  }
}

TEST(MatrixProduct, AsManyTapsAsAFoldMayHave) {
  // 2^16 products of 2^14 are 2^30.
  const std::int32_t taps = dataflows::kMostFoldTaps;
  FoldData data({1, 1}, 1, taps, 1);
  data.set_streams(std::vector<std::int8_t>(static_cast<std::size_t>(taps), -128));
  data.set_weights(std::vector<std::int8_t>(static_cast<std::size_t>(taps), -128));
  for (const InstructionSet set : available_instruction_sets()) {
    EXPECT_EQ(product(data.operands(), set).at(0), 1 << 30);
  }
}

TEST(InstructionSet, ThePortableOneIsAlwaysThere) {
  EXPECT_EQ(available_instruction_sets().front(), InstructionSet::kPortable);
  EXPECT_EQ(best_instruction_set(), available_instruction_sets().back());
}

}  // namespace
}  // namespace milliwatt::systolic
