// SPDX-License-Identifier: Apache-2.0
// Layer traces of all kinds of operators: shapes, types and scales that the reader works out, and
// values that the reference kernels make of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "workloads/layer_export_testing.h"
#include "workloads/layer_trace.h"
#include "workloads/packing.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kTraces = MILLIWATT_SOURCE_DIR "/tests/fuzz/traces/";

const Tensor& tensor_named(const Graph& graph, const std::string& name) {
  const auto found = std::find_if(graph.tensors.begin(), graph.tensors.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  if (found == graph.tensors.end()) {
    throw base::InternalError("no tensor " + name);
  }
  return *found;
}

/// A trace with one input, 1x4x4x2 of int8 with scale 0.5 and zero point 3, and the given layers.
Graph parse(const std::string& layers, const std::string& head = "") {
  return parse_layer_trace(
      "layer_trace: 1\nname: net\n" + head +
          "inputs:\n  - {name: in, shape: [1, 4, 4, 2], scale: 0.5, zero_point: 3}\nlayers:\n" +
          layers,
      "net.yaml", "");
}

std::vector<std::string> faults_of(const std::string& layers) {
  try {
    parse(layers);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

void expect_output(const Graph& graph, const std::string& name, float scale,
                   std::int32_t zero_point) {
  const Tensor& tensor = tensor_named(graph, name);
  EXPECT_THAT(tensor.quantization.scales, ElementsAre(scale)) << name;
  EXPECT_EQ(tensor.quantization.zero_point(), zero_point) << name;
}

/// The traces from which fuzzing starts hold every kind.
TEST(LayerKinds, AllAreReadRunAndWritten) {
  std::set<OperatorKind> seen;
  for (const char* name : {"sums", "elementwise", "movement", "sequences", "declared"}) {
    const Graph graph = read_layer_trace(kTraces + name + ".yaml");
    const TensorValues values = run_reference(graph, seeded_input(graph, 1));
    for (const Operator& op : graph.operators) {
      seen.insert(op.kind);
      for (const TensorId id : op.outputs) {
        const auto& bytes = values.at(static_cast<std::size_t>(id));
        EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), graph.tensor(id).bytes()) << op.name;
      }
    }
    EXPECT_EQ(testing::difference(graph, testing::exported_and_read(graph)), "") << name;
  }
  EXPECT_EQ(seen.size(), kOperatorKinds);
}

/// Estimated scales use the range and saturate little.
TEST(LayerKinds, EstimatedScalesFitTheValues) {
  const Graph graph = parse(
      "  - {kind: conv2d, name: a, filters: 16, kernel: 3}\n"
      "  - {kind: transpose_conv2d, name: b, filters: 16, kernel: 4, stride: 2}\n"
      "  - {kind: leaky_relu, name: c, alpha: 0.25}\n"
      "  - {kind: hard_swish, name: d}\n"
      "  - {kind: mul, name: e, inputs: [b, d]}\n"
      "  - {kind: sub, name: f, inputs: [e, c]}\n"
      "  - {kind: relu, name: g}\n"
      "  - {kind: reshape, name: rows, shape: [64, 16]}\n"
      "  - {kind: reshape, name: others, inputs: [a], shape: [16, 16]}\n"
      "  - {kind: batch_matmul, name: h, inputs: [rows, others], transpose_b: true}\n"
      "  - {kind: quantize, name: i, output_type: int4}\n");
  const TensorValues values = run_reference(graph, seeded_input(graph, 1));
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
    const Tensor& tensor = tensor_named(graph, name);
    const auto id = static_cast<std::size_t>(&tensor - graph.tensors.data());
    const int bits = element_bits(tensor.type);
    std::int64_t saturated = 0;
    std::set<std::int32_t> distinct;
    for (std::int64_t i = 0; i < tensor.elements(); ++i) {
      const std::int32_t value = load_element(values[id].data(), i, bits);
      saturated += value == highest_element(bits) ? 1 : 0;
      distinct.insert(value);
    }
    EXPECT_LT(saturated, tensor.elements() / 20) << name;
    EXPECT_GT(distinct.size(), bits == 4 ? 5U : 40U) << name;
  }
}

TEST(LayerKinds, FixedScalesFollowTheBits) {
  const Graph graph = parse(
      "  - {kind: logistic, name: gate}\n"
      "  - {kind: tanh, name: flat, inputs: [in]}\n"
      "  - {kind: softmax, name: classes, inputs: [in]}\n"
      "  - {kind: softmax, name: wide, inputs: [in], output_type: int16}\n"
      "  - {kind: quantize, name: q, inputs: [in], output_type: int16}\n"
      "  - {kind: logistic, name: wide_gate, inputs: [q]}\n"
      "  - {kind: tanh, name: wide_flat, inputs: [q]}\n");
  expect_output(graph, "gate", 1.0F / 256, -128);
  expect_output(graph, "flat", 1.0F / 128, 0);
  expect_output(graph, "classes", 1.0F / 256, -128);
  expect_output(graph, "wide", 1.0F / 65536, -32768);
  expect_output(graph, "wide_gate", 1.0F / 32768, 0);
  expect_output(graph, "wide_flat", 1.0F / 32768, 0);
}

TEST(LayerKinds, MovementKeepsTheScaleOfItsData) {
  const Graph graph = parse(
      "  - {kind: pad, name: a, before: [0, 1, 0, 0], after: [0, 0, 2, 0]}\n"
      "  - {kind: slice, name: b, begin: [0, -3, 1, 0], end: [1, 5, 6, 1], step: [1, 2, 3, 1]}\n"
      "  - {kind: slice, name: c, inputs: [a], begin: [0, 2, 0, 1], end: [1, 3, 6, 2],\n"
      "     squeeze: [0, -1]}\n"
      "  - {kind: transpose, name: d, inputs: [a], permutation: [0, 3, 2, 1]}\n"
      "  - {kind: mean, name: e, inputs: [a], axes: [-1, 1]}\n"
      "  - {kind: reduce_max, name: f, inputs: [a], axes: [2], keep_dimensions: true}\n"
      "  - {kind: concatenate, name: g, inputs: [a, a, a], axis: -1}\n"
      "  - {kind: concatenate, name: h, inputs: [a, a], axis: 4, stack: true}\n"
      "  - {kind: resize_nearest, name: i, inputs: [in], size: [8, 3]}\n");
  const std::map<std::string, std::vector<std::int32_t>> shapes = {
      {"a", {1, 5, 6, 2}}, {"b", {1, 2, 2, 1}},  // rows 2, 4 of 5; columns 1, 4 of 6
      {"c", {1, 6}},       {"d", {1, 2, 6, 5}},    {"e", {1, 6}},      {"f", {1, 5, 1, 2}},
      {"g", {1, 5, 6, 6}}, {"h", {1, 5, 6, 2, 2}}, {"i", {1, 8, 3, 2}}};
  for (const auto& [name, shape] : shapes) {
    EXPECT_EQ(tensor_named(graph, name).shape, shape) << name;
    expect_output(graph, name, 0.5F, 3);
  }
  EXPECT_EQ(std::get<Pad>(graph.operators[0].attributes).value, 3);  // the zero point
  const auto& slice = std::get<Slice>(graph.operators[1].attributes);
  EXPECT_THAT(slice.begin, ElementsAre(0, 2, 1, 0));
  EXPECT_THAT(slice.count, ElementsAre(1, 2, 2, 1));
}

/// 2 x 2 of 4 x 4 elements are one sum: 16 times the scale, so that it cannot saturate.
TEST(LayerKinds, ASumWidensItsScale) {
  const Graph graph = parse("  - {kind: sum, name: a, axes: [1, 2]}\n");
  EXPECT_THAT(tensor_named(graph, "a").shape, ElementsAre(1, 2));
  expect_output(graph, "a", 8.0F, 3);
}

TEST(LayerKinds, ASplitHasOutputsByName) {
  const Graph graph = parse(
      "  - {kind: split, name: cut, axis: 1, parts: 2}\n"
      "  - {kind: split, inputs: [in], axis: 2, sizes: [1, 3], outputs: [left, right]}\n"
      "  - {kind: split, name: all, inputs: [in], axis: -1, unstack: true}\n"
      "  - {kind: add, inputs: [cut_1, cut_0]}\n",
      "outputs: [right, all_1]\n");
  EXPECT_THAT(tensor_named(graph, "cut_1").shape, ElementsAre(1, 2, 4, 2));
  EXPECT_THAT(tensor_named(graph, "left").shape, ElementsAre(1, 4, 1, 2));
  EXPECT_THAT(tensor_named(graph, "all_1").shape, ElementsAre(1, 4, 4));
  EXPECT_EQ(graph.outputs.size(), 2);
}

TEST(LayerKinds, TransposedConvolutionsUndoAWindow) {
  const Graph graph = parse(
      "  - {kind: transpose_conv2d, name: same, filters: 3, kernel: 3, stride: 2}\n"
      "  - {kind: transpose_conv2d, name: valid, inputs: [in], filters: 3, kernel: 3, stride: 2,\n"
      "     padding: valid}\n"
      "  - {kind: transpose_conv2d, name: told, inputs: [in], filters: 3, kernel: 3, stride: 2,\n"
      "     padding: valid, size: [10, 9]}\n"
      "  - {kind: transpose_conv2d, name: framed, inputs: [in], filters: 3, kernel: [3, 2],\n"
      "     padding: [1, 0, 0, 1]}\n");
  EXPECT_THAT(tensor_named(graph, "same").shape, ElementsAre(1, 8, 8, 3));   // 4 * 2
  EXPECT_THAT(tensor_named(graph, "valid").shape, ElementsAre(1, 9, 9, 3));  // (4 - 1) * 2 + 3
  EXPECT_THAT(tensor_named(graph, "told").shape, ElementsAre(1, 10, 9, 3));
  EXPECT_THAT(tensor_named(graph, "framed").shape,
              ElementsAre(1, 5, 4, 3));  // 3 + 3 - 1, 3 + 2 - 1
}

TEST(LayerKinds, TypesFollowTheKeysOfEachLayer) {
  const Graph graph = parse(
      "  - {kind: conv2d, name: a, filters: 4, kernel: 1, weights_type: int2, output_type: int4}\n"
      "  - {kind: quantize, name: b, output_type: int16}\n"
      "  - {kind: conv2d, name: c, filters: 4, kernel: 1}\n");
  EXPECT_EQ(tensor_named(graph, "a").type, ElementType::kInt4);
  EXPECT_EQ(tensor_named(graph, "a/weights").bytes(), 2);  // 4 x 2 elements of 2 bits
  EXPECT_EQ(tensor_named(graph, "b").type, ElementType::kInt16);
  EXPECT_EQ(tensor_named(graph, "c/weights").type, ElementType::kInt8);
  EXPECT_EQ(tensor_named(graph, "c").type, ElementType::kInt16);
  EXPECT_EQ(tensor_named(graph, "c/bias").type, ElementType::kInt64);
}

TEST(LayerKinds, StatesAreMadeAndStartAtTheirZeroPoint) {
  const Graph graph = read_layer_trace(kTraces + "sequences.yaml");
  const Tensor& state = tensor_named(graph, "filters/state");
  EXPECT_EQ(state.role, TensorRole::kState);
  EXPECT_THAT(state.shape, ElementsAre(1, 3 * 2 * 4));  // units x rank x memory
  EXPECT_THAT(tensor_named(graph, "wide/weights_time").type, ElementType::kInt16);
  EXPECT_THAT(tensor_named(graph, "cells/cell_state").shape, ElementsAre(2, 3));
  EXPECT_THAT(tensor_named(graph, "more/output_state").shape, ElementsAre(3, 2));  // time major
  EXPECT_EQ(graph.operators[2].states.size(), 2);
  expect_output(graph, "cells", 1.0F / 128, 0);
  const auto values = run_reference_stream(graph, {seeded_input(graph, 1), seeded_input(graph, 1)});
  EXPECT_NE(values[0].back(), values[1].back());
}

TEST(LayerKinds, DeclaredTensorsMayBeShared) {
  const Graph graph = read_layer_trace(kTraces + "declared.yaml");
  EXPECT_EQ(graph.operators[0].inputs[1], graph.operators[1].inputs[1]);
  EXPECT_EQ(graph.operators[1].inputs[2], kNoTensor);
  const Tensor& weights = graph.tensor(graph.operators[0].inputs[1]);
  EXPECT_EQ(weights.name, "weights");
  EXPECT_EQ(weights.data, (Bytes{0x81, 0x07}));  // 1, -8, 7, 0 in four bits each
  EXPECT_EQ(graph.tensor(graph.operators[0].outputs[0]).name, "sums");
  EXPECT_EQ(graph.weights, WeightsOrigin::kSeeded);
}

TEST(LayerKindsFault, OperandsThatDoNotSuitAreTold) {
  EXPECT_THAT(faults_of("  - {kind: conv2d, inputs: [in, ~]}\n"),
              ElementsAre(HasSubstr("conv2d needs its operand 1")));
  EXPECT_THAT(faults_of("  - {kind: reshape, name: r, shape: [1, 32]}\n"
                        "  - {kind: svdf, inputs: [r, in, in, ~, ~]}\n"),
              ElementsAre(HasSubstr("must be a constant of integers")));
  EXPECT_THAT(faults_of("  - {kind: add, inputs: [in, ~]}\n"),
              ElementsAre(HasSubstr("add needs all its inputs")));
  EXPECT_THAT(faults_of("  - {kind: split, axis: 3, data_operand: 2, parts: 2}\n"),
              ElementsAre(HasSubstr("split needs its data as input 2")));
  EXPECT_THAT(faults_of("  - {kind: dequantize}\n  - {kind: conv2d, filters: 1, kernel: 1}\n"),
              ElementsAre(HasSubstr("put a quantize layer before it")));
}

/// Keys that would ask for more than memory holds are refused before anything is made.
TEST(LayerKindsFault, HugeKeysAreRefused) {
  for (const char* layer :
       {"{kind: reshape, shape: [1, 32]}\n  - {kind: svdf, units: 16777216, memory: 16777216}",
        "{kind: pad, before: [0, 2147483647, 0, 0], after: [0, 2147483647, 0, 0]}",
        "{kind: resize_nearest, size: [65536, 65536]}",
        "{kind: transpose_conv2d, filters: 16777216, kernel: 65536, stride: 65536}",
        "{kind: split, axis: 3, parts: 16777216}"}) {
    EXPECT_EQ(faults_of(std::string("  - ") + layer + "\n").size(), 1) << layer;
  }
}

}  // namespace
}  // namespace milliwatt::workloads
