// SPDX-License-Identifier: Apache-2.0
// For tests: random operators.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/packing.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::mcu::testing {

using workloads::Bytes;

/// Makes graphs of one operator with odd shapes, widths, scales and zero points.
class RandomOperator {
 public:
  explicit RandomOperator(std::uint32_t seed) : random_{seed * 0x9e3779b1U} {}

  int between(int low, int high) {
    return low + static_cast<int>(random_.next() % static_cast<std::uint32_t>(high - low + 1));
  }
  workloads::Bytes bytes(const workloads::Tensor& tensor) {
    Bytes values(static_cast<std::size_t>(tensor.bytes()));
    for (std::uint8_t& value : values) {
      value = static_cast<std::uint8_t>(random_.next() >> 24);
    }
    return values;
  }

  workloads::Graph conv() {
    workloads::Conv2d conv;
    conv.groups = between(1, 3);
    conv.activation = activation();
    const int depth = between(1, 9);
    const int outputs = conv.groups * between(1, 7);
    const auto in = image(depth * conv.groups);
    choose_widths();
    conv.window = window(in, 3);
    begin(workloads::OperatorKind::kConv2d, conv, in);
    weights({outputs, conv.window.kernel_h, conv.window.kernel_w, depth}, 0, outputs);
    return end(positions(conv.window, in, outputs), depth * conv.window.kernel_h);
  }

  workloads::Graph depthwise() {
    workloads::DepthwiseConv2d conv;
    conv.multiplier = between(1, 3);
    conv.activation = activation();
    const auto in = image(between(1, 19));
    choose_widths();
    const int outputs = in[3] * conv.multiplier;
    conv.window = window(in, 3);
    begin(workloads::OperatorKind::kDepthwiseConv2d, conv, in);
    weights({1, conv.window.kernel_h, conv.window.kernel_w, outputs}, 3, outputs);
    return end(positions(conv.window, in, outputs), conv.window.kernel_h);
  }

  workloads::Graph fully_connected() {
    workloads::FullyConnected layer;
    layer.activation = activation();
    const int rows = between(1, 4);
    const int depth = between(1, 300);
    const int units = between(1, 33);
    choose_widths();
    begin(workloads::OperatorKind::kFullyConnected, layer, {rows, depth});
    weights({units, depth}, 0, units);
    return end({rows, units}, depth);
  }

  workloads::Graph pool(workloads::OperatorKind kind) {
    workloads::Pool2d pool;
    pool.activation = activation();
    const auto in = image(between(1, 19));
    choose_widths();
    output_type_ = type_;
    pool.window = window(in, 1);
    begin(kind, pool, in);
    output_scale_ = scale_;
    return end(positions(pool.window, in, in[3]), 0);
  }

  /// add, sub, mul.
  template <typename Attributes>
  workloads::Graph pair(workloads::OperatorKind kind, Attributes attributes) {
    attributes.activation = activation();
    const Broadcast shapes = broadcast();
    choose_widths();
    begin(kind, attributes, shapes.a);
    const bool product = kind == workloads::OperatorKind::kMul;
    const float relative = static_cast<float>(between(2, 30)) / (product ? 300.0F : 10.0F);
    if (!is_wide()) {
      type_ = any_narrow();
    }
    operand("b", shapes.b, product ? relative : scale_ * relative);
    return end(shapes.output, 1);
  }

  workloads::Graph extremum(workloads::OperatorKind kind) {
    const Broadcast shapes = broadcast();
    choose_widths();
    output_type_ = type_;
    begin(kind, workloads::Plain{}, shapes.a);
    operand("b", shapes.b, scale_);
    return end(shapes.output, 1);
  }

  workloads::Graph relu() {
    workloads::Relu relu;
    relu.activation = activation();
    choose_widths();
    if (relu.activation != workloads::Activation::kRelu) {
      output_type_ = type_;
      return unary(workloads::OperatorKind::kRelu, relu, true);
    }
    return unary(workloads::OperatorKind::kRelu, relu, false);
  }

  workloads::Graph leaky_relu() {
    workloads::LeakyRelu leaky;
    leaky.alpha = static_cast<float>(between(0, 20)) / 10.0F;
    choose_widths();
    return unary(workloads::OperatorKind::kLeakyRelu, leaky, false);
  }

  workloads::Graph hard_swish() {
    type_ = output_type_ = workloads::ElementType::kInt8;
    return unary(workloads::OperatorKind::kHardSwish, workloads::Plain{}, false);
  }

  /// Between integers of any widths, and to int32.
  workloads::Graph requantize() {
    choose_widths();
    const int to = between(0, 3);
    output_type_ = to == 0   ? workloads::ElementType::kInt16
                   : to == 1 ? workloads::ElementType::kInt32
                             : any_narrow();
    return unary(workloads::OperatorKind::kQuantize, workloads::Plain{}, false);
  }

  /// logistic, tanh.
  workloads::Graph sigmoid(workloads::OperatorKind kind) {
    const bool tanh = kind == workloads::OperatorKind::kTanh;
    const bool wide = between(0, 1) == 1;
    type_ = output_type_ = wide ? workloads::ElementType::kInt16 : workloads::ElementType::kInt8;
    workloads::Graph graph = unary(kind, workloads::Plain{}, false);
    graph.tensors[0].quantization.scales[0] =
        wide ? (between(0, 2) == 0 ? 1.0F / 4096.0F : 0.0001F * static_cast<float>(between(1, 20)))
             : 0.003F * static_cast<float>(between(1, 30));
    graph.tensors.back().quantization = {{wide   ? 1.0F / 32768.0F
                                          : tanh ? 1.0F / 128.0F
                                                 : 1.0F / 256.0F},
                                         {wide || tanh ? 0 : -128},
                                         0};
    return graph;
  }

  workloads::Graph softmax() {
    workloads::Softmax softmax;
    softmax.beta = static_cast<float>(between(1, 30)) / 10.0F;
    const std::vector<std::int32_t> shape = {between(1, 4), between(1, 60)};
    type_ = workloads::ElementType::kInt8;
    begin(workloads::OperatorKind::kSoftmax, softmax, shape);
    const bool wide = between(0, 1) == 1;
    workloads::Graph graph = end(shape, 0);
    workloads::Tensor& out = graph.tensors.back();
    out.type = wide ? workloads::ElementType::kInt16 : workloads::ElementType::kInt8;
    out.quantization = {{wide ? 1.0F / 65536.0F : 1.0F / 256.0F}, {wide ? -32768 : -128}, 0};
    return graph;
  }

 protected:
  using ElementType = workloads::ElementType;
  struct Broadcast {
    std::vector<std::int32_t> a;
    std::vector<std::int32_t> b;
    std::vector<std::int32_t> output;
  };

  Broadcast broadcast() {
    Broadcast s;
    s.output.resize(static_cast<std::size_t>(between(1, 6)));
    for (std::int32_t& extent : s.output) {
      extent = between(1, 5);
    }
    s.a = s.b = s.output;
    for (std::size_t i = 0; i < s.output.size(); ++i) {
      const int repeat = between(0, 5);
      (repeat == 0 ? s.a[i] : repeat == 1 ? s.b[i] : s.output[i]) = repeat < 2 ? 1 : s.output[i];
    }
    if (between(0, 3) == 0) {
      s.b.erase(s.b.begin(), s.b.begin() + between(0, static_cast<int>(s.b.size())));
    }
    for (std::size_t i = 0; i < s.output.size(); ++i) {
      const std::size_t skip = s.output.size() - s.b.size();
      s.output[i] = std::max(s.a[i], i < skip ? 1 : s.b[i - skip]);
    }
    return s;
  }

  ElementType any_narrow() { return workloads::integer_type(between(2, 8)); }
  bool is_wide() const { return type_ == ElementType::kInt16; }

  /// Half of the operators are int8, others int16 or of narrow widths, in and out.
  void choose_widths() {
    const int width = between(0, 7);
    type_ = width < 2 ? ElementType::kInt16 : width < 4 ? any_narrow() : ElementType::kInt8;
    output_type_ = width < 2 ? ElementType::kInt16 : width == 2 ? any_narrow() : type_;
  }

  template <typename Attributes>
  workloads::Graph unary(workloads::OperatorKind kind, const Attributes& attributes, bool same) {
    const std::vector<std::int32_t> shape = {between(1, 5), between(1, 7), between(1, 9)};
    begin(kind, attributes, shape);
    output_scale_ = same ? scale_ : 0;
    return end(shape, 8);
  }

  int zero_point(ElementType type) {
    const int bits = std::min(workloads::element_bits(type), 8);
    const bool has = type <= ElementType::kInt8;
    return has ? between(workloads::lowest_element(bits), workloads::highest_element(bits)) : 0;
  }

  std::vector<std::int32_t> image(int channels) {
    return {between(1, 3), between(1, 11), between(1, 11), channels};
  }

  workloads::Activation activation() { return static_cast<workloads::Activation>(between(0, 3)); }

  workloads::Window window(const std::vector<std::int32_t>& in, int most_dilation) {
    workloads::Window w;
    w.kernel_h = between(1, std::min(5, in[1]));
    w.kernel_w = between(1, std::min(5, in[2]));
    w.stride_h = between(1, 3);
    w.stride_w = between(1, 3);
    w.dilation_h = between(1, most_dilation);
    w.dilation_w = between(1, most_dilation);
    const auto reach_h = static_cast<int>(workloads::effective_kernel(w.kernel_h, w.dilation_h));
    const auto reach_w = static_cast<int>(workloads::effective_kernel(w.kernel_w, w.dilation_w));
    w.pad_top = between(0, reach_h - 1);
    w.pad_left = between(0, reach_w - 1);
    w.pad_bottom = std::max(between(0, reach_h - 1), reach_h - in[1] - w.pad_top);
    w.pad_right = std::max(between(0, reach_w - 1), reach_w - in[2] - w.pad_left);
    return w;
  }

  static std::vector<std::int32_t> positions(const workloads::Window& w,
                                             const std::vector<std::int32_t>& in, int channels) {
    return {in[0], static_cast<std::int32_t>(workloads::vertical(w).outputs(in[1])),
            static_cast<std::int32_t>(workloads::horizontal(w).outputs(in[2])), channels};
  }

  template <typename Attributes>
  void begin(workloads::OperatorKind kind, const Attributes& attributes,
             const std::vector<std::int32_t>& shape) {
    graph_ = {};
    graph_.operators.resize(1);
    graph_.operators[0].kind = kind;
    graph_.operators[0].name = workloads::operator_name(kind);
    graph_.operators[0].attributes = attributes;
    scale_ = 0.001F * static_cast<float>(between(1, 100));
    output_scale_ = 0;
    operand("a", shape, scale_);
  }

  void operand(const char* name, const std::vector<std::int32_t>& shape, float scale) {
    workloads::Tensor tensor;
    tensor.name = name;
    tensor.shape = shape;
    tensor.role = workloads::TensorRole::kInput;
    tensor.type = type_;
    tensor.quantization = {{scale}, {zero_point(type_)}, 0};
    add_operand(tensor);
    graph_.inputs.push_back(graph_.operators[0].inputs.back());
  }

  void add_operand(const workloads::Tensor& tensor) {
    graph_.operators[0].inputs.push_back(static_cast<int>(graph_.tensors.size()));
    graph_.tensors.push_back(tensor);
  }

  void weights(const std::vector<std::int32_t>& shape, int dimension, int channels) {
    workloads::Tensor filter;
    filter.name = "filter";
    filter.role = workloads::TensorRole::kConstant;
    filter.type = between(0, 1) == 0 ? any_narrow() : ElementType::kInt8;
    filter.shape = shape;
    filter.quantization.dimension = dimension;
    const int scales = between(0, 1) == 0 ? 1 : channels;
    for (int i = 0; i < scales; ++i) {
      filter.quantization.scales.push_back(0.0001F * static_cast<float>(between(1, 100)));
    }
    filter.quantization.zero_points.assign(static_cast<std::size_t>(scales), 0);
    filter.data = bytes(filter);
    add_operand(filter);
    if (between(0, 3) > 0) {
      add_bias(channels);
    }
  }

  /// Of 16 significant bits; of 32 and 64 bits.
  void add_bias(int channels) {
    workloads::Tensor bias;
    bias.name = "bias";
    bias.role = workloads::TensorRole::kConstant;
    bias.type = is_wide() && between(0, 1) == 1 ? ElementType::kInt64 : ElementType::kInt32;
    bias.shape = {channels};
    const std::size_t width = bias.type == ElementType::kInt64 ? 8 : 4;
    for (int c = 0; c < channels; ++c) {
      const std::int64_t value = between(-32768, 32767);
      for (std::size_t i = 0; i < width; ++i) {
        bias.data.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
      }
    }
    add_operand(bias);
  }

  /// An output scale that spreads the outputs over the type, given some length of the sum.
  workloads::Graph end(const std::vector<std::int32_t>& shape, int length) {
    workloads::Tensor output;
    output.name = "output";
    output.shape = shape;
    const bool same = output_scale_ > 0;
    const float spread = scale_ * 0.3F * std::sqrt(static_cast<float>(length) + 1.0F) *
                         std::ldexp(1.0F, std::max(bits_of(type_) - bits_of(output_type_), -12));
    output.type = output_type_;
    output.quantization = same ? graph_.tensors[0].quantization
                               : workloads::Quantization{{spread}, {zero_point(output_type_)}, 0};
    graph_.operators[0].outputs = {static_cast<int>(graph_.tensors.size())};
    graph_.outputs = graph_.operators[0].outputs;
    graph_.tensors.push_back(output);
    return graph_;
  }

  /// Bits that values use: outputs of 32 bits are spread like those of 16.
  static int bits_of(ElementType type) { return std::min(workloads::element_bits(type), 16); }

  workloads::Xorshift32 random_;
  workloads::Graph graph_;
  ElementType type_ = ElementType::kInt8;  ///< of operands that begin() and operand() add
  ElementType output_type_ = ElementType::kInt8;
  float scale_ = 0;
  float output_scale_ = 0;
};

}  // namespace milliwatt::mcu::testing
