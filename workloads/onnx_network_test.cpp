// SPDX-License-Identifier: Apache-2.0
// A whole small network from an ONNX file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/scratch_folder.h"
#include "workloads/load.h"
#include "workloads/onnx_evaluation.h"
#include "workloads/onnx_small_model.h"

namespace milliwatt::workloads::onnx::testing {
namespace {

using ::testing::ElementsAre;
using Kind = OperatorKind;

/// Real values as they are after being rounded to steps.
Real stepped(Real x, const Step& step) {
  const auto scale = static_cast<double>(step.scale);
  for (double& value : x.values) {
    const double stored = std::nearbyint(value / scale) + step.zero_point;
    value = scale * (std::clamp(stored, -128.0, 127.0) - step.zero_point);
  }
  return x;
}

Real rectified(Real x) {
  for (double& value : x.values) {
    value = std::max(value, 0.0);
  }
  return x;
}

/// small_model(), from the definitions.
Real evaluated(const Real& x) {
  const Real stem = stepped(rectified(convolved(x, kStem, kImageStep.scale)), kStemStep);
  const Real deep = stepped(convolved(stem, kDeep, kStemStep.scale), kDeepStep);
  const Real pool = pooled(stem, 2, 2, 0, false);
  Real sum = pool;
  for (std::size_t i = 0; i < sum.values.size(); ++i) {
    sum.values[i] += deep.values[i];
  }
  sum = stepped(sum, kSumStep);
  const Real flat{{1, static_cast<std::int32_t>(sum.values.size())}, sum.values};
  const auto weights = some_weights(flat.values.size() * 5);
  Real y = stepped(multiplied(flat, 5, weights, true, {}, 0.002), kLogitStep);
  double total = 0.0;
  for (double& value : y.values) {
    value = std::exp(value);
    total += value;
  }
  for (double& value : y.values) {
    value /= total;
  }
  return y;
}

// Five roundings stand one behind the other, and each may fall the other way than in the
// definition. Where that makes a logit two steps, 0.1, more or less, a probability p moves by 0.1 p
// (1 - p) or less, that is 6.4 steps of 1 / 256.
TEST(OnnxNetwork, ASmallNetworkGivesWhatItsDefinitionGives) {
  const Graph graph = expect_close(
      small_model(), [](const std::vector<Real>& in) { return evaluated(in[0]); }, 6.4);
  EXPECT_THAT(kinds_of(graph),
              ElementsAre(Kind::kConv2d, Kind::kDepthwiseConv2d, Kind::kMaxPool2d, Kind::kAdd,
                          Kind::kReshape, Kind::kFullyConnected, Kind::kSoftmax));
  EXPECT_EQ(fused_activation(graph.operators[0]), Activation::kRelu);
  // 6 x 6 x 4 outputs of 3 x 3 x 3 taps, 3 x 3 x 4 of 2 x 2, 36 x 5.
  EXPECT_EQ(macs(graph, graph.operators[0]), 6 * 6 * 4 * 27);
  EXPECT_EQ(macs(graph, graph.operators[1]), 3 * 3 * 4 * 4);
  EXPECT_EQ(macs(graph, graph.operators[5]), 36 * 5);
}

TEST(OnnxNetwork, AChainOfOtherNodesRuns) {
  const Graph graph = read_onnx(chain_model().bytes(), "chain.onnx");
  // The pool takes the joined parts with what the file calls channels last, and the rows are cut in
  // the order of the file: two transpositions.
  EXPECT_THAT(kinds_of(graph),
              ElementsAre(Kind::kPad, Kind::kResizeNearest, Kind::kLeakyRelu, Kind::kLogistic,
                          Kind::kMul, Kind::kConcatenate, Kind::kTranspose, Kind::kAveragePool2d,
                          Kind::kMean, Kind::kTranspose, Kind::kReshape, Kind::kFullyConnected,
                          Kind::kTanh, Kind::kQuantize, Kind::kReshape));
  const auto values = run_reference(graph, seeded_input(graph, 2));
  EXPECT_EQ(values[static_cast<std::size_t>(graph.outputs[0])].size(), 48U);
}

TEST(OnnxNetwork, TheExampleOfTheDocumentsIsTheSmallNetwork) {
  const std::string file = base::read_file(MILLIWATT_SOURCE_DIR "/docs/examples/small.onnx");
  EXPECT_TRUE(file == small_model().bytes());
}

TEST(OnnxNetwork, FilesAreRecognisedByTheirSuffix) {
  const base::ScratchFolder folder;
  folder.write("little.onnx", small_model().bytes());
  const Graph graph = load_network(folder.path("little.onnx"));
  EXPECT_EQ(graph.name, "little");
  EXPECT_EQ(graph.operators.size(), 7U);
}

}  // namespace
}  // namespace milliwatt::workloads::onnx::testing
