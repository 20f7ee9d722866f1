// SPDX-License-Identifier: Apache-2.0
#include "sim/values.h"

#include <gtest/gtest.h>

#include "workloads/graph_testing.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;
using workloads::testing::constant;
using workloads::testing::int8_tensor;

/// Three inputs with zero point 1, two units of weights {1, 0, 2}, {0, 0, 3}.
workloads::Graph units() {
  workloads::Graph graph = workloads::testing::single(
      workloads::OperatorKind::kFullyConnected, workloads::FullyConnected{},
      {int8_tensor({1, 3}, 0.5F, 1), constant(int8_tensor({2, 3}), Bytes{1, 0, 2, 0, 0, 3}),
       int8_tensor({1, 2}, 0.25F, -4)});
  graph.tensors[2].name = "units";
  return graph;
}

TEST(Values, TensorsKnowTheirScaleAndWhatTheyAre) {
  const std::vector<TensorResult> tensors = tensor_results(units(), {{1, 2, 3}, {}, {0xFC, 7}});
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].id, 0);
  EXPECT_EQ(tensors[0].scale, 0.5F);
  EXPECT_EQ(tensors[0].zero_point, 1);
  EXPECT_FALSE(tensors[0].output);
  EXPECT_EQ(tensors[1].id, 2);
  EXPECT_EQ(tensors[1].zero_point, -4);
  EXPECT_TRUE(tensors[1].output);
  EXPECT_TRUE(tensor_results(units(), {}).empty());
}

TEST(Values, AccumulatorsHaveTheShapeOfTheOutput) {
  const std::vector<AccumulatorResult> sums = accumulator_results(units(), {{258, -1}});
  ASSERT_EQ(sums.size(), 1U);
  EXPECT_EQ(sums[0].tensor, 2);
  EXPECT_EQ(sums[0].name, "units");
  EXPECT_EQ(sums[0].type, "int32");
  EXPECT_EQ(sums[0].shape, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(sums[0].bytes, (Bytes{2, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_TRUE(accumulator_results(units(), {{}}).empty());
}

TEST(Values, ZerosAreThoseOfTheZeroPoint) {
  std::vector<LayerResult> layers(1);
  count_zeros(units(), {{1, 0, 1}, {}, {0xFC, 0}}, layers);
  EXPECT_EQ(layers[0].zeros.weights.zeros, 3);
  EXPECT_EQ(layers[0].zeros.weights.elements, 6);
  EXPECT_EQ(layers[0].zeros.inputs.zeros, 2);
  EXPECT_EQ(layers[0].zeros.inputs.elements, 3);
  EXPECT_EQ(layers[0].zeros.outputs.zeros, 1);
  EXPECT_EQ(layers[0].zeros.outputs.elements, 2);
}

TEST(Values, AnEstimateKnowsTheZerosOfWeightsAlone) {
  std::vector<LayerResult> layers(1);
  count_zeros(units(), {}, layers);
  EXPECT_EQ(layers[0].zeros.weights.zeros, 3);
  EXPECT_EQ(layers[0].zeros.inputs.elements, 0);
  EXPECT_EQ(layers[0].zeros.outputs.elements, 0);
}

}  // namespace
}  // namespace milliwatt::sim
