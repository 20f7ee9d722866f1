// SPDX-License-Identifier: Apache-2.0
// What the classifier of glyphs.yaml still gets right with fewer bits and fewer weights: the
// figures of docs/precision.md.
#include <gtest/gtest.h>

#include "workloads/dataset.h"
#include "workloads/derived_network.h"
#include "workloads/load.h"
#include "workloads/reference.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

const std::string kFolder = MILLIWATT_SOURCE_DIR "/workloads/networks/";

Graph derived(const std::string& changes) {
  return derive_network(
      base::parse_yaml_text("network: glyphs\n" + changes, "d.yaml"), "derived",
      [](const std::string& word) { return load_network(kFolder + word + ".yaml"); });
}

int right_answers(const Graph& graph) {
  const Dataset dataset =
      load_dataset(kFolder + "glyphs/test_images.npy", kFolder + "glyphs/test_labels.npy", graph);
  const TensorId output = graph.outputs.front();
  int right = 0;
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    const TensorValues values = run_reference(graph, {dataset.images[i]});
    const Bytes& classes = values[static_cast<std::size_t>(output)];
    right += predicted_class(graph.tensor(output), classes) == dataset.labels[i] ? 1 : 0;
  }
  return right;
}

struct Figure {
  int weights;
  int activations;
  int right;
  std::int64_t constant_bytes;
  std::int64_t peak_bytes;
};

TEST(DerivedAccuracy, OfGlyphsAtOtherWidths) {
  constexpr Figure kFigures[] = {
      {8, 8, 559, 6920, 2560},  {6, 8, 562, 5426, 2560}, {5, 8, 549, 4679, 2560},
      {4, 8, 535, 3932, 2560},  {3, 8, 327, 3185, 2560}, {2, 8, 50, 2438, 2560},
      {8, 6, 557, 6920, 1920},  {8, 4, 476, 6920, 1280}, {4, 4, 446, 3932, 1280},
      {8, 16, 560, 7864, 5120},
  };
  for (const Figure& figure : kFigures) {
    SCOPED_TRACE(::testing::Message() << figure.weights << ", " << figure.activations);
    const Graph graph = derived("quantize: {weights: " + std::to_string(figure.weights) +
                                ", activations: " + std::to_string(figure.activations) + "}\n");
    EXPECT_EQ(right_answers(graph), figure.right);
    EXPECT_EQ(summarize(graph).constant_bytes, figure.constant_bytes);
    EXPECT_EQ(summarize(graph).peak_live_bytes, figure.peak_bytes);
  }
}

TEST(DerivedAccuracy, OfGlyphsWithHalfALayerPruned) {
  const auto right = [](const std::string& how) {
    return right_answers(
        derived("prune: {layers: [{name: point3, fraction: 0.5, " + how + "}]}\n"));
  };
  EXPECT_EQ(right("pattern: unstructured"), 552);
  EXPECT_EQ(right("pattern: simd_group"), 483);
  EXPECT_EQ(right("pattern: channel"), 308);
  EXPECT_EQ(right("pattern: unstructured, criterion: random"), 371);
  EXPECT_EQ(right("pattern: simd_group, criterion: random"), 249);
  EXPECT_EQ(right("pattern: channel, criterion: random"), 255);
}

TEST(DerivedAccuracy, OfTheBundledExamples) {
  const Graph mixed = load_network(kFolder + "glyphs_mixed.yaml");
  EXPECT_EQ(right_answers(mixed), 550);
  EXPECT_EQ(summarize(mixed).constant_bytes, 4592);
  const Graph pruned = load_network(kFolder + "glyphs_pruned.yaml");
  EXPECT_EQ(right_answers(pruned), 534);
  // 1152 / 4 + 3072 / 2 pruned weights, and 11 zeros in other layers: 30.7 % of 5976.
  EXPECT_EQ(summarize(pruned).zero_weights, 288 + 1536 + 11);
}

TEST(DerivedSizes, OfResnet8) {
  constexpr Figure kFigures[] = {{8, 8, 0, 78744, 49152},
                                 {4, 8, 0, 40064, 49152},
                                 {4, 4, 0, 40064, 24576},
                                 {2, 8, 0, 20724, 49152},
                                 {8, 16, 0, 80128, 98304}};
  for (const Figure& figure : kFigures) {
    const Graph graph = derive_network(
        base::parse_yaml_text(
            "network: resnet8\nquantize: {weights: " + std::to_string(figure.weights) +
                ", activations: " + std::to_string(figure.activations) + "}\n",
            "d.yaml"),
        "derived", [](const std::string& word) { return load_network(kFolder + word + ".yaml"); });
    EXPECT_EQ(summarize(graph).constant_bytes, figure.constant_bytes);
    EXPECT_EQ(summarize(graph).peak_live_bytes, figure.peak_bytes);
  }
}

}  // namespace
}  // namespace milliwatt::workloads
