// SPDX-License-Identifier: Apache-2.0
#include "workloads/derived_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/layer_trace.h"
#include "workloads/load.h"
#include "workloads/packing.h"
#include "workloads/reference.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph bundled(const std::string& name) {
  return load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/" + name + ".yaml");
}

Graph derived(const std::string& text, const Graph& from) {
  return derive_network(base::parse_yaml_text(text, "d.yaml"), "derived",
                        [&](const std::string& /*word*/) { return from; });
}

std::vector<std::string> faults_of(const std::string& text, const Graph& from) {
  try {
    derived(text, from);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

/// input -> stem -> pool -> two branches -> join -> sum -> dense -> softmax.
Graph small_network() {
  return parse_layer_trace(R"(
layer_trace: 1
name: small
inputs:
  - {name: image, shape: [1, 6, 6, 2], scale: 0.05, zero_point: 3}
layers:
  - {kind: conv2d, name: stem, filters: 4, kernel: 3, activation: relu}
  - {kind: max_pool2d, name: pool, kernel: 2}
  - {kind: depthwise_conv2d, name: deep, kernel: 3}
  - {kind: add, name: sum, inputs: [pool, deep], activation: relu}
  - {kind: fully_connected, name: dense, units: 5}
  - {kind: softmax, name: classes}
)",
                           "small.yaml", "");
}

const Operator& operator_of(const Graph& graph, const std::string& name) {
  for (const Operator& op : graph.operators) {
    if (op.name == name) {
      return op;
    }
  }
  throw base::InternalError("no operator " + name);
}

int output_bits(const Graph& graph, const std::string& name) {
  return element_bits(graph.tensor(operator_of(graph, name).outputs[0]).type);
}

int weight_bits(const Graph& graph, const std::string& name) {
  return element_bits(graph.tensor(operator_of(graph, name).inputs[1]).type);
}

std::vector<std::string> kinds(const Graph& graph) {
  std::vector<std::string> names;
  for (const Operator& op : graph.operators) {
    names.emplace_back(operator_name(op.kind));
  }
  return names;
}

/// Weight elements and bytes of the three kinds that take narrow weights.
std::pair<std::int64_t, std::int64_t> weights_of(const Graph& graph) {
  std::int64_t elements = 0;
  std::int64_t bytes = 0;
  for (const Operator& op : graph.operators) {
    for (const std::size_t place : weight_operands(op.kind)) {
      elements += graph.tensor(op.inputs[place]).elements();
      bytes += graph.tensor(op.inputs[place]).bytes();
    }
  }
  return {elements, bytes};
}

struct Widths {
  const char* network;
  int weights;
  int activations;
};

class DerivedPrecision : public ::testing::TestWithParam<Widths> {};

std::vector<Widths> all_widths() {
  std::vector<Widths> all;
  for (const char* network : {"resnet8", "dscnn", "mobilenetv1_025_96", "autoencoder", "glyphs"}) {
    for (const auto& [weights, activations] :
         {std::pair{8, 8}, {4, 8}, {4, 4}, {2, 8}, {3, 5}, {8, 16}, {2, 16}, {7, 2}}) {
      all.push_back({network, weights, activations});
    }
  }
  return all;
}

TEST_P(DerivedPrecision, IsAValidNetworkThatRuns) {
  const auto [name, weights, activations] = GetParam();
  const Graph original = bundled(name);
  const Graph graph = derived("network: x\nquantize:\n  weights: " + std::to_string(weights) +
                                  "\n  activations: " + std::to_string(activations) + "\n",
                              original);
  const auto [elements, bytes] = weights_of(original);
  EXPECT_EQ(weights_of(graph).first, elements);
  std::int64_t expected = 0;
  for (const Operator& op : original.operators) {
    for (const std::size_t place : weight_operands(op.kind)) {
      expected += packed_bytes(original.tensor(op.inputs[place]).elements(), weights);
    }
  }
  EXPECT_EQ(weights_of(graph).second, expected);
  EXPECT_GT(bytes, expected - 1);
  const TensorValues values = run_reference(graph, seeded_input(graph, 1));
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (tensor.role == TensorRole::kActivation) {
      EXPECT_EQ(static_cast<std::int64_t>(values[i].size()), tensor.bytes()) << tensor.name;
    }
  }
  for (const TensorId id : graph.outputs) {
    EXPECT_EQ(graph.tensor(id).type, ElementType::kInt8);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, DerivedPrecision, ::testing::ValuesIn(all_widths()),
                         [](const auto& test) {
                           return std::string(test.param.network) + "_" +
                                  std::to_string(test.param.weights) + "_" +
                                  std::to_string(test.param.activations);
                         });

TEST(DerivedNetwork, EightAndEightBitsChangeNothing) {
  for (const char* name : {"resnet8", "dscnn", "glyphs"}) {
    const Graph original = bundled(name);
    const Graph graph = derived("network: x\nquantize: {weights: 8, activations: 8}\n", original);
    ASSERT_EQ(graph.tensors.size(), original.tensors.size());
    EXPECT_EQ(graph.operators.size(), original.operators.size());
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      EXPECT_EQ(graph.tensors[i].data, original.tensors[i].data);
      EXPECT_EQ(graph.tensors[i].quantization.scales, original.tensors[i].quantization.scales);
    }
    const auto inputs = seeded_input(original, 3);
    EXPECT_EQ(run_reference(graph, inputs), run_reference(original, inputs));
  }
}

TEST(DerivedNetwork, DefaultsPassOverTheEdges) {
  const Graph graph =
      derived("network: x\nquantize: {weights: 4, activations: 5}\n", small_network());
  EXPECT_EQ(kinds(graph), kinds(small_network()));
  EXPECT_EQ(output_bits(graph, "stem"), 5);
  EXPECT_EQ(output_bits(graph, "pool"), 5);  // follows the stem
  EXPECT_EQ(output_bits(graph, "sum"), 5);
  EXPECT_EQ(output_bits(graph, "dense"), 8);  // softmax takes int8
  EXPECT_EQ(output_bits(graph, "classes"), 8);
  EXPECT_EQ(element_bits(graph.tensor(graph.inputs[0]).type), 8);
}

TEST(DerivedNetwork, LaterEntriesWin) {
  const Graph graph = derived(R"(
network: x
quantize:
  weights: 4
  layers:
    - {kind: depthwise_conv2d, weights: 3, activations: 6}
    - {index: 2, weights: 2}
    - {name: stem, kind: conv2d, activations: 7}
)",
                              small_network());
  EXPECT_EQ(weight_bits(graph, "stem"), 4);
  EXPECT_EQ(weight_bits(graph, "deep"), 2);
  EXPECT_EQ(weight_bits(graph, "dense"), 4);
  EXPECT_EQ(output_bits(graph, "stem"), 7);
  EXPECT_EQ(output_bits(graph, "pool"), 7);
  EXPECT_EQ(output_bits(graph, "deep"), 6);
  EXPECT_EQ(output_bits(graph, "sum"), 8);
}

TEST(DerivedNetwork, QuantizeStandsWhereWidthsMeet) {
  const Graph graph = derived("network: x\nquantize: {activations: 16}\n", small_network());
  EXPECT_THAT(kinds(graph), ElementsAre("quantize", "conv2d", "max_pool2d", "depthwise_conv2d",
                                        "add", "fully_connected", "quantize", "softmax"));
  EXPECT_EQ(operator_of(graph, "image_int16").inputs, graph.inputs);
  const Tensor& image = graph.tensor(operator_of(graph, "image_int16").outputs[0]);
  // From -128 - 3 = -131 steps of 0.05.
  EXPECT_EQ(image.quantization.scales.at(0),
            static_cast<float>(static_cast<double>(0.05F) * 131 / 32767));
  EXPECT_EQ(output_bits(graph, "dense"), 16);
  EXPECT_EQ(graph.tensor(operator_of(graph, "stem").inputs[2]).type, ElementType::kInt64);
}

TEST(DerivedNetwork, OneInt16LayerIsWrappedInQuantize) {
  const Graph graph =
      derived("network: x\nquantize: {layers: [{name: deep, activations: 16}]}\n", small_network());
  EXPECT_THAT(kinds(graph), ElementsAre("conv2d", "max_pool2d", "quantize", "depthwise_conv2d",
                                        "quantize", "add", "fully_connected", "softmax"));
  EXPECT_EQ(output_bits(graph, "deep"), 16);
  EXPECT_EQ(output_bits(graph, "deep_int8"), 8);
}

TEST(DerivedNetwork, NamedLayersBeforeAnEdgeGetAQuantizeBehindThem) {
  const Graph graph =
      derived("network: x\nquantize: {layers: [{name: dense, activations: 4}]}\n", small_network());
  EXPECT_THAT(kinds(graph), ElementsAre("conv2d", "max_pool2d", "depthwise_conv2d", "add",
                                        "fully_connected", "quantize", "softmax"));
  EXPECT_EQ(output_bits(graph, "dense"), 4);
  EXPECT_EQ(output_bits(graph, "dense_int8"), 8);
}

TEST(DerivedNetwork, BiasKeepsItsRealValue) {
  const Graph before = small_network();
  const Graph after = derived("network: x\nquantize: {weights: 4, activations: 4}\n", before);
  for (const char* name : {"stem", "deep", "dense"}) {
    const Operator& old_op = operator_of(before, name);
    const Operator& new_op = operator_of(after, name);
    const auto real = [](const Graph& graph, const Operator& op, std::size_t c) {
      std::int32_t stored = 0;
      std::memcpy(&stored, &graph.tensor(op.inputs[2]).data[4 * c], sizeof stored);
      const auto& scales = graph.tensor(op.inputs[1]).quantization.scales;
      const double step = static_cast<double>(graph.tensor(op.inputs[0]).quantization.scales[0]) *
                          static_cast<double>(scales.size() == 1 ? scales[0] : scales[c]);
      return std::pair{stored * step, step};
    };
    for (std::size_t c = 0; c < 4; ++c) {
      const auto [now, step] = real(after, new_op, c);
      EXPECT_NEAR(now, real(before, old_op, c).first, step * 0.5001) << name;
    }
  }
}

TEST(DerivedNetwork, PrunesBeforeItQuantizes) {
  const Graph original = small_network();
  const Graph graph = derived(R"(
network: x
quantize: {weights: 4}
prune: {fraction: 0.5}
)",
                              original);
  for (const OperatorSummary& op : summarize(graph).operators) {
    // Rounding to 4 bits makes more zeros, never fewer.
    EXPECT_GE(op.zero_weights, op.weights / 2) << op.name;
  }
}

TEST(DerivedNetwork, MayStartFromADerivedOne) {
  const Graph once = derived("network: x\nquantize: {activations: 16}\n", small_network());
  const Graph twice = derived("network: y\nquantize: {activations: 4}\n", once);
  EXPECT_EQ(output_bits(twice, "stem"), 4);
  EXPECT_EQ(weight_bits(twice, "stem"), 8);
}

TEST(DerivedNetwork, FaultsSayWhereAndWhy) {
  const Graph small = small_network();
  EXPECT_THAT(faults_of("network: x\nquantize: {weights: 9}\n", small),
              ElementsAre(HasSubstr("d.yaml:2:21: quantize.weights: found '9'")));
  EXPECT_THAT(faults_of("network: x\nquantize: {activations: 12}\n", small),
              ElementsAre(HasSubstr("2, 3, 4, 5, 6, 7, 8, 16")));
  EXPECT_THAT(faults_of("quantize: {weights: 4}\n", small), ElementsAre(HasSubstr("'network'")));
  EXPECT_THAT(faults_of("network: x\nquantize: {}\n", small),
              ElementsAre(HasSubstr("changes nothing")));
  EXPECT_THAT(faults_of("network: x\nprune: {seed: 2}\n", small),
              ElementsAre(HasSubstr("changes nothing")));
}

TEST(DerivedNetwork, LayersThatCannotChangeSayWhoDecides) {
  const auto messages = faults_of(R"(
network: x
quantize:
  layers:
    - {name: pol, weights: 4}
    - {name: pool, activations: 4}
    - {name: sum, weights: 4}
    - {name: classes, activations: 4}
    - {index: 6, weights: 4}
    - {kind: tanh, activations: 4}
    - {name: sum, kind: conv2d, activations: 4}
    - {weights: 4}
    - {name: stem}
)",
                                  small_network());
  EXPECT_THAT(
      messages,
      ElementsAre("d.yaml:5:7: quantize.layers[0]: network 'small' has no layer 'pol'; did you "
                  "mean 'pool'?",
                  "d.yaml:6:33: quantize.layers[1].activations: the outputs of max_pool2d 'pool' "
                  "have the precision of its inputs, which layer 'stem' decides",
                  "d.yaml:7:28: quantize.layers[2].weights: add 'sum' has no weights",
                  "d.yaml:8:36: quantize.layers[3].activations: the precision of the outputs of "
                  "'classes' cannot be changed: softmax 'classes' is defined for int8 and int16 "
                  "only and stays as it is",
                  "d.yaml:9:7: quantize.layers[4]: network 'small' has no layer 6; its layers are "
                  "0 .. 5",
                  "d.yaml:10:7: quantize.layers[5]: network 'small' has no layer of kind tanh",
                  "d.yaml:11:7: quantize.layers[6]: no layer fits all of name, index and kind "
                  "that are given here",
                  "d.yaml:12:7: quantize.layers[7]: says no layer; give its name, its index or a "
                  "kind, such as {kind: conv2d}",
                  "d.yaml:13:7: quantize.layers[8]: says nothing of its layers; give weights or "
                  "activations"));
}

TEST(DerivedNetwork, TheOutputsOfJoinedLayersMustAgree) {
  Graph graph = small_network();
  const TensorId pooled = operator_of(graph, "pool").outputs[0];
  const TensorId deep = operator_of(graph, "deep").outputs[0];
  // A maximum instead of the sum ties its two operands.
  Operator& join = graph.operators[3];
  join.kind = OperatorKind::kMaximum;
  join.attributes = Plain{};
  check_graph(graph);
  const Graph tied =
      derived("network: x\nquantize: {layers: [{name: deep, activations: 3}]}\n", graph);
  for (const TensorId id : {pooled, deep, join.outputs[0]}) {
    EXPECT_EQ(tied.tensor(id).type, ElementType::kInt3);
  }
  EXPECT_THAT(faults_of("network: x\nquantize: {layers: [{name: deep, activations: 3}, {name: "
                        "stem, activations: 4}]}\n",
                        graph),
              ElementsAre(HasSubstr("the outputs of 'deep' share their precision with those of "
                                    "other layers, which are given 4 bits")));
}

TEST(DerivedNetwork, ConstantOperandsTakeTheWidthOfTheSum) {
  Graph graph = small_network();
  Operator& join = graph.operators[3];
  Tensor offset = graph.tensor(join.inputs[0]);
  offset.name = "offset";
  offset.role = TensorRole::kConstant;
  offset.data.assign(static_cast<std::size_t>(offset.bytes()), 17);
  offset.quantization = {{0.1F}, {-3}, 0};
  join.inputs[0] = static_cast<TensorId>(graph.tensors.size());
  graph.tensors.push_back(offset);
  check_graph(graph);
  const Graph wide =
      derived("network: x\nquantize: {layers: [{name: sum, activations: 16}]}\n", graph);
  const Tensor& moved = wide.tensor(operator_of(wide, "sum").inputs[0]);
  EXPECT_EQ(moved.type, ElementType::kInt16);
  // (17 + 3) * 0.1 = 2 reals in steps of 0.1 * 130 / 32767: 20 * 32767 / 130 = 5041.08.
  EXPECT_EQ(load_element(moved.data.data(), 0, 16), 5041);
}

TEST(DerivedNetwork, PaddingKeepsItsMeaning) {
  Graph graph = small_network();
  // stem -> pad -> pool with a border of the pool's own.
  Operator& pool = graph.operators[1];
  const TensorId stem = pool.inputs[0];
  graph.tensors[static_cast<std::size_t>(stem)].quantization = {{0.5F}, {-128}, 0};
  graph.tensors[static_cast<std::size_t>(pool.outputs[0])].quantization = {{0.5F}, {-128}, 0};
  Tensor border = graph.tensor(stem);
  border.shape = {1, 7, 7, 4};
  Tensor pads = border;
  pads.role = TensorRole::kConstant;
  pads.type = ElementType::kInt32;
  pads.shape = {4, 2};
  pads.quantization = {};
  pads.data.assign(32, 0);
  Operator pad;
  pad.kind = OperatorKind::kPad;
  pad.name = "pad";
  pad.attributes = Pad{{0, 1, 1, 0}, {0, 0, 0, 0}, -26};
  pad.inputs = {stem, static_cast<TensorId>(graph.tensors.size())};
  pad.outputs = {static_cast<TensorId>(graph.tensors.size()) + 1};
  pool.inputs[0] = pad.outputs[0];
  graph.tensors.push_back(pads);
  graph.tensors.push_back(border);
  graph.operators.insert(graph.operators.begin() + 1, pad);
  check_graph(graph);
  const Graph narrow = derived("network: x\nquantize: {activations: 4}\n", graph);
  EXPECT_EQ(output_bits(narrow, "pad"), 4);
  // (-26 + 128) * 0.5 = 51 reals; steps of 0.5 * 255 / 15 = 8.5: 6 above the lowest, -8.
  EXPECT_EQ(std::get<Pad>(operator_of(narrow, "pad").attributes).value, -2);
}

class DerivedFile : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::string fault(const std::string& path) {
    try {
      load_network(path);
    } catch (const base::UserError& error) {
      return error.what();
    }
    return "no fault";
  }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(DerivedFile, StartsFromANameOnTheShelf) {
  const Graph graph =
      load_network(write("mine.yaml", "network: resnet8\nquantize: {weights: 2}\n"));
  EXPECT_EQ(graph.name, "mine");
  EXPECT_EQ(weight_bits(graph, graph.operators[0].name), 2);
  // The same name in another folder means the network of the shelf, not itself.
  const Graph other = load_network(
      write("resnet8.yaml", "network: resnet8\nname: coarse\nquantize: {weights: 3}\n"));
  EXPECT_EQ(other.name, "coarse");
}

TEST_F(DerivedFile, StartsFromAFileBesideIt) {
  write("first.yaml", "network: dscnn\nquantize: {weights: 4}\n");
  const Graph graph =
      load_network(write("second.yaml", "network: first.yaml\nprune: {fraction: 1}\n"));
  EXPECT_EQ(weight_bits(graph, graph.operators[0].name), 4);
  EXPECT_EQ(summarize(graph).zero_weights, summarize(graph).weights);
}

TEST_F(DerivedFile, NamesThatMeanNothingAreRefused) {
  const std::string unknown = write("unknown.yaml", "network: resnet9\nquantize: {weights: 4}\n");
  EXPECT_EQ(fault(unknown), unknown +
                                ":1:10: network: 'resnet9' is neither a file nor the name of a "
                                "network; did you mean 'resnet8'? `milliwatt list` shows all "
                                "names");
  const std::string circle =
      write("circle.yaml", "network: ./circle.yaml\nprune: {fraction: 0.5}\n");
  EXPECT_THAT(fault(circle), HasSubstr("more than 8 networks are derived one from the other"));
}

}  // namespace
}  // namespace milliwatt::workloads
