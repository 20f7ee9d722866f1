// SPDX-License-Identifier: Apache-2.0
// What a layer trace must be able to say so that any network can be written as one.
#include "workloads/layer_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "workloads/graph_testing.h"
#include "workloads/layer_export_testing.h"
#include "workloads/load.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"
#include "workloads/tflite.h"
#include "workloads/tflite_further_models.h"

namespace milliwatt::workloads {
namespace {

using testing::constant;
using testing::difference;
using testing::exported_and_read;
using ::testing::HasSubstr;
using testing::int8_tensor;

void expect_same(const Graph& graph) {
  const Graph again = exported_and_read(graph);
  EXPECT_EQ(difference(graph, again), "") << export_layer_trace(graph).yaml;
}

/// A convolution of 1 x 2 x 2 x 1 with one filter of 1 x 1, with or without a bias.
Graph convolution(bool with_bias = true) {
  Tensor bias = testing::bias_tensor({-7});
  std::vector<Tensor> tensors = {int8_tensor({1, 2, 2, 1}, 0.1F, 3),
                                 constant(int8_tensor({1, 1, 1, 1}, 0.3F), {5}), bias,
                                 int8_tensor({1, 2, 2, 1}, 0.7F, -9)};
  if (!with_bias) {
    tensors.erase(tensors.begin() + 2);
  }
  return testing::single(OperatorKind::kConv2d, Conv2d{}, tensors);
}

TEST(LayerExport, BundledNetworksComeBack) {
  int checked = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(MILLIWATT_SOURCE_DIR "/workloads/networks")) {
    if (entry.path().extension() == ".yaml") {
      const Graph graph = load_network(entry.path().string());
      const Graph again = exported_and_read(graph);
      EXPECT_EQ(difference(graph, again), "") << graph.name;
      const auto inputs = seeded_input(graph, 1);
      EXPECT_TRUE(run_reference(graph, inputs) == run_reference(again, inputs)) << graph.name;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 8);
}

TEST(LayerExport, NetworksOfEveryKindComeBack) {
  for (const auto& models : {tflite::small_models(), tflite::further_models()}) {
    for (const auto& [name, model] : models) {
      expect_same(read_tflite(tflite::build_model(model), name));
    }
  }
}

TEST(LayerExport, NamesMayBeOddEmptyOrTheSame) {
  Graph graph = convolution();
  graph.name = "a: b/c";
  graph.tensors[0].name = "in, {x}: \"y\" # \\ \n\t\x01 \xC3\xA4";
  graph.tensors[1].name = "w";
  graph.tensors[2].name = "w";
  graph.tensors[3].name = "";
  graph.operators[0].name = "";
  const ExportedTrace trace = export_layer_trace(graph);
  EXPECT_EQ(trace.name, "a__b_c");
  EXPECT_THAT(trace.yaml, HasSubstr("{name: \"w#2\", label: w, "));
  expect_same(graph);
  graph.tensors[3].name = "w#2";  // the name that the second w would get
  expect_same(graph);
  for (const char* word : {"null", "~", "1", "true", "-", "a ",
                           "\xEF\xBB\xBF"
                           "a",
                           ""}) {
    graph.name = word;
    graph.tensors[0].name = word;
    graph.operators[0].name = word;
    expect_same(graph);
  }
}

TEST(LayerExport, OptionalOperandsMayBeAbsentInEitherWay) {
  Graph graph = convolution(false);
  EXPECT_EQ(graph.operators[0].inputs.size(), 2);
  expect_same(graph);
  graph.operators[0].inputs.push_back(kNoTensor);
  EXPECT_THAT(export_layer_trace(graph).yaml, HasSubstr("inputs: [t, \"t#1\", ~]"));
  expect_same(graph);
}

TEST(LayerExport, ScalesComeBackToTheLastBit) {
  Graph graph = convolution();
  std::uint32_t bits = 0x00000001;  // from the smallest float32 to the largest
  for (; bits < 0x7F800000U; bits += 0x00FEDCBAU) {
    float scale = 0.0F;
    std::memcpy(&scale, &bits, sizeof scale);
    EXPECT_EQ(static_cast<float>(shortest_double(scale)), scale);
    graph.tensors[2].quantization.scales = {scale};
    expect_same(graph);
  }
  graph.tensors[1].quantization.scales = {0.1F};
  EXPECT_THAT(export_layer_trace(graph).yaml, HasSubstr("scale: 0.1, "));
}

TEST(LayerExport, ConstantsMayBeSharedAndBeOutputs) {
  Graph graph = convolution();
  Operator second = graph.operators[0];
  graph.tensors.push_back(graph.tensors[3]);
  second.outputs = {4};
  second.name = "again";
  graph.operators.push_back(second);
  graph.outputs = {4, 3, 1, 0, 4};
  graph.batch = 7;
  graph.weights = WeightsOrigin::kSeeded;
  check_graph(graph);
  expect_same(graph);
}

TEST(LayerExport, UnusedTensorsStay) {
  Graph graph = convolution();
  Tensor empty;
  empty.name = "left behind";
  empty.shape = {0};
  empty.quantization = {{0.5F}, {3}, 0};
  graph.tensors.insert(graph.tensors.end(), {empty, int8_tensor({3}), int8_tensor({})});
  graph.tensors[5].quantization = {};
  graph.tensors[6].type = ElementType::kFloat32;
  check_graph(graph);
  expect_same(graph);
}

TEST(LayerExport, PackedAndWideConstantsComeBack) {
  Graph graph = convolution();
  graph.tensors.push_back(constant(int8_tensor({3}), {0x81, 0x07}));
  graph.tensors.back().type = ElementType::kInt4;
  graph.tensors.push_back(constant(int8_tensor({5}), {0xE4, 0x03}));
  graph.tensors.back().type = ElementType::kInt2;  // 0, 1, -2, -1, -1
  graph.tensors.push_back(
      constant(int8_tensor({1}), {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}));
  graph.tensors.back().type = ElementType::kInt64;
  std::vector<std::uint8_t> bytes(36, 0x80);
  graph.tensors.push_back(constant(int8_tensor({3, 3}), bytes));
  graph.tensors.back().type = ElementType::kInt32;  // too many for the trace itself
  graph.tensors.push_back(constant(int8_tensor({9}), bytes));
  graph.tensors.back().type = ElementType::kFloat32;
  check_graph(graph);
  EXPECT_EQ(export_layer_trace(graph).files.size(), 1 + 4);
  expect_same(graph);
}

TEST(LayerExport, EqualNetworksGiveEqualBytes) {
  const ExportedTrace a = export_layer_trace(convolution());
  const ExportedTrace b = export_layer_trace(convolution());
  EXPECT_EQ(a.yaml, b.yaml);
  ASSERT_EQ(a.files.size(), 1);
  EXPECT_EQ(a.files[0].path, "single/0001_t.npy");
  EXPECT_EQ(a.files[0].bytes, b.files[0].bytes);
}

TEST(LayerExport, NamesThatAreNoTextAreRefused) {
  Graph graph = convolution();
  graph.tensors[0].name = "\xFF";
  EXPECT_THROW(export_layer_trace(graph), base::UserError);
}

}  // namespace
}  // namespace milliwatt::workloads
