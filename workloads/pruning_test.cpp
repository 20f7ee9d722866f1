// SPDX-License-Identifier: Apache-2.0
#include "workloads/pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "workloads/graph_testing.h"
#include "workloads/packing.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

using testing::bias_tensor;
using testing::constant;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::int8_tensor;
using testing::single;

std::vector<std::uint8_t> bytes_of(std::initializer_list<int> values) {
  return {values.begin(), values.end()};
}

/// A layer of four units of three inputs, with a scale for each unit.
Graph layer() {
  Tensor weights =
      constant(int8_tensor({4, 3}), bytes_of({1, -9, 2, 4, 4, -4, 100, 0, 3, -8, 7, 1}));
  weights.quantization = {{1.0F, 1.0F, 0.01F, 1.0F}, {0, 0, 0, 0}, 0};
  return single(OperatorKind::kFullyConnected, FullyConnected{},
                {int8_tensor({1, 3}), weights, bias_tensor({5, 6, 7, 8}), int8_tensor({1, 4})});
}

std::vector<int> pruned_weights(const Graph& graph, const PruneRule& rule, std::uint32_t seed = 1) {
  base::Diagnostics faults;
  const Graph after = pruned(graph, {rule}, seed, faults);
  EXPECT_TRUE(faults.empty());
  std::vector<int> values;
  for (const std::uint8_t byte : after.tensor(1).data) {
    values.push_back(static_cast<std::int8_t>(byte));
  }
  return values;
}

PruneRule rule_of(PrunePattern pattern, double fraction) {
  PruneRule rule;
  rule.pattern = pattern;
  rule.fraction = fraction;
  return rule;
}

TEST(Pruning, TakesTheSmallestRealMagnitudesAndOfEqualsTheFirst) {
  // Real magnitudes: 1 9 2 | 4 4 4 | 1 0 0.03 | 8 7 1. floor(0.55 * 12) = 6: 0, 0.03, 1, 1, 1, 2.
  EXPECT_THAT(pruned_weights(layer(), rule_of(PrunePattern::kUnstructured, 0.55)),
              ElementsAre(0, -9, 0, 4, 4, -4, 0, 0, 0, -8, 7, 0));
  // 7 of 12: the first of the three 4s as well.
  EXPECT_THAT(pruned_weights(layer(), rule_of(PrunePattern::kUnstructured, 7.0 / 12)),
              ElementsAre(0, -9, 0, 0, 4, -4, 0, 0, 0, -8, 7, 0));
}

TEST(Pruning, ChannelsLoseTheirBiasToo) {
  // Means: 12 / 3, 12 / 3, 1.03 / 3, 16 / 3: channel 2, then the first of 0 and 1.
  base::Diagnostics faults;
  const Graph after = pruned(layer(), {rule_of(PrunePattern::kChannel, 0.5)}, 1, faults);
  EXPECT_EQ(after.tensor(1).data, bytes_of({0, 0, 0, 4, 4, 252, 0, 0, 0, 248, 7, 1}));
  EXPECT_EQ(after.tensor(2).data, bias_tensor({0, 6, 0, 8}).data);
}

TEST(Pruning, GroupsAreAlignedInEachRow) {
  PruneRule rule = rule_of(PrunePattern::kSimdGroup, 0.5);
  rule.group = 2;
  // Rows of a pair and a rest: means 5, 2 | 4, 4 | 0.5, 0.03 | 7.5, 1. Of 8 groups the smallest 4:
  // 0.03, 0.5, 1, 2.
  EXPECT_THAT(pruned_weights(layer(), rule), ElementsAre(1, -9, 0, 4, 4, -4, 0, 0, 0, -8, 7, 0));
}

TEST(Pruning, RandomChoicesDependOnSeedAndNameOnly) {
  PruneRule rule = rule_of(PrunePattern::kUnstructured, 0.5);
  rule.criterion = PruneCriterion::kRandom;
  const Graph dense = single(
      OperatorKind::kFullyConnected, FullyConnected{},
      {int8_tensor({1, 64}), constant(int8_tensor({2, 64}), std::vector<std::uint8_t>(128, 1)),
       int8_tensor({1, 2})});
  const auto first = pruned_weights(dense, rule, 1);
  EXPECT_EQ(first, pruned_weights(dense, rule, 1));
  EXPECT_NE(first, pruned_weights(dense, rule, 2));
  EXPECT_EQ(std::count(first.begin(), first.end(), 0), 64);
}

TEST(Pruning, DepthwiseFiltersLieAlongTheLastDimension) {
  DepthwiseConv2d conv;
  conv.window.kernel_w = 2;
  const Graph graph =
      single(OperatorKind::kDepthwiseConv2d, conv,
             {int8_tensor({1, 1, 2, 3}), constant(int8_tensor({1, 1, 2, 3}), {5, 1, 5, 5, 2, 5}),
              int8_tensor({1, 1, 1, 3})});
  EXPECT_THAT(pruned_weights(graph, rule_of(PrunePattern::kChannel, 0.34)),
              ElementsAre(5, 0, 5, 5, 0, 5));
}

TEST(Pruning, SharedWeightsAreCopiedFirst) {
  Graph graph = layer();
  Operator second = graph.operators[0];
  second.name = "second";
  second.outputs = {static_cast<TensorId>(graph.tensors.size())};
  graph.tensors.push_back(int8_tensor({1, 4}));
  graph.operators.push_back(second);
  base::Diagnostics faults;
  const Graph after =
      pruned(graph, {std::nullopt, rule_of(PrunePattern::kUnstructured, 1.0)}, 1, faults);
  EXPECT_EQ(after.tensor(after.operators[0].inputs[1]).data, layer().tensor(1).data);
  EXPECT_EQ(summarize(after).operators[1].zero_weights, 12);
}

TEST(Pruning, NamedLayersWithoutWeightsAreRefused) {
  const Graph graph = single(OperatorKind::kRelu, Relu{}, {int8_tensor({3}), int8_tensor({3})});
  PruneRule rule = rule_of(PrunePattern::kUnstructured, 0.5);
  base::Diagnostics faults;
  pruned(graph, {rule}, 1, faults);
  EXPECT_TRUE(faults.empty());  // a default passes over it
  rule.named = true;
  pruned(graph, {rule}, 1, faults);
  EXPECT_THAT(faults.messages(), ElementsAre(HasSubstr("relu 'relu' has no weights")));
}

TEST(Pruning, FractionsRoundDownButNotByTheirBinaryForm) {
  EXPECT_EQ(units_of_fraction(0.29, 100), 29);  // 28.999999999999996 in binary
  EXPECT_EQ(units_of_fraction(0.5, 7), 3);
  EXPECT_EQ(units_of_fraction(1.0, 7), 7);
  EXPECT_EQ(units_of_fraction(0.0, 7), 0);
}

}  // namespace
}  // namespace milliwatt::workloads
