// SPDX-License-Identifier: Apache-2.0
// Small networks of the kinds that tflite_small_models.h leaves out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "workloads/tflite_small_models.h"

namespace milliwatt::workloads::tflite {

/// A network under construction: each step gives the index of the tensor that it added.
class ModelChain {
 public:
  std::int32_t tensor(TensorSpec tensor) {
    model_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(model_.tensors.size() - 1);
  }
  std::int32_t constant(const std::string& name, std::vector<std::int32_t> shape,
                        const std::vector<std::int32_t>& values) {
    TensorSpec spec;
    spec.name = name;
    spec.type = TypeCode::kInt32;
    spec.shape = std::move(shape);
    for (const std::int32_t value : values) {
      for (int shift = 0; shift < 32; shift += 8) {
        spec.data.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> shift));
      }
    }
    return tensor(spec);
  }
  std::int32_t apply(Builtin code, std::vector<std::int32_t> inputs, TensorSpec output,
                     OptionsType type = OptionsType::kNone, std::vector<OptionSpec> options = {}) {
    const std::int32_t made = tensor(std::move(output));
    model_.operators.push_back(
        operator_of(code, std::move(inputs), made, type, std::move(options)));
    return made;
  }
  /// A second output of the operator added last.
  std::int32_t also(TensorSpec output) {
    const std::int32_t made = tensor(std::move(output));
    model_.operators.back().outputs.push_back(made);
    return made;
  }
  ModelSpec finish(std::vector<std::int32_t> inputs, std::vector<std::int32_t> outputs) {
    model_.inputs = std::move(inputs);
    model_.outputs = std::move(outputs);
    return std::move(model_);
  }

 private:
  ModelSpec model_;
};

/// An int8 tensor of the given scale and zero point.
inline TensorSpec scaled(const std::string& name, std::vector<std::int32_t> shape, float scale,
                         std::int64_t zero_point) {
  TensorSpec spec = activation(name, std::move(shape));
  spec.scales = {scale};
  spec.zero_points = {zero_point};
  return spec;
}

/// A state of the network.
inline TensorSpec variable(TensorSpec spec) {
  spec.variable = true;
  return spec;
}

/// What moves elements: 1x4x4x2 -> pad -> strided slice -> transpose -> split -> concatenate ->
/// resize twice -> slice -> pack -> unpack.
inline ModelSpec movement_model() {
  ModelChain chain;
  const std::int32_t in = chain.tensor(activation("in", {1, 4, 4, 2}));
  const std::int32_t pads = chain.constant("pads", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0});
  const std::int32_t padded =
      chain.apply(Builtin::kPad, {in, pads}, activation("padded", {1, 6, 6, 2}));
  const std::int32_t sliced = chain.apply(
      Builtin::kStridedSlice,
      {padded, chain.constant("begin", {4}, {0, 1, 0, 0}), chain.constant("end", {4}, {1, 5, 6, 2}),
       chain.constant("step", {4}, {1, 1, 2, 1})},
      activation("sliced", {1, 4, 3, 2}), OptionsType::kStridedSlice);
  const std::int32_t turned =
      chain.apply(Builtin::kTranspose, {sliced, chain.constant("order", {4}, {0, 2, 1, 3})},
                  activation("turned", {1, 3, 4, 2}));
  const std::int32_t left = chain.apply(Builtin::kSplit, {chain.constant("axis", {}, {3}), turned},
                                        activation("left", {1, 3, 4, 1}));
  const std::int32_t right = chain.also(activation("right", {1, 3, 4, 1}));
  const std::int32_t joined =
      chain.apply(Builtin::kConcatenation, {right, left}, activation("joined", {1, 3, 4, 2}),
                  OptionsType::kConcatenation, {option(ConcatenationField::kAxis, 3)});
  const std::int32_t nearest =
      chain.apply(Builtin::kResizeNearest, {joined, chain.constant("size", {2}, {6, 4})},
                  activation("nearest", {1, 6, 4, 2}), OptionsType::kResizeNearest);
  const std::int32_t smooth =
      chain.apply(Builtin::kResizeBilinear, {nearest, chain.constant("size2", {2}, {5, 5})},
                  activation("smooth", {1, 5, 5, 2}), OptionsType::kResizeBilinear,
                  {option(ResizeBilinearField::kHalfPixelCenters, std::int8_t{1})});
  const std::int32_t corner = chain.apply(Builtin::kSlice,
                                          {smooth, chain.constant("from", {4}, {0, 1, 2, 0}),
                                           chain.constant("count", {4}, {1, 2, -1, 2})},
                                          activation("corner", {1, 2, 3, 2}));
  const std::int32_t packed =
      chain.apply(Builtin::kPack, {corner, corner}, activation("packed", {2, 1, 2, 3, 2}),
                  OptionsType::kPack, {option(PackField::kAxis, 0)});
  const std::int32_t first =
      chain.apply(Builtin::kUnpack, {packed}, activation("first", {1, 2, 3, 2}),
                  OptionsType::kUnpack, {option(UnpackField::kAxis, 0)});
  const std::int32_t second = chain.also(activation("second", {1, 2, 3, 2}));
  return chain.finish({in}, {first, second});
}

/// What computes element by element or reduces: float32 -> quantize -> ... -> dequantize.
inline ModelSpec elementwise_model() {
  const std::vector<std::int32_t> image = {1, 2, 3, 4};
  ModelChain chain;
  TensorSpec real = activation("in", image);
  real.type = TypeCode::kFloat32;
  real.scales.clear();
  real.zero_points.clear();
  const std::int32_t in = chain.tensor(real);
  std::int32_t at = chain.apply(Builtin::kQuantize, {in}, scaled("x", image, 0.05F, 4));
  const std::int32_t x = at;
  at = chain.apply(Builtin::kMul, {at, x}, scaled("square", image, 0.1F, -9), OptionsType::kMul);
  at = chain.apply(Builtin::kSub, {at, x}, scaled("less", image, 0.1F, 7), OptionsType::kSub);
  at = chain.apply(Builtin::kLeakyRelu, {at}, scaled("leaky", image, 0.1F, -20),
                   OptionsType::kLeakyRelu, {option(LeakyReluField::kAlpha, 0.25F)});
  at = chain.apply(Builtin::kMaximum, {at, x}, scaled("most", image, 0.1F, -20));
  at = chain.apply(Builtin::kMinimum, {at, x}, scaled("least", image, 0.1F, -20));
  at = chain.apply(Builtin::kRelu6, {at}, scaled("relu6", image, 0.1F, -20));
  at = chain.apply(Builtin::kHardSwish, {at}, scaled("swish", image, 0.1F, -30));
  at = chain.apply(Builtin::kTanh, {at}, scaled("tanh", image, 1.0F / 128, 0));
  at = chain.apply(Builtin::kLogistic, {at}, scaled("gate", image, 1.0F / 256, -128));
  const std::int32_t axes = chain.constant("axes", {2}, {1, 2});
  const std::int32_t mean =
      chain.apply(Builtin::kMean, {at, axes}, scaled("mean", {1, 4}, 0.01F, 3));
  const std::int32_t sum = chain.apply(Builtin::kSum, {at, axes}, scaled("sum", {1, 4}, 0.02F, 3));
  const std::int32_t top =
      chain.apply(Builtin::kReduceMax, {at, axes}, scaled("top", {1, 4}, 1.0F / 256, -128));
  const std::int32_t product =
      chain.apply(Builtin::kBatchMatmul, {mean, chain.tensor(filter("matrix", {4, 3}))},
                  scaled("product", {1, 3}, 0.5F, 1), OptionsType::kBatchMatmul);
  TensorSpec result = real;
  result.name = "out";
  result.shape = {1, 3};
  const std::int32_t out = chain.apply(Builtin::kDequantize, {product}, result);
  return chain.finish({in}, {out, sum, top});
}

/// States: 1x6 -> SVDF with 2 filters over 3 steps; 1x2x3 -> LSTM with 2 units; and a transposed
/// convolution, 1x2x2x2 -> 1x4x4x3.
inline ModelSpec sequence_model() {
  ModelChain chain;
  const auto fine = [](TensorSpec spec) {
    spec.scales = {1.0F / 64};
    return spec;
  };
  const std::int32_t data = chain.tensor(activation("data", {1, 6}));
  const std::int32_t features = chain.tensor(filter("features", {2, 6}));
  const std::int32_t times = chain.tensor(filter("times", {2, 3}));
  const std::int32_t memory = chain.tensor(variable(activation("memory", {1, 6})));
  const std::int32_t svdf =
      chain.apply(Builtin::kSvdf, {data, features, times, -1, memory}, activation("svdf", {1, 2}),
                  OptionsType::kSvdf, {option(SvdfField::kRank, 1)});
  const std::int32_t steps = chain.tensor(activation("steps", {1, 2, 3}));
  std::vector<std::int32_t> inputs(24, -1);
  inputs[0] = steps;
  for (std::size_t gate = 0; gate < 4; ++gate) {
    const std::string name = std::to_string(gate);
    inputs[1 + gate] = chain.tensor(fine(filter("w" + name, {2, 3})));
    inputs[5 + gate] = chain.tensor(fine(filter("r" + name, {2, 2})));
    inputs[12 + gate] = chain.constant("b" + name, {2}, {5, -5});
  }
  inputs[18] = chain.tensor(variable(scaled("hidden", {1, 2}, 1.0F / 128, 3)));
  TensorSpec cell = scaled("cell", {1, 2}, 1.0F / 2048, 0);
  cell.type = TypeCode::kInt16;
  inputs[19] = chain.tensor(variable(cell));
  const std::int32_t lstm =
      chain.apply(Builtin::kLstm, inputs, scaled("lstm", {1, 2, 2}, 1.0F / 128, 3),
                  OptionsType::kLstm, {option(LstmField::kActivation, std::int8_t{4})});
  const std::int32_t small = chain.tensor(activation("small", {1, 2, 2, 2}));
  const std::int32_t grown = chain.apply(
      Builtin::kTransposeConv,
      {chain.constant("shape", {4}, {1, 4, 4, 3}), chain.tensor(filter("kernel", {3, 3, 3, 2})),
       small, -1},
      scaled("grown", {1, 4, 4, 3}, 4.0F, 0), OptionsType::kTransposeConv,
      {option(TransposeConvField::kStrideW, 2), option(TransposeConvField::kStrideH, 2)});
  return chain.finish({data, steps, small}, {svdf, lstm, grown});
}

/// A name for each.
inline std::vector<std::pair<std::string, ModelSpec>> further_models() {
  return {{"movement", movement_model()},
          {"elementwise", elementwise_model()},
          {"sequence", sequence_model()}};
}

}  // namespace milliwatt::workloads::tflite
