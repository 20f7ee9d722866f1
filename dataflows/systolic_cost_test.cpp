// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_cost.h"

#include <gtest/gtest.h>

#include "dataflows/systolic_testing.h"

namespace milliwatt::dataflows {
namespace {

using testing::Case;
using testing::Dice;

TransferCosts random_costs(Dice& dice) {
  TransferCosts costs;
  costs.burst_bytes = 1U << dice.roll(3, 7);
  for (LinkCost& link : costs.links) {
    link = {static_cast<double>(dice.roll(0, 40)), dice.roll(1, 16) / 8.0};
  }
  return costs;
}

TEST(SystolicCost, IsNeverBelowItsBoundAndOftenCloseToIt) {
  Dice dice{60};
  int close = 0;
  constexpr int kCases = 3000;
  for (int i = 0; i < kCases; ++i) {
    const Case c = random_case(dice);
    const TransferCosts costs = random_costs(dice);
    const std::int64_t least = least_cycles(c.command(), c.shape, costs);
    const std::int64_t cycles = predicted_cycles(c.command(), c.shape, costs);
    ASSERT_LE(least, cycles) << describe(c);
    close += 10 * least >= 9 * cycles ? 1 : 0;
  }
  EXPECT_GT(close, kCases / 3);  // within a tenth: or else it would save nothing
  RecordProperty("close", close);
}

/// 4 pixels, 4 taps, 4 filters on a 4x4 array: one fold of 2 * 4 + 4 + 4 - 2 = 14 cycles after 16
/// bytes each of ifmap and weights; 16 sums by 16 lanes, and 16 bytes to store.
TEST(SystolicCost, OfOneFoldByHand) {
  SystolicShape shape = testing::array_of(4, 4);
  shape.shared = {16, 4, 16, 4};
  SystolicCommand command;
  command.geometry = {1, 1, 4, 4, 1, 4, 4, 1, 1, 1, 1, 1, 1, 0, 0};
  command.mapping = {1, 4, false, false};
  command.ifmap = 0;
  command.weights = 1000;
  command.parameters = 2000;
  command.ofmap = 3000;
  TransferCosts costs;
  costs.links.fill({10, 1});
  // ifmap 26, weights 26, fold 14, requantization 1 + 4, store 26. The table's 48 bytes take 58,
  // which end after the fold: 26 + 26 + 58 + 5 + 26.
  EXPECT_EQ(least_cycles(command, shape, costs), 26 + 26 + 58 + 26);  // the DMA's work
  EXPECT_EQ(predicted_cycles(command, shape, costs), 26 + 26 + 58 + 5 + 26);
  costs.links[static_cast<std::size_t>(base::TensorClass::kParameters)] = {0, 0};
  EXPECT_EQ(least_cycles(command, shape, costs), 26 + 26 + 14 + 5 + 26);
  EXPECT_EQ(predicted_cycles(command, shape, costs), 26 + 26 + 14 + 5 + 26);
}

}  // namespace
}  // namespace milliwatt::dataflows
