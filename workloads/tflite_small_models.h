// SPDX-License-Identifier: Apache-2.0
// Small networks as .tflite files, for tests that damage them and as a start for fuzzing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "workloads/tflite_builder.h"

namespace milliwatt::workloads::tflite {

/// The format's codes of padding.
constexpr std::int8_t kSame = 0;
constexpr std::int8_t kValid = 1;

/// An int8 tensor with scale 0.5 and zero point -3.
inline TensorSpec activation(const std::string& name, std::vector<std::int32_t> shape) {
  return {name, TypeCode::kInt8, std::move(shape), {0.5F}, {-3}, {}, 0, false};
}

/// Int8 weights with one scale, all 7.
inline TensorSpec filter(const std::string& name, std::vector<std::int32_t> shape) {
  TensorSpec made = activation(name, std::move(shape));
  made.zero_points = {0};
  std::size_t elements = 1;
  for (const std::int32_t extent : made.shape) {
    elements *= static_cast<std::size_t>(extent);
  }
  made.data.assign(elements, 7);
  return made;
}

inline OperatorSpec operator_of(Builtin code, std::vector<std::int32_t> inputs, std::int32_t output,
                                OptionsType options_type, std::vector<OptionSpec> options) {
  OperatorSpec op;
  op.wide_code = static_cast<std::int32_t>(code);
  op.inputs = std::move(inputs);
  op.outputs = {output};
  op.options_type = options_type;
  op.options = std::move(options);
  return op;
}

/// 1x4x4x2 -> conv 3x3 with stride 2 and 3 filters -> reshape to 1x12.
inline ModelSpec small_model() {
  using F = Conv2dField;
  const std::vector<std::uint8_t> ones(12, 1);
  ModelSpec model;
  model.tensors = {activation("in", {1, 4, 4, 2}),
                   filter("filter", {3, 3, 3, 2}),
                   {"bias", TypeCode::kInt32, {3}, {0.1F, 0.2F, 0.3F}, {0, 0, 0}, ones, 0, false},
                   activation("mid", {1, 2, 2, 3}),
                   {"shape", TypeCode::kInt32, {2}, {}, {}, {1, 1, 1, 1, 1, 1, 1, 1}, 0, false},
                   activation("out", {1, 12})};
  model.tensors[1].scales = {0.125F, 0.25F, 0.5F};
  model.tensors[1].zero_points = {0, 0, 0};
  model.operators = {operator_of(Builtin::kConv2d, {0, 1, 2}, 3, OptionsType::kConv2d,
                                 {option(F::kPadding, kSame), option(F::kStrideW, 2),
                                  option(F::kStrideH, 2), option(F::kActivation, std::int8_t{1})}),
                     operator_of(Builtin::kReshape, {3, 4}, 5, OptionsType::kNone, {})};
  model.inputs = {0};
  model.outputs = {5};
  return model;
}

/// The other kinds: 1x4x4x2 -> depthwise 3x3 -> plus its input -> average and max pool -> fully
/// connected -> softmax.
inline ModelSpec chain_model() {
  using D = DepthwiseField;
  using P = Pool2dField;
  const std::vector<OptionSpec> pool = {option(P::kStrideW, 1), option(P::kStrideH, 1),
                                        option(P::kFilterW, 2), option(P::kFilterH, 2)};
  TensorSpec result = activation("classes", {1, 4});
  result.scales = {1.0F / 256};
  result.zero_points = {-128};
  ModelSpec model;
  model.tensors = {activation("in", {1, 4, 4, 2}),
                   filter("taps", {1, 3, 3, 2}),
                   activation("deep", {1, 4, 4, 2}),
                   activation("sum", {1, 4, 4, 2}),
                   activation("mean", {1, 4, 4, 2}),
                   activation("top", {1, 4, 4, 2}),
                   filter("matrix", {4, 32}),
                   activation("logits", {1, 4}),
                   result};
  model.operators = {
      operator_of(Builtin::kDepthwiseConv2d, {0, 1, -1}, 2, OptionsType::kDepthwiseConv2d,
                  {option(D::kStrideW, 1), option(D::kStrideH, 1), option(D::kMultiplier, 1)}),
      operator_of(Builtin::kAdd, {2, 0}, 3, OptionsType::kAdd, {}),
      operator_of(Builtin::kAveragePool2d, {3}, 4, OptionsType::kPool2d, pool),
      operator_of(Builtin::kMaxPool2d, {4}, 5, OptionsType::kPool2d, pool),
      operator_of(Builtin::kFullyConnected, {5, 6, -1}, 7, OptionsType::kFullyConnected, {}),
      operator_of(Builtin::kSoftmax, {7}, 8, OptionsType::kSoftmax,
                  {option(SoftmaxField::kBeta, 1.0F)})};
  model.inputs = {0};
  model.outputs = {8};
  return model;
}

/// A name for each.
inline std::vector<std::pair<std::string, ModelSpec>> small_models() {
  return {{"small", small_model()}, {"chain", chain_model()}};
}

}  // namespace milliwatt::workloads::tflite
