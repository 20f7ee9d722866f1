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

}  // namespace milliwatt::workloads::onnx::testing
