// SPDX-License-Identifier: Apache-2.0
// Convolutions, products and pools of ONNX files against their definition in real numbers.
#include "workloads/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/onnx_evaluation.h"

namespace milliwatt::workloads::onnx::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = OperatorKind;

constexpr Step kInput = {0.05F, -13};
constexpr Step kOutput = {0.11F, 7};

/// A file of one convolution over a 1 x channels x 7 x 6 image.
ModelWriter conv_model(const Conv& conv, const char* auto_pad) {
  ModelWriter model;
  model.input("x", {1, conv.weights[1] * conv.groups, 7, 6});
  std::vector<std::string> operands = {
      model.quantized("x", kInput),
      model.weights("w", conv.weights, some_weights(conv.count()), conv.scales)};
  if (conv.bias) {
    std::vector<float> scales = conv.scales;
    for (float& scale : scales) {
      scale *= kInput.scale;
    }
    operands.push_back(model.bias("b", some_bias(conv.weights[0]), scales));
  }
  auto& node = model.node("Conv", operands, "y", "conv");
  model.set(node, "strides", Dims{conv.stride_h, conv.stride_w});
  model.set(node, "dilations", Dims{conv.dilation, conv.dilation});
  model.set(node, "group", std::int64_t{conv.groups});
  if (auto_pad == nullptr) {
    model.set(node, "pads", conv.pads);
  } else {
    model.set(node, "auto_pad", auto_pad);
  }
  model.output(model.quantized("y", kOutput));
  return model;
}

Graph expect_conv(const Conv& conv, const char* auto_pad = nullptr) {
  return expect_close(conv_model(conv, auto_pad), [&](const std::vector<Real>& x) {
    return convolved(x[0], conv, kInput.scale);
  });
}

TEST(Onnx, ConvolutionsAreThoseOfTheDefinition) {
  Conv plain{{5, 3, 3, 2}};
  const Graph graph = expect_conv(plain);
  ASSERT_THAT(kinds_of(graph), ElementsAre(Kind::kConv2d));
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.operators[0].name, "conv");
  EXPECT_THAT(graph.tensor(graph.inputs[0]).shape, ElementsAre(1, 7, 6, 3));
  EXPECT_THAT(graph.tensor(graph.operators[0].inputs[1]).shape, ElementsAre(5, 3, 2, 3));
  EXPECT_EQ(graph.weights, WeightsOrigin::kFile);
  EXPECT_THAT(graph.notes, IsEmpty());

  plain.bias = false;
  EXPECT_EQ(expect_conv(plain).operators[0].inputs[2], kNoTensor);
  expect_conv({{4, 2, 3, 3}, {0.01F, 0.02F, 0.005F, 0.013F}, 2, 1, 1, 1, {1, 0, 2, 1}});
  expect_conv({{2, 3, 2, 3}, {0.01F}, 1, 2, 2, 1, {2, 1, 0, 3}});
  EXPECT_EQ(
      std::get<Conv2d>(expect_conv({{6, 2, 3, 3}, {0.02F}, 1, 1, 1, 3}).operators[0].attributes)
          .groups,
      3);
}

TEST(Onnx, DepthwiseConvolutionsAreSuchByName) {
  const Graph graph =
      expect_conv({{6, 1, 3, 3}, {0.01F, 0.02F, 0.03F, 0.01F, 0.02F, 0.03F}, 2, 2, 1, 3});
  ASSERT_THAT(kinds_of(graph), ElementsAre(Kind::kDepthwiseConv2d));
  EXPECT_EQ(std::get<DepthwiseConv2d>(graph.operators[0].attributes).multiplier, 2);
  EXPECT_THAT(graph.tensor(graph.operators[0].inputs[1]).shape, ElementsAre(1, 3, 3, 6));
  EXPECT_THAT(kinds_of(expect_conv({{3, 1, 2, 2}})), ElementsAre(Kind::kConv2d));
}

// 7 x 6 under 3 x 3 with stride 2: 4 x 3 outputs span 9 x 7, so 2 rows and 1 column of pads; the
// odd column stands behind the image or before it.
TEST(Onnx, AutomaticPadsStandBehindOrBefore) {
  expect_conv({{3, 2, 3, 3}, {0.01F}, 2, 2, 1, 1, {1, 0, 1, 1}}, "SAME_UPPER");
  expect_conv({{3, 2, 3, 3}, {0.01F}, 2, 2, 1, 1, {1, 1, 1, 0}}, "SAME_LOWER");
  expect_conv({{3, 2, 3, 3}, {0.01F}, 2, 2, 1, 1, {0, 0, 0, 0}}, "VALID");
}

TEST(Onnx, UnsignedValuesAreShiftedBy128) {
  ModelWriter model;
  model.input("x", {1, 2, 5, 5});
  const auto x = model.quantized("x", {0.05F, 115, true});
  const auto weights = some_weights(3 * 2 * 9);
  std::vector<std::uint8_t> raised;
  for (const std::int8_t weight : weights) {
    raised.push_back(static_cast<std::uint8_t>(weight + 128));
  }
  model.integers("w", {3, 2, 3, 3}, raised);
  model.step("w", {0.01F, 128, true});
  model.node("DequantizeLinear", {"w", "w_scale", "w_zero"}, "w_r");
  model.node("Conv", {x, "w_r"}, "y");
  model.output(model.quantized("y", {0.1F, 130, true}));
  const Conv conv{{3, 2, 3, 3}, {0.01F}, 1, 1, 1, 1, {0, 0, 0, 0}, false};
  const Graph graph = expect_close(
      model, [&](const std::vector<Real>& in) { return convolved(in[0], conv, kInput.scale); });
  EXPECT_EQ(graph.tensor(graph.inputs[0]).type, ElementType::kInt8);
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization.zero_point(), -13);
  EXPECT_EQ(graph.tensor(graph.outputs[0]).quantization.zero_point(), 2);
}

TEST(Onnx, IntegerInputsTakeTheirScaleFromTheNodeThatReadsThem) {
  ModelWriter model;
  model.input("x", {-1, 2, 5, 5}, ::onnx::TensorProto::UINT8);
  model.step("x", {0.05F, 115, true});
  model.node("DequantizeLinear", {"x", "x_scale", "x_zero"}, "x_r");
  const auto w = model.weights("w", {3, 2, 3, 3}, some_weights(54), {0.01F});
  model.node("Conv", {"x_r", w}, "y");
  model.step("y", kOutput);
  model.node("QuantizeLinear", {"y", "y_scale", "y_zero"}, "y_q");
  model.output("y_q", ::onnx::TensorProto::INT8);
  const Conv conv{{3, 2, 3, 3}, {0.01F}, 1, 1, 1, 1, {0, 0, 0, 0}, false};
  const Graph graph = expect_close(
      model, [&](const std::vector<Real>& in) { return convolved(in[0], conv, kInput.scale); });
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization.zero_point(), -13);
  EXPECT_THAT(graph.notes,
              ElementsAre("net.onnx: the input 'x' leaves its first extent open; taken as 1"));
}

TEST(Onnx, WeightsMayBeQuantizedByTheFileAndBiasesReal) {
  ModelWriter model;
  model.input("x", {1, 1, 3, 4});
  const auto x = model.quantized("x", kInput);
  // Steps of 0.01: 12, -7 and 30 after rounding to the nearest.
  model.floats("w", {3, 1, 1, 1}, {0.118F, -0.0721F, 0.3F});
  const auto w = model.quantized("w", {0.01F, 0});
  model.floats("b", {3}, {0.3F, -0.2F, 1.0F});
  model.node("Conv", {x, w, "b"}, "y");
  model.output(model.quantized("y", {0.03F, 1}));
  expect_close(model, [&](const std::vector<Real>& in) {
    Real y{{1, 3, 3, 4}, {}};
    const std::vector<double> weights = {0.12, -0.07, 0.3};
    const std::vector<double> bias = {0.3, -0.2, 1.0};
    for (std::size_t o = 0; o < 3; ++o) {
      for (const double value : in[0].values) {
        y.values.push_back(value * weights[o] + bias[o]);
      }
    }
    return y;
  });
}

/// The columns of the weights follow the image, whose channels come last in memory.
TEST(Onnx, AProductBehindAFlattenedImagePermutesItsWeights) {
  for (const bool units_first : {true, false}) {
    ModelWriter model;
    model.input("x", {1, 3, 2, 4});
    const auto x = model.quantized("x", kInput);
    model.node("Flatten", {x}, "flat");
    const auto weights = some_weights(24 * 5);
    const auto w = model.weights("w", units_first ? Dims{5, 24} : Dims{24, 5}, weights, {0.02F});
    const auto b = model.bias("b", {100, -2000, 3000, 1, 0}, {0.02F * kInput.scale});
    auto& gemm = model.node("Gemm", {model.quantized("flat", kInput), w, b}, "y");
    model.set(gemm, "transB", std::int64_t{units_first});
    model.output(model.quantized("y", {0.2F, -5}));
    const Graph graph = expect_close(model, [&](const std::vector<Real>& in) {
      const Real flat{{1, 24}, in[0].values};
      return multiplied(flat, 5, weights, units_first, {0.1, -2.0, 3.0, 0.001, 0.0});
    });
    EXPECT_THAT(kinds_of(graph), ElementsAre(Kind::kReshape, Kind::kFullyConnected));
  }
}

TEST(Onnx, ProductsTakeAnAddAsBiasAndAScalePerUnit) {
  ModelWriter model;
  model.input("x", {2, 3, 6});
  const auto x = model.quantized("x", kInput);
  const auto weights = some_weights(6 * 4);
  const auto w = model.weights("w", {6, 4}, weights, {0.02F, 0.02F, 0.02F, 0.02F}, 1);
  model.node("MatMul", {x, w}, "product");
  model.floats("b", {4}, {1.0F, -1.0F, 0.5F, 0.0F});
  model.node("Add", {"b", "product"}, "sum");
  model.node("Relu", {"sum"}, "y");
  model.output(model.quantized("y", {0.05F, -128}));
  const Graph graph = expect_close(model, [&](const std::vector<Real>& in) {
    Real y = multiplied(in[0], 4, weights, false, {1.0, -1.0, 0.5, 0.0});
    for (double& value : y.values) {
      value = std::max(value, 0.0);
    }
    return y;
  });
  ASSERT_THAT(kinds_of(graph), ElementsAre(Kind::kFullyConnected));
  EXPECT_EQ(fused_activation(graph.operators[0]), Activation::kRelu);
  EXPECT_TRUE(graph.tensor(graph.operators[0].inputs[1]).quantization.per_channel());
}

TEST(Onnx, ProductsOfActivations) {
  ModelWriter model;
  model.input("a", {1, 2, 3, 4});
  model.input("b", {4, 5});
  const auto a = model.quantized("a", kInput);
  const auto b = model.quantized("b", {0.02F, 3});
  model.node("MatMul", {a, b}, "y");
  model.output(model.quantized("y", {0.2F, 0}));
  const Graph graph = expect_close(model, [](const std::vector<Real>& in) {
    Real y{{1, 2, 3, 5}, {}};
    for (std::size_t row = 0; row < 6; ++row) {
      for (std::size_t u = 0; u < 5; ++u) {
        double sum = 0.0;
        for (std::size_t k = 0; k < 4; ++k) {
          sum += in[0].values[row * 4 + k] * in[1].values[k * 5 + u];
        }
        y.values.push_back(sum);
      }
    }
    return y;
  });
  // The image comes with its channels last, and the result leaves so.
  EXPECT_THAT(kinds_of(graph), ElementsAre(Kind::kTranspose, Kind::kBatchMatmul, Kind::kTranspose));
}

TEST(Onnx, IntegerConvolutionsAreTheSameAsThoseBetweenQuantizers) {
  ModelWriter model;
  model.input("x", {1, 3, 7, 6});
  model.step("x", kInput);
  model.node("QuantizeLinear", {"x", "x_scale", "x_zero"}, "x_q");
  model.integers("w", {4, 3, 2, 2}, some_weights(48));
  model.floats("w_scale", {4}, {0.01F, 0.02F, 0.005F, 0.013F});
  model.integers("w_zero", {4}, std::vector<std::int8_t>(4, 0));
  model.step("y", kOutput);
  model.integers("b", {4}, some_bias(4));
  model.node("QLinearConv",
             {"x_q", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero", "b"},
             "y_q");
  model.node("DequantizeLinear", {"y_q", "y_scale", "y_zero"}, "y");
  model.output("y");
  const Conv conv{{4, 3, 2, 2}, {0.01F, 0.02F, 0.005F, 0.013F}};
  expect_close(model,
               [&](const std::vector<Real>& in) { return convolved(in[0], conv, kInput.scale); });

  ModelWriter product;
  product.input("x", {3, 6});
  product.step("x", kInput);
  product.node("QuantizeLinear", {"x", "x_scale", "x_zero"}, "x_q");
  const auto weights = some_weights(24);
  product.integers("w", {6, 4}, weights);
  product.step("w", {0.02F, 0});
  product.step("y", kOutput);
  product.node("QLinearMatMul",
               {"x_q", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"}, "y_q");
  product.output("y_q", ::onnx::TensorProto::INT8);
  expect_close(product, [&](const std::vector<Real>& in) {
    return multiplied(in[0], 4, weights, false, {});
  });
}

TEST(Onnx, PoolsKeepTheirQuantizationOrAreRequantized) {
  for (const bool mean : {false, true}) {
    for (const Step& step : {kInput, Step{0.08F, 5}}) {
      ModelWriter model;
      model.input("x", {1, 3, 6, 8});
      auto& pool =
          model.node(mean ? "AveragePool" : "MaxPool", {model.quantized("x", kInput)}, "y");
      model.set(pool, "kernel_shape", Dims{2, 2});
      model.set(pool, "strides", Dims{2, 2});
      model.set(pool, "pads", Dims{1, 1, 1, 1});
      model.output(model.quantized("y", step));
      const Graph graph = expect_close(
          model, [&](const std::vector<Real>& in) { return pooled(in[0], 2, 2, 1, mean); });
      EXPECT_EQ(graph.operators.size(), step.scale == kInput.scale ? 1U : 2U);
      EXPECT_EQ(graph.operators[0].kind, mean ? Kind::kAveragePool2d : Kind::kMaxPool2d);
    }
  }
}

TEST(Onnx, GlobalAveragesArePoolsOrMeans) {
  for (const Step& step : {kInput, Step{0.01F, 5}}) {
    ModelWriter model;
    model.input("x", {1, 9, 3, 5});
    model.node("GlobalAveragePool", {model.quantized("x", kInput)}, "y");
    model.output(model.quantized("y", step));
    const Graph graph = expect_close(model, [](const std::vector<Real>& in) {
      Real y{{1, 9, 1, 1}, {}};
      for (std::size_t c = 0; c < 9; ++c) {
        const auto first = in[0].values.begin() + static_cast<std::ptrdiff_t>(15 * c);
        y.values.push_back(std::accumulate(first, first + 15, 0.0) / 15);
      }
      return y;
    });
    EXPECT_THAT(kinds_of(graph),
                ElementsAre(step.scale == kInput.scale ? Kind::kAveragePool2d : Kind::kMean));
  }
}

TEST(Onnx, MeansOverAnyAxes) {
  for (const bool keeps : {true, false}) {
    ModelWriter model;
    model.input("x", {1, 4, 3, 5});
    auto& mean = model.node("ReduceMean", {model.quantized("x", kInput)}, "y");
    model.set(mean, "axes", Dims{-1, 1});
    model.set(mean, "keepdims", std::int64_t{keeps});
    model.output(model.quantized("y", {0.02F, 3}));
    expect_close(model, [&](const std::vector<Real>& in) {
      Real y{keeps ? Shape{1, 1, 3, 1} : Shape{1, 3}, {}};
      for (std::int32_t h = 0; h < 3; ++h) {
        double sum = 0.0;
        for (std::int32_t i = 0; i < 20; ++i) {
          sum += in[0].at(0, i / 5, h, i % 5);
        }
        y.values.push_back(sum / 20);
      }
      return y;
    });
  }
}

}  // namespace
}  // namespace milliwatt::workloads::onnx::testing
