// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/scratch_folder.h"
#include "workloads/load.h"
#include "workloads/npy.h"
#include "workloads/reference.h"

namespace milliwatt::workloads {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A trace with one input 1x6x6x4 and the given layers.
Graph parse(const std::string& layers, const std::string& head = "",
            const std::string& folder = "") {
  return parse_layer_trace("layer_trace: 1\nname: net\n" + head +
                               "inputs:\n  - {name: in, shape: [1, 6, 6, 4]}\nlayers:\n" + layers,
                           "net.yaml", folder);
}

std::vector<std::string> faults_of(const std::string& layers, const std::string& folder = "") {
  try {
    parse(layers, "", folder);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

const Tensor& output_of(const Graph& graph, std::size_t op) {
  return graph.tensor(graph.operators.at(op).outputs.at(0));
}

TEST(LayerTrace, WorksOutShapesAndNames) {
  const Graph graph = parse(
      "  - {kind: conv2d, filters: 8, kernel: [3, 5], stride: [2, 1], padding: valid}\n"
      "  - {kind: depthwise_conv2d, name: deep, kernel: 3, multiplier: 2, activation: relu6}\n"
      "  - {kind: max_pool2d, kernel: 2}\n"
      "  - {kind: reshape, shape: [1, 16]}\n"
      "  - {kind: fully_connected, units: 5, bias: false}\n"
      "  - {kind: softmax, output_type: int16}\n");
  EXPECT_EQ(graph.operators[0].name, "conv2d_0");
  EXPECT_EQ(output_of(graph, 0).name, "conv2d_0");
  EXPECT_THAT(output_of(graph, 0).shape, ElementsAre(1, 2, 2, 8));   // (6 - 3) / 2 + 1, 6 - 5 + 1
  EXPECT_THAT(output_of(graph, 1).shape, ElementsAre(1, 2, 2, 16));  // same: 2 x 2
  EXPECT_THAT(output_of(graph, 2).shape, ElementsAre(1, 1, 1, 16));
  EXPECT_THAT(output_of(graph, 4).shape, ElementsAre(1, 5));
  EXPECT_EQ(graph.operators[4].inputs[2], kNoTensor);
  EXPECT_EQ(output_of(graph, 5).type, ElementType::kInt16);
  EXPECT_EQ(graph.outputs, graph.operators[5].outputs);
  EXPECT_EQ(graph.weights, WeightsOrigin::kSeeded);
}

TEST(LayerTrace, ExplicitPadsGroupsAndDilation) {
  const Graph graph = parse(
      "  - {kind: conv2d, filters: 6, kernel: 2, dilation: 2, groups: 2, padding: [0, 1, 2, 0]}\n");
  // Reach (2 - 1) * 2 + 1 = 3: 6 + 1 - 3 + 1 = 5 rows, 6 + 2 - 3 + 1 = 6 columns.
  EXPECT_THAT(output_of(graph, 0).shape, ElementsAre(1, 5, 6, 6));
  EXPECT_THAT(graph.tensor(graph.operators[0].inputs[1]).shape, ElementsAre(6, 2, 2, 2));
}

TEST(LayerTrace, OutputsMayBeNamed) {
  const Graph graph = parse(
      "  - {kind: conv2d, name: a, filters: 4, kernel: 1}\n"
      "  - {kind: add, name: b, inputs: [a, in]}\n",
      "outputs: [b, a]\n");
  EXPECT_EQ(graph.outputs,
            (std::vector<TensorId>{graph.operators[1].outputs[0], graph.operators[0].outputs[0]}));
}

TEST(LayerTrace, ValuesDependOnSeedAndNameOnly) {
  const std::string layer = "  - {kind: conv2d, name: a, filters: 4, kernel: 1}\n";
  const auto weights = [](const Graph& graph, std::size_t op) {
    return graph.tensor(graph.operators.at(op).inputs.at(1)).data;
  };
  const auto alone = weights(parse(layer), 0);
  const Graph behind =
      parse("  - {kind: conv2d, name: z, filters: 4, kernel: 1, activation: relu}\n" + layer);
  EXPECT_EQ(alone, weights(behind, 1));
  EXPECT_NE(alone, weights(behind, 0));
  EXPECT_NE(alone, weights(parse(layer, "seed: 2\n"), 0));
}

TEST(LayerTrace, SeededWeightsFollowTheDocumentedGenerator) {
  const Graph graph = parse("  - {kind: conv2d, name: a, filters: 4, kernel: 1}\n");
  const std::string start = "1/a/weights";
  Xorshift32 generator(base::crc32(start.data(), start.size()));
  for (const std::uint8_t byte : graph.tensor(graph.operators[0].inputs[1]).data) {
    const int expected = std::max(static_cast<int>(generator.next()) >> 24, -127);
    EXPECT_EQ(static_cast<std::int8_t>(byte), expected);
  }
}

TEST(LayerTrace, OfResnet8SaturatesLittleAndUsesItsRange) {
  const Graph graph = load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/resnet8.yaml");
  const TensorValues values = run_reference(graph, seeded_input(graph, 1));
  int weighted = 0;
  for (const Operator& op : graph.operators) {
    if (op.kind != OperatorKind::kConv2d && op.kind != OperatorKind::kAdd) {
      continue;
    }
    const Bytes& bytes = values[static_cast<std::size_t>(op.outputs[0])];
    const auto high = std::count(bytes.begin(), bytes.end(), std::uint8_t{127});
    EXPECT_LT(static_cast<double>(high), 0.01 * static_cast<double>(bytes.size())) << op.name;
    EXPECT_GT(std::set<std::uint8_t>(bytes.begin(), bytes.end()).size(), 100U) << op.name;
    ++weighted;
  }
  EXPECT_EQ(weighted, 9 + 3);
}

TEST(LayerTrace, Resnet8HasTheSameValuesEverywhere) {
  const Graph graph = load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/resnet8.yaml");
  const TensorValues values = run_reference(graph, seeded_input(graph, 1));
  Bytes all;
  for (const Operator& op : graph.operators) {
    const Bytes& bytes = values[static_cast<std::size_t>(op.outputs[0])];
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  // 4 x 16,384 + 4 x 8,192 + 4 x 4,096 + 2 x 64 + 2 x 10 bytes. The digest was recorded once: it
  // holds scales and seeded values still from one compiler and version to the next.
  EXPECT_EQ(all.size(), 114'836U);
  EXPECT_EQ(base::digest_text(all.data(), all.size()), "8426ebeb5db27508");
}

TEST(LayerTrace, Resnet8HasThePublishedSize) {
  const Graph graph = load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/resnet8.yaml");
  std::int64_t total_macs = 0;
  std::int64_t total_parameters = 0;
  for (const Operator& op : graph.operators) {
    total_macs += macs(graph, op);
    total_parameters += parameters(graph, op);
  }
  EXPECT_EQ(total_macs, 12'501'632);
  EXPECT_EQ(total_parameters, 77'706);
}

class LayerTraceFiles : public testing::Test {
 protected:
  void write(const std::string& name, const NpyArray& array) {
    std::ofstream(scratch_.path(name), std::ios::binary) << format_npy(array);
  }

  base::ScratchFolder scratch_;
  const std::filesystem::path folder_ = scratch_.path("");
};

TEST_F(LayerTraceFiles, GiveWeightsBiasAndScales) {
  write("w.npy", {ElementType::kInt8, {2, 1, 1, 4}, {1, 2, 3, 4, 5, 6, 7, 0xF8}});
  write("b.npy", {ElementType::kInt32, {2}, {9, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}});
  const Graph graph = parse(
      "  - {kind: conv2d, filters: 2, kernel: 1, weights_file: w.npy, weights_scale: [0.5, 0.25],\n"
      "     bias_file: b.npy, output_scale: 0.125, output_zero_point: -7}\n",
      "", folder_.string());
  EXPECT_EQ(graph.weights, WeightsOrigin::kFile);
  const Tensor& weights = graph.tensor(graph.operators[0].inputs[1]);
  EXPECT_EQ(weights.data, (Bytes{1, 2, 3, 4, 5, 6, 7, 0xF8}));
  EXPECT_THAT(weights.quantization.scales, ElementsAre(0.5F, 0.25F));
  EXPECT_EQ(graph.tensor(graph.operators[0].inputs[2]).data,
            (Bytes{9, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_EQ(output_of(graph, 0).quantization.zero_point(), -7);
}

TEST_F(LayerTraceFiles, PackInt4LowNibbleFirst) {
  write("w.npy", {ElementType::kInt8, {1, 1, 1, 4}, {1, 0xF8, 7, 0xFF}});
  const std::string layer =
      "  - {kind: conv2d, filters: 1, kernel: 1, weights_type: int4, weights_file: w.npy,\n"
      "     weights_scale: 0.5, bias: false}\n";
  const Graph graph = parse(layer, "", folder_.string());
  EXPECT_EQ(graph.tensor(graph.operators[0].inputs[1]).data, (Bytes{0x81, 0xF7}));
  write("w.npy", {ElementType::kInt8, {1, 1, 1, 4}, {1, 8, 7, 0xFF}});
  EXPECT_THAT(faults_of(layer, folder_.string()).at(0), HasSubstr("holds 8, which does not fit"));
}

TEST_F(LayerTraceFiles, MustHaveTheRightShapeTypeAndScale) {
  write("w.npy", {ElementType::kInt8, {4, 1, 1, 2}, Bytes(8, 1)});
  const std::string folder = folder_.string();
  EXPECT_THAT(faults_of("  - {kind: conv2d, filters: 2, kernel: 1, weights_file: w.npy}\n", folder),
              ElementsAre(HasSubstr("'weights_file' needs 'weights_scale'")));
  const std::string layer =
      "  - {kind: conv2d, filters: 2, kernel: 1, weights_file: w.npy, weights_scale: 1.0}\n";
  EXPECT_THAT(faults_of(layer, folder),
              ElementsAre(HasSubstr("holds int8 [4, 1, 1, 2]; expected int8 [2, 1, 1, 4]")));
  write("w.npy", {ElementType::kInt16, {2, 1, 1, 4}, Bytes(16, 1)});
  EXPECT_THAT(faults_of(layer, folder), ElementsAre(HasSubstr("holds int16")));
}

TEST(LayerTraceFault, AllAreReportedWithTheirPlace) {
  EXPECT_THAT(
      faults_of("  - {kind: conv2d, filters: 0, kernel: 3, paddin: same}\n"
                "  - {kind: conv}\n"
                "  - {kind: add, inputs: in}\n"
                "  - {kind: max_pool2d, kernel: [1, 2, 3]}\n"),
      ElementsAre(HasSubstr("net.yaml:6:29: layers[0].filters:"),
                  HasSubstr("net.yaml:6:43: layers[0].paddin: unknown key; did you mean 'padding'"),
                  HasSubstr("net.yaml:7:12: layers[1].kind: found 'conv'"),
                  HasSubstr("net.yaml:8:25: layers[2].inputs: found 'in'; expected a list"),
                  HasSubstr("net.yaml:9:32: layers[3].kernel: found 3 numbers")));
}

TEST(LayerTraceFault, LayersThatReadABrokenOneAreNotBlamed) {
  EXPECT_THAT(faults_of("  - {kind: conv2d, name: a, filters: 0, kernel: 3}\n"
                        "  - {kind: add, name: b, inputs: [a, in]}\n"
                        "  - {kind: softmax, name: c}\n"
                        "  - {kind: reshape, inputs: [in], shape: [1, 3]}\n"),
              ElementsAre(HasSubstr("net.yaml:6:38: layers[0].filters: found '0'"),
                          HasSubstr("net.yaml:9:5: layers[3]: reshape_3: changes ")));
}

TEST(LayerTraceFault, TensorsMustFitTogether) {
  // 1 x 40 input, 40 x 100 weights and 100 outputs: 4140 bytes; a bias is left out.
  const std::string text =
      "layer_trace: 1\nname: net\ninputs:\n  - {name: in, shape: [1, 40]}\n"
      "layers:\n  - {kind: fully_connected, units: 100, bias: false}\n";
  EXPECT_EQ(parse_layer_trace(text, "net.yaml", "", 4140).tensors.size(), 3);
  EXPECT_THROW(parse_layer_trace(text, "net.yaml", "", 4139), base::UserError);
}

TEST(LayerTraceFault, UnknownNamesComeWithTheNearest) {
  EXPECT_THAT(
      faults_of("  - {kind: conv2d, name: first, filters: 4, kernel: 1}\n"
                "  - {kind: add, inputs: [frist, in]}\n"),
      ElementsAre(HasSubstr("'frist' is neither an input nor an earlier layer; did you mean "
                            "'first'?")));
}

TEST(LayerTraceFault, OneSlipGivesOneMessage) {
  // Layer b reads the faulty a; only a is reported.
  EXPECT_THAT(faults_of("  - {kind: conv2d, name: a, filters: 4, kernel: 9, padding: valid}\n"
                        "  - {kind: softmax, name: b}\n"
                        "  - {kind: add, inputs: [a, b]}\n"),
              ElementsAre(HasSubstr("the window of 9 x 9 does not fit the input of 6 x 6")));
}

TEST(LayerTraceFault, AllWrongShapesAreReportedAtOnce) {
  // Layer 0 keeps 8 filters on 6 x 6 though 4 channels are no 3 groups, so layer 1 is judged, and
  // not the sum of its unknown output; the keys of 3 and 5 tell their shapes.
  EXPECT_THAT(faults_of("  - {kind: conv2d, name: a, filters: 8, kernel: 1, groups: 3}\n"
                        "  - {kind: max_pool2d, name: b, kernel: 7}\n"
                        "  - {kind: add, name: c, inputs: [b, in]}\n"
                        "  - {kind: fully_connected, name: d, units: 10}\n"
                        "  - {kind: reshape, name: e, shape: [1, 11]}\n"
                        "  - {kind: reshape, name: f, shape: [1, 12]}\n"
                        "  - {kind: add, name: g, inputs: [b]}\n"
                        "  - {kind: add, name: h, inputs: [d, frist], output_scale: 0.5}\n"),
              ElementsAre(HasSubstr("layers[0]: "), HasSubstr("layers[1]: the window of 7 x 7"),
                          HasSubstr("layers[4]: e: changes 10 elements into 11"),
                          HasSubstr("layers[5]: f: changes 11 elements into 12"),
                          HasSubstr("layers[6]: add takes 2 inputs, 1 given"),
                          HasSubstr("go together"), HasSubstr("'frist' is neither")));
}

TEST(LayerTraceFault, RulesOfOperatorsHold) {
  EXPECT_THAT(faults_of("  - {kind: add, inputs: [in]}\n"),
              ElementsAre(HasSubstr("takes 2 inputs")));
  EXPECT_THAT(faults_of("  - {kind: reshape, shape: [1, 143]}\n"),
              ElementsAre(HasSubstr("changes 144 elements into 143")));
  EXPECT_THAT(faults_of("  - {kind: conv2d, filters: 4, kernel: 1, groups: 3}\n"),
              ElementsAre(HasSubstr("into 3 groups")));
  EXPECT_THAT(faults_of("  - {kind: conv2d, name: in, filters: 4, kernel: 1}\n"),
              ElementsAre(HasSubstr("the name 'in' is used twice")));
  EXPECT_THAT(faults_of("  - {kind: conv2d, filters: 4, kernel: 1, output_scale: 1.0}\n"),
              ElementsAre(HasSubstr("go together")));
  EXPECT_THAT(faults_of("  - {kind: fully_connected, units: 2, weights_scale: [1.0, 2.0, 3.0]}\n"),
              ElementsAre(HasSubstr("'weights_scale' has 3 entries; expected 1 or 2")));
}

TEST(LayerTraceFault, DocumentNeedsVersionNameInputsAndLayers) {
  try {
    parse_layer_trace("seed: 0\n", "net.yaml", "");
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_EQ(error.messages().size(), 5U) << error.what();  // name, seed, version, inputs, layers
  }
}

}  // namespace
}  // namespace milliwatt::workloads
