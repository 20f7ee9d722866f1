// SPDX-License-Identifier: Apache-2.0
// A small network as an ONNX file, for tests and the fuzzer: convolution, depthwise convolution,
// pool, sum of two branches, product, softmax.
#pragma once

#include "workloads/onnx_definitions.h"
#include "workloads/onnx_testing.h"

namespace milliwatt::workloads::onnx::testing {

constexpr Step kImageStep = {0.02F, 3};
constexpr Step kStemStep = {0.05F, -128};
constexpr Step kDeepStep = {0.06F, -9};
constexpr Step kSumStep = {0.08F, -20};
constexpr Step kLogitStep = {0.05F, 5};
inline const Conv kStem = {{4, 3, 3, 3}, {0.01F, 0.02F, 0.015F, 0.012F}, 1, 1, 1, 1, {1, 1, 1, 1}};
inline const Conv kDeep = {{4, 1, 2, 2}, {0.01F}, 2, 2, 1, 4, {0, 0, 0, 0}, false};

/// x (1 x 3 x 6 x 6) -> conv, relu -> {depthwise, max pool} -> add -> flatten -> gemm -> softmax.
inline ModelWriter small_model() {
  ModelWriter model;
  model.input("x", {1, 3, 6, 6});
  const auto x = model.quantized("x", kImageStep);
  std::vector<float> bias_scales = kStem.scales;
  for (float& scale : bias_scales) {
    scale *= kImageStep.scale;
  }
  const auto w = model.weights("stem_w", kStem.weights, some_weights(kStem.count()), kStem.scales);
  const auto b = model.bias("stem_b", some_bias(4), bias_scales);
  model.set(model.node("Conv", {x, w, b}, "stem", "stem"), "pads", Dims{1, 1, 1, 1});
  model.node("Relu", {"stem"}, "stem_relu", "relu");
  const auto stem = model.quantized("stem_relu", kStemStep);

  const auto v = model.weights("deep_w", kDeep.weights, some_weights(kDeep.count()), kDeep.scales);
  auto& deep_node = model.node("Conv", {stem, v}, "deep", "deep");
  model.set(deep_node, "group", std::int64_t{4});
  model.set(deep_node, "strides", Dims{2, 2});
  const auto deep = model.quantized("deep", kDeepStep);
  auto& pool_node = model.node("MaxPool", {stem}, "pool", "pool");
  model.set(pool_node, "kernel_shape", Dims{2, 2});
  model.set(pool_node, "strides", Dims{2, 2});
  const auto pool = model.quantized("pool", kStemStep);
  model.node("Add", {deep, pool}, "sum", "sum");
  model.node("Flatten", {model.quantized("sum", kSumStep)}, "flat");

  const auto u = model.weights("head_w", {5, 36}, some_weights(36 * 5), {0.002F});
  model.set(model.node("Gemm", {model.quantized("flat", kSumStep), u}, "logits", "head"), "transB",
            std::int64_t{1});
  model.node("Softmax", {model.quantized("logits", kLogitStep)}, "y", "classes");
  model.output(model.quantized("y", {1.0F / 256, -128}));
  return model;
}

/// Most of the other nodes, one behind the other.
inline ModelWriter chain_model() {
  const Step step = {0.05F, -13};
  ModelWriter model;
  model.input("x", {1, 4, 3, 5});
  model.int64s("pads", {0, 0, 1, 0, 0, 0, 0, 1});
  model.node("Pad", {model.quantized("x", step), "pads"}, "padded");
  model.floats("twice", {4}, {1.0F, 1.0F, 2.0F, 2.0F});
  model.node("Resize", {"padded", "", "twice"}, "large");
  model.set(model.node("Transpose", {"large"}, "turned"), "perm", Dims{0, 2, 3, 1});
  model.set(model.node("LeakyRelu", {"turned"}, "leaky"), "alpha", 0.1F);
  const auto leaky = model.quantized("leaky", {0.04F, -60});
  model.node("Sigmoid", {leaky}, "gate");
  model.node("Mul", {leaky, model.quantized("gate", {1.0F / 256, -128})}, "gated");
  model.set(model.node("Concat", {model.quantized("gated", step), "turned"}, "joined"), "axis",
            std::int64_t{3});
  auto& pool = model.node("AveragePool", {"joined"}, "pooled");
  model.set(pool, "kernel_shape", Dims{2, 2});
  model.set(pool, "auto_pad", "SAME_UPPER");
  auto& mean = model.node("ReduceMean", {"pooled"}, "mean");
  model.set(mean, "axes", Dims{2});
  model.set(mean, "keepdims", std::int64_t{0});
  model.int64s("shape", {8, -1});
  model.node("Reshape", {model.quantized("mean", step), "shape"}, "rows");
  const auto weights = model.weights("w", {8, 6}, some_weights(48), {0.01F}, 1);
  model.node("MatMul", {"rows", weights}, "product");
  model.floats("b", {6}, {1.0F, 0.5F, 0.0F, -0.5F, -1.0F, 2.0F});
  model.node("Add", {"product", "b"}, "biased");
  model.floats("low", {}, {0.0F});
  model.floats("high", {}, {6.0F});
  model.node("Clip", {"biased", "low", "high"}, "bounded");
  model.node("Tanh", {model.quantized("bounded", {0.03F, -128})}, "tanh");
  model.int64s("axes", {0});
  model.node("Unsqueeze", {"tanh", "axes"}, "y");
  model.output(model.quantized("y", {0.01F, -100}));
  return model;
}

}  // namespace milliwatt::workloads::onnx::testing
