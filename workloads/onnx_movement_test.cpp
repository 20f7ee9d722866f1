// SPDX-License-Identifier: Apache-2.0
// Nodes of ONNX files that work element by element or move elements, against their definition.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/onnx_evaluation.h"

namespace milliwatt::workloads::onnx::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = OperatorKind;
using Function = std::function<double(double)>;

constexpr Step kInput = {0.05F, -13};

/// One node between quantizers, over an input of the given shape.
Graph expect_node(const char* kind, const Dims& dims, const Step& output,
                  const Definition& definition,
                  const std::function<void(ModelWriter&, ::onnx::NodeProto&)>& complete = {},
                  int opset = 13) {
  ModelWriter model(opset);
  model.input("x", dims);
  auto& node = model.node(kind, {model.quantized("x", kInput)}, "y");
  if (complete) {
    complete(model, node);
  }
  model.output(model.quantized("y", output));
  return expect_close(model, definition);
}

Definition each(const Function& function) {
  return [function](const std::vector<Real>& in) {
    Real y = in[0];
    std::transform(y.values.begin(), y.values.end(), y.values.begin(), function);
    return y;
  };
}

TEST(OnnxElementwise, FunctionsOfOneValue) {
  const Dims image = {1, 3, 4, 5};
  const auto relu = each([](double x) { return std::max(x, 0.0); });
  const auto relu6 = each([](double x) { return std::clamp(x, 0.0, 6.0); });
  EXPECT_THAT(kinds_of(expect_node("Relu", image, {0.03F, -100}, relu)), ElementsAre(Kind::kRelu));
  const auto bounds = [](ModelWriter& model, ::onnx::NodeProto& node) {
    model.floats("low", {}, {0.0F});
    model.floats("high", {}, {6.0F});
    node.add_input("low");
    node.add_input("high");
  };
  expect_node("Clip", image, {0.05F, -128}, relu6, bounds);
  expect_node("Clip", image, {0.06F, -100}, relu6, bounds);
  // At a scale of 6 / 255 from -128 on, the steps hold 0 to 6 and the node adds nothing.
  EXPECT_THAT(kinds_of(expect_node("Clip", image, {6.0F / 255, -128}, relu6, bounds)),
              ElementsAre(Kind::kRelu));
  expect_node("LeakyRelu", image, {0.06F, 4}, each([](double x) { return x < 0 ? 0.2 * x : x; }),
              [](ModelWriter& model, ::onnx::NodeProto& node) { model.set(node, "alpha", 0.2F); });
  expect_node("Sigmoid", image, {1.0F / 256, -128},
              each([](double x) { return 1 / (1 + std::exp(-x)); }));
  expect_node("Tanh", image, {1.0F / 128, 0}, each([](double x) { return std::tanh(x); }));
  expect_node("Sigmoid", image, {1.0F / 200, -120},
              each([](double x) { return 1 / (1 + std::exp(-x)); }));
}

TEST(OnnxElementwise, BoundsBehindAnOperatorBecomeItsActivation) {
  ModelWriter model;
  model.input("a", {1, 2, 3, 4});
  model.input("b", {1, 2, 3, 4});
  const auto a = model.quantized("a", kInput);
  const auto b = model.quantized("b", {0.04F, 20});
  model.node("Add", {a, b}, "sum");
  model.floats("low", {}, {0.0F});
  model.floats("high", {}, {6.0F});
  model.node("Clip", {"sum", "low", "high"}, "y");
  model.output(model.quantized("y", {0.05F, -120}));
  const Graph graph = expect_close(model, [](const std::vector<Real>& in) {
    Real y = in[0];
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      y.values[i] = std::clamp(in[0].values[i] + in[1].values[i], 0.0, 6.0);
    }
    return y;
  });
  ASSERT_THAT(kinds_of(graph), ElementsAre(Kind::kAdd));
  EXPECT_EQ(fused_activation(graph.operators[0]), Activation::kRelu6);
}

TEST(OnnxElementwise, PairsBroadcastAndTakeConstants) {
  const std::vector<std::int8_t> constant = {100, -50, 25};
  for (const std::string kind : {"Add", "Sub", "Mul"}) {
    const auto combine = [&](double x, double y) {
      return kind == "Add" ? x + y : (kind == "Sub" ? x - y : x * y);
    };
    // One value per channel, as the dimensions 3 x 1 x 1.
    expect_node(
        kind.c_str(), {1, 3, 4, 5}, {0.08F, 3},
        [&](const std::vector<Real>& in) {
          Real y = in[0];
          for (std::size_t i = 0; i < y.values.size(); ++i) {
            y.values[i] = combine(y.values[i], 0.02 * constant[i / 20]);
          }
          return y;
        },
        [&](ModelWriter& model, ::onnx::NodeProto& node) {
          node.add_input(model.weights("c", {3, 1, 1}, constant, {0.02F}));
        });
  }
  ModelWriter model;
  model.input("a", {1, 2, 3, 4});
  model.input("b", {3, 4});
  const auto a = model.quantized("a", kInput);
  const auto b = model.quantized("b", {0.04F, 20});
  model.node("Mul", {a, b}, "y");
  model.output(model.quantized("y", {0.3F, 0}));
  expect_close(model, [](const std::vector<Real>& in) {
    Real y = in[0];
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      y.values[i] *= in[1].values[i % 12];
    }
    return y;
  });
}

Definition softmax_over_channels(std::int32_t channels, std::int32_t pixels) {
  return [=](const std::vector<Real>& in) {
    Real y = in[0];
    for (std::int32_t p = 0; p < pixels; ++p) {
      double sum = 0.0;
      for (std::int32_t c = 0; c < channels; ++c) {
        sum += std::exp(in[0].values[static_cast<std::size_t>(c * pixels + p)]);
      }
      for (std::int32_t c = 0; c < channels; ++c) {
        const auto i = static_cast<std::size_t>(c * pixels + p);
        y.values[i] = std::exp(in[0].values[i]) / sum;
      }
    }
    return y;
  };
}

TEST(OnnxElementwise, SoftmaxWorksOnTheAxisOfTheFile) {
  const Step step = {1.0F / 256, -128};
  const auto on = [](std::int64_t axis) {
    return [axis](ModelWriter& model, ::onnx::NodeProto& node) { model.set(node, "axis", axis); };
  };
  EXPECT_THAT(kinds_of(expect_node("Softmax", {1, 10}, step, softmax_over_channels(10, 1))),
              ElementsAre(Kind::kSoftmax));
  // Channels come last in memory: nothing has to be moved.
  EXPECT_THAT(
      kinds_of(expect_node("Softmax", {1, 6, 2, 3}, step, softmax_over_channels(6, 6), on(1))),
      ElementsAre(Kind::kSoftmax));
  const auto over_columns = [](const std::vector<Real>& in) {
    Real y = in[0];
    for (std::size_t row = 0; row < y.values.size(); row += 3) {
      double sum = 0.0;
      for (std::size_t i = row; i < row + 3; ++i) {
        sum += std::exp(in[0].values[i]);
      }
      for (std::size_t i = row; i < row + 3; ++i) {
        y.values[i] = std::exp(in[0].values[i]) / sum;
      }
    }
    return y;
  };
  EXPECT_THAT(kinds_of(expect_node("Softmax", {1, 6, 2, 3}, step, over_columns)),
              ElementsAre(Kind::kTranspose, Kind::kSoftmax, Kind::kTranspose));
  // Before set 13 the axis is 1 unless told, and what is behind it is taken together.
  expect_node(
      "Softmax", {2, 10}, step,
      [](const std::vector<Real>& in) {
        const auto row = softmax_over_channels(10, 1);
        Real y = row({Real{{1, 10}, {in[0].values.begin(), in[0].values.begin() + 10}}});
        const Real second = row({Real{{1, 10}, {in[0].values.begin() + 10, in[0].values.end()}}});
        y.values.insert(y.values.end(), second.values.begin(), second.values.end());
        y.shape = {2, 10};
        return y;
      },
      {}, 11);
}

/// The elements in another shape, or by places.
Definition as(const Shape& shape) {
  return [shape](const std::vector<Real>& in) { return Real{shape, in[0].values}; };
}

TEST(OnnxMovement, ReshapesKeepTheOrderOfTheFile) {
  const auto to = [](const Dims& dims) {
    return [dims](ModelWriter& model, ::onnx::NodeProto& node) {
      model.int64s("shape", dims);
      node.add_input("shape");
    };
  };
  // 3 x 4 x 5 elements lie as 4 x 5 x 3: they have to be moved before they are cut otherwise.
  EXPECT_THAT(kinds_of(expect_node("Reshape", {1, 3, 4, 5}, kInput, as({3, 20}), to({3, -1}))),
              ElementsAre(Kind::kTranspose, Kind::kReshape));
  EXPECT_THAT(
      kinds_of(expect_node("Reshape", {1, 3, 4, 5}, kInput, as({1, 5, 3, 4}), to({0, 5, -1, 4}))),
      ElementsAre(Kind::kTranspose, Kind::kReshape, Kind::kTranspose));
  // One channel, or one pixel, lies as the file has it.
  EXPECT_THAT(kinds_of(expect_node("Reshape", {1, 1, 4, 5}, kInput, as({1, 20}), to({1, 20}))),
              ElementsAre(Kind::kReshape));
  EXPECT_THAT(kinds_of(expect_node("Flatten", {1, 12, 1, 1}, kInput, as({1, 12}))),
              ElementsAre(Kind::kReshape));
  EXPECT_THAT(
      kinds_of(expect_node("Reshape", {1, 12}, kInput, as({1, 12, 1, 1}), to({0, 0, 1, 1}))),
      ElementsAre(Kind::kReshape));
  expect_node("Squeeze", {1, 3, 1, 5}, kInput, as({1, 3, 5}),
              [](ModelWriter& model, ::onnx::NodeProto& node) {
                model.int64s("axes", {2});
                node.add_input("axes");
              });
  expect_node("Squeeze", {1, 3, 1, 5}, kInput, as({3, 5}));
  expect_node(
      "Unsqueeze", {3, 5}, kInput, as({1, 3, 5, 1}),
      [](ModelWriter& model, ::onnx::NodeProto& node) {
        model.set(node, "axes", Dims{0, -1});
      },
      11);
}

Real turned(const Real& x) {  // 0 3 1 2
  Real y{{x.shape[0], x.shape[3], x.shape[1], x.shape[2]}, {}};
  for (std::int32_t w = 0; w < x.shape[3]; ++w) {
    for (std::int32_t i = 0; i < x.shape[1] * x.shape[2]; ++i) {
      y.values.push_back(x.at(0, i / x.shape[2], i % x.shape[2], w));
    }
  }
  return y;
}

/// A Transpose for each permutation, between two Relus, so that none stands at the edge.
ModelWriter transposing(const std::vector<Dims>& permutations) {
  const Step step = {0.03F, -128};
  ModelWriter model;
  model.input("x", {1, 3, 4, 5});
  model.node("Relu", {model.quantized("x", kInput)}, "r");
  std::string at = model.quantized("r", step);
  for (const Dims& permutation : permutations) {
    auto& node = model.node("Transpose", {at}, at + "t");
    model.set(node, "perm", permutation);
    at += "t";
  }
  model.node("Relu", {at}, "y");
  model.output(model.quantized("y", step));
  return model;
}

TEST(OnnxMovement, TranspositionsMoveOnlyWhatMustBeMoved) {
  const auto relu = each([](double x) { return std::max(x, 0.0); });
  const Graph there = expect_close(transposing({{0, 3, 1, 2}}),
                                   [&](const std::vector<Real>& in) { return turned(relu(in)); });
  EXPECT_THAT(kinds_of(there), ElementsAre(Kind::kRelu, Kind::kRelu, Kind::kTranspose));
  const Graph and_back = expect_close(transposing({{0, 2, 3, 1}, {0, 3, 1, 2}}), relu);
  EXPECT_THAT(kinds_of(and_back), ElementsAre(Kind::kRelu, Kind::kRelu));
}

TEST(OnnxMovement, ATransposeAtTheEdgeSaysThatChannelsAreLast) {
  ModelWriter model;
  model.input("x", {1, 4, 5, 3});
  auto& there = model.node("Transpose", {model.quantized("x", kInput)}, "t");
  model.set(there, "perm", Dims{0, 3, 1, 2});
  auto& pool = model.node("MaxPool", {"t"}, "p");
  model.set(pool, "kernel_shape", Dims{2, 1});
  auto& back = model.node("Transpose", {model.quantized("p", kInput)}, "y");
  model.set(back, "perm", Dims{0, 2, 3, 1});
  model.output(model.quantized("y", kInput));
  const Graph graph = read_onnx(model.bytes(), "net.onnx");
  EXPECT_THAT(kinds_of(graph), ElementsAre(Kind::kMaxPool2d));
  EXPECT_THAT(graph.tensor(graph.inputs[0]).shape, ElementsAre(1, 4, 5, 3));
  EXPECT_THAT(graph.tensor(graph.outputs[0]).shape, ElementsAre(1, 3, 5, 3));
}

TEST(OnnxMovement, PartsOfAConcatGetOneQuantization) {
  ModelWriter model;
  model.input("a", {1, 2, 3, 4});
  model.input("b", {1, 3, 3, 4});
  const auto a = model.quantized("a", kInput);
  const auto b = model.quantized("b", {0.02F, 20});
  auto& join = model.node("Concat", {a, b}, "y");
  model.set(join, "axis", std::int64_t{1});
  model.output(model.quantized("y", {0.06F, 3}));
  const Graph graph = expect_close(model, [](const std::vector<Real>& in) {
    Real y{{1, 5, 3, 4}, in[0].values};
    y.values.insert(y.values.end(), in[1].values.begin(), in[1].values.end());
    return y;
  });
  EXPECT_THAT(kinds_of(graph), ElementsAre(Kind::kQuantize, Kind::kQuantize, Kind::kConcatenate));
  EXPECT_EQ(std::get<Concatenate>(graph.operators[2].attributes).axis, 3);
}

TEST(OnnxMovement, PadsStandWhereTheFileHasThem) {
  const auto padded = [](double fill) {
    return [fill](const std::vector<Real>& in) {
      Real y{{1, 3, 5, 6}, {}};  // 2 x 4 x 5 with a channel behind, a row before, a column behind
      for (std::int32_t i = 0; i < 3 * 5 * 6; ++i) {
        const std::int32_t c = i / 30;
        const std::int32_t h = i / 6 % 5 - 1;
        const std::int32_t w = i % 6;
        y.values.push_back(c < 2 && h >= 0 && w < 5 ? in[0].at(0, c, h, w) : fill);
      }
      return y;
    };
  };
  const auto pads = [](bool with_value) {
    return [with_value](ModelWriter& model, ::onnx::NodeProto& node) {
      model.int64s("pads", {0, 0, 1, 0, 0, 1, 0, 1});
      node.add_input("pads");
      if (with_value) {
        model.floats("value", {}, {1.5F});
        node.add_input("value");
      }
    };
  };
  expect_node("Pad", {1, 2, 4, 5}, kInput, padded(0.0), pads(false));
  EXPECT_THAT(kinds_of(expect_node("Pad", {1, 2, 4, 5}, kInput, padded(1.5), pads(true))),
              ElementsAre(Kind::kPad));
}

TEST(OnnxMovement, SlicesAndSplitsFollowTheAxesOfTheFile) {
  // Channels 2, 1 and columns 1, 3 of 3 x 4 x 5.
  const auto sliced = [](const std::vector<Real>& in) {
    Real y{{1, 2, 4, 2}, {}};
    for (std::int32_t i = 0; i < 2 * 4 * 2; ++i) {
      y.values.push_back(in[0].at(0, 2 - i / 8, i / 2 % 4, 1 + i % 2 * 2));
    }
    return y;
  };
  const auto operands = [](ModelWriter& model, ::onnx::NodeProto& node) {
    model.int64s("starts", {-1, 1});
    model.int64s("ends", {0, std::numeric_limits<std::int64_t>::max()});
    model.int64s("axes", {1, -1});
    model.int64s("steps", {-1, 2});
    for (const char* name : {"starts", "ends", "axes", "steps"}) {
      node.add_input(name);
    }
  };
  EXPECT_THAT(kinds_of(expect_node("Slice", {1, 3, 4, 5}, kInput, sliced, operands)),
              ElementsAre(Kind::kSlice));

  ModelWriter model;
  model.input("x", {1, 6, 2, 2});
  auto& split = model.node("Split", {model.quantized("x", kInput)}, "a");
  split.add_output("b");
  split.add_output("c");
  model.set(split, "axis", std::int64_t{1});
  const auto b = model.quantized("b", {0.06F, 2});
  model.node("Sub", {"a", b}, "y");
  model.output(model.quantized("y", {0.1F, 0}));
  const Graph graph = expect_close(model, [](const std::vector<Real>& in) {
    Real y{{1, 2, 2, 2}, {}};
    for (std::size_t i = 0; i < 8; ++i) {
      y.values.push_back(in[0].values[i] - in[0].values[i + 8]);
    }
    return y;
  });
  EXPECT_THAT(kinds_of(graph), ElementsAre(Kind::kSplit, Kind::kQuantize, Kind::kSub));
}

TEST(OnnxMovement, ResizesRepeatPixels) {
  const auto larger = [](const std::vector<Real>& in) {
    Real y{{1, 3, 6, 15}, {}};
    for (std::int32_t i = 0; i < 3 * 6 * 15; ++i) {
      y.values.push_back(in[0].at(0, i / 90, i / 15 % 6 / 2, i % 15 / 3));
    }
    return y;
  };
  for (const bool by_size : {true, false}) {
    expect_node("Resize", {1, 3, 3, 5}, kInput, larger,
                [by_size](ModelWriter& model, ::onnx::NodeProto& node) {
                  model.int64s("size", {1, 3, 6, 15});
                  model.floats("scales", {4}, {1.0F, 1.0F, 2.0F, 3.0F});
                  node.add_input("");
                  node.add_input(by_size ? "" : "scales");
                  if (by_size) {
                    node.add_input("size");
                  } else {
                    model.set(node, "coordinate_transformation_mode", "asymmetric");
                    model.set(node, "nearest_mode", "floor");
                  }
                });
  }
}

}  // namespace
}  // namespace milliwatt::workloads::onnx::testing
