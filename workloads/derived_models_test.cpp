// SPDX-License-Identifier: Apache-2.0
// Other precisions and pruned weights for every imported network, with whatever operators it has.
#include <gtest/gtest.h>

#include "workloads/derived_network.h"
#include "workloads/mlperf_tiny.h"
#include "workloads/packing.h"
#include "workloads/seeded.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

/// Bytes of the weights when those that may be narrow have `bits` (0: as they are).
std::int64_t weight_bytes(const Graph& graph, int bits) {
  std::int64_t bytes = 0;
  for (const Operator& op : graph.operators) {
    const bool narrows = op.kind == OperatorKind::kConv2d ||
                         op.kind == OperatorKind::kDepthwiseConv2d ||
                         op.kind == OperatorKind::kFullyConnected;
    for (const std::size_t place : weight_operands(op.kind)) {
      const Tensor& weights = graph.tensor(op.inputs[place]);
      bytes += narrows && bits != 0 ? packed_bytes(weights.elements(), bits) : weights.bytes();
    }
  }
  return bytes;
}

class DerivedModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
  }
};

TEST_P(DerivedModel, RunsAtOtherWidths) {
  const Graph original = mlperf_tiny::read_model(GetParam());
  for (const auto& [weights, activations] : {std::pair{4, 4}, {2, 8}, {3, 5}, {8, 16}}) {
    SCOPED_TRACE(::testing::Message() << weights << ", " << activations);
    const std::string text = "network: x\nquantize: {weights: " + std::to_string(weights) +
                             ", activations: " + std::to_string(activations) +
                             "}\nprune: {fraction: 0.3, pattern: simd_group}\n";
    const Graph graph = derive_network(base::parse_yaml_text(text, "d.yaml"), "derived",
                                       [&](const std::string& /*word*/) { return original; });
    EXPECT_EQ(weight_bytes(graph, 0), weight_bytes(original, weights));
    const TensorValues values = run_reference(graph, seeded_input(graph, 1));
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      const TensorId id = graph.outputs[i];
      EXPECT_EQ(graph.tensor(id).type, original.tensor(original.outputs[i]).type);
      EXPECT_EQ(static_cast<std::int64_t>(values[static_cast<std::size_t>(id)].size()),
                graph.tensor(id).bytes());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, DerivedModel, ::testing::ValuesIn(mlperf_tiny::kNetworks));

}  // namespace
}  // namespace milliwatt::workloads
