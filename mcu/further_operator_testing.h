// SPDX-License-Identifier: Apache-2.0
// For tests: random networks of one operator, of the kinds behind convolutions and elementwise
// operators, with scales that spread the outputs over their type.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "workloads/check.h"
#include "workloads/graph_testing.h"
#include "workloads/packing.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::mcu::testing {

/// Every call makes another network of the kind, checked.
class FurtherOperator {
 public:
  explicit FurtherOperator(std::uint32_t seed) : random_{seed * 0x9e3779b1U} {}

  int between(int low, int high) {
    return low + static_cast<int>(random_.next() % static_cast<std::uint32_t>(high - low + 1));
  }
  bool coin() { return between(0, 1) == 1; }

  /// Values for a tensor that has none: floats of moderate size, or of any kind where the network
  /// quantizes them.
  workloads::Bytes values(const workloads::Graph& graph, const workloads::Tensor& tensor);

  workloads::Graph transpose_conv(bool wide);
  workloads::Graph matmul(bool wide);
  workloads::Graph reduce(workloads::OperatorKind kind, bool wide);
  workloads::Graph resize(workloads::OperatorKind kind);
  workloads::Graph quantize();
  workloads::Graph dequantize();
  workloads::Graph log_softmax();
  workloads::Graph svdf(bool wide_state);
  workloads::Graph lstm(bool wide);

 private:
  using Tensor = workloads::Tensor;
  using Shape = std::vector<std::int32_t>;
  using ElementType = workloads::ElementType;

  static constexpr float kSpread8 = 74.0F;      // standard deviation of uniform int8
  static constexpr float kSpread16 = 18900.0F;  // and of uniform int16
  static float spread(bool wide) { return wide ? kSpread16 : kSpread8; }
  static float root(int terms) { return std::sqrt(static_cast<float>(terms)); }
  float scale() { return 0.001F * static_cast<float>(between(1, 100)); }

  /// Activations of 8 bits with any zero point, or of 16 bits.
  Tensor activation(Shape shape, float scale_of, bool wide) {
    Tensor made =
        workloads::testing::int8_tensor(std::move(shape), scale_of, wide ? 0 : between(-128, 127));
    made.type = wide ? ElementType::kInt16 : ElementType::kInt8;
    return made;
  }
  /// Activations of 16 bits, or of any number up to 8.
  Tensor any_width(Shape shape, float scale_of, bool wide) {
    Tensor made = activation(std::move(shape), scale_of, wide);
    if (!wide && coin()) {
      const int bits = between(2, 7);
      made.type = workloads::integer_type(bits);
      made.quantization.zero_points = {
          between(workloads::lowest_element(bits), workloads::highest_element(bits))};
    }
    return made;
  }
  Tensor state(Shape shape, float scale_of, bool wide) {
    Tensor made = activation(std::move(shape), scale_of, wide);
    made.role = workloads::TensorRole::kState;
    return made;
  }
  Tensor real(Shape shape) {
    Tensor made = workloads::testing::int8_tensor(std::move(shape));
    made.type = ElementType::kFloat32;
    made.quantization = {};
    return made;
  }
  /// Of 9 significant bits where `wide`: sums of products with states of 16 bits stay in 32.
  Tensor weights(Shape shape, float scale_of, bool wide = false) {
    Tensor made = activation(std::move(shape), scale_of, wide);
    made.quantization.zero_points = {0};
    made.role = workloads::TensorRole::kConstant;
    made.data = random_bytes(static_cast<std::size_t>(made.bytes()));
    for (std::size_t i = 1; wide && i < made.data.size(); i += 2) {
      made.data[i] = (made.data[i] & 1) != 0 ? 0xff : 0;
    }
    return made;
  }
  /// Of 16 significant bits.
  Tensor bias(int units, bool of_64_bits) {
    Tensor made = workloads::testing::int8_tensor({units});
    made.type = of_64_bits ? ElementType::kInt64 : ElementType::kInt32;
    made.role = workloads::TensorRole::kConstant;
    const std::size_t width = of_64_bits ? 8 : 4;
    for (int i = 0; i < units; ++i) {
      const std::int64_t value = random_.next_signed(16);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
      made.data.insert(made.data.end(), bytes, bytes + width);
    }
    return made;
  }
  /// An operand that says something about the operator and is never read.
  Tensor note() { return workloads::testing::constant(workloads::testing::int8_tensor({1}), {0}); }

  workloads::Bytes random_bytes(std::size_t count) {
    workloads::Bytes made(count);
    for (std::uint8_t& byte : made) {
      byte = static_cast<std::uint8_t>(random_.next() >> 24);
    }
    return made;
  }

  workloads::Graph finish(workloads::OperatorKind kind, const workloads::Attributes& attributes,
                          std::vector<Tensor> tensors, std::vector<int> places = {});
  workloads::Window back_window(const Shape& in, Shape& out);

  workloads::Xorshift32 random_;
};

inline workloads::Bytes FurtherOperator::values(const workloads::Graph& graph,
                                                const workloads::Tensor& tensor) {
  workloads::Bytes made = random_bytes(static_cast<std::size_t>(tensor.bytes()));
  if (tensor.type != ElementType::kFloat32) {
    return made;
  }
  const bool quantized = graph.operators[0].kind == workloads::OperatorKind::kQuantize;
  for (std::size_t i = 0; i < made.size(); i += sizeof(float)) {
    if (quantized && coin()) {
      continue;  // any bits: not-a-number, infinite, denormal
    }
    float value = static_cast<float>(random_.next_signed(20)) / 16384.0F;
    if (quantized) {  // around the ties
      const float step = graph.tensors.back().quantization.scales.front();
      value = (static_cast<float>(between(-300, 300)) + 0.5F) * step;
    }
    std::memcpy(&made[i], &value, sizeof value);
  }
  return made;
}

/// `places` gives op.inputs; empty: all tensors but the last, which is the output. Tensors without
/// data that are neither state nor output are the network's inputs.
inline workloads::Graph FurtherOperator::finish(workloads::OperatorKind kind,
                                                const workloads::Attributes& attributes,
                                                std::vector<Tensor> tensors,
                                                std::vector<int> places) {
  workloads::Graph graph;
  graph.name = "single";
  workloads::Operator op;
  op.kind = kind;
  op.name = workloads::operator_name(kind);
  op.attributes = attributes;
  const auto last = static_cast<workloads::TensorId>(tensors.size()) - 1;
  for (workloads::TensorId id = 0; id < last; ++id) {
    Tensor& tensor = tensors[static_cast<std::size_t>(id)];
    if (tensor.role == workloads::TensorRole::kState) {
      op.states.push_back(id);
    } else if (tensor.data.empty()) {
      tensor.role = workloads::TensorRole::kInput;
      graph.inputs.push_back(id);
    }
    op.inputs.push_back(id);
  }
  if (!places.empty()) {
    op.inputs.assign(places.begin(), places.end());
  }
  op.outputs = graph.outputs = {last};
  graph.tensors = std::move(tensors);
  graph.operators = {op};
  workloads::check_graph(graph);
  return graph;
}

/// A window from the output back to `in`, and the height and width of an output that it allows.
inline workloads::Window FurtherOperator::back_window(const Shape& in, Shape& out) {
  workloads::Window w;
  const auto side = [&](int input, int& kernel, int& stride, int& before, int& after) {
    int output = 0;
    while (output < 1) {
      kernel = between(1, 5);
      stride = between(1, 3);
      before = between(0, kernel - 1);
      after = between(0, kernel - 1);
      output = (input - 1) * stride + kernel - before - after + between(0, stride - 1);
    }
    return output;
  };
  out[1] = side(in[1], w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom);
  out[2] = side(in[2], w.kernel_w, w.stride_w, w.pad_left, w.pad_right);
  return w;
}

inline workloads::Graph FurtherOperator::transpose_conv(bool wide) {
  const Shape in = {between(1, 2), between(1, 5), between(1, 5), between(1, 9)};
  Shape out = {in[0], 0, 0, between(1, 7)};
  workloads::TransposeConv2d conv;
  conv.window = back_window(in, out);
  conv.activation = static_cast<workloads::Activation>(between(0, 3));
  const float si = scale();
  Tensor filter = weights({out[3], conv.window.kernel_h, conv.window.kernel_w, in[3]}, scale());
  const float sf = filter.quantization.scales[0];
  if (coin()) {
    filter.quantization.scales.clear();
    for (int i = 0; i < out[3]; ++i) {
      filter.quantization.scales.push_back(sf * static_cast<float>(between(5, 20)) / 10.0F);
    }
    filter.quantization.zero_points.assign(static_cast<std::size_t>(out[3]), 0);
  }
  const int terms = in[3] * (1 + conv.window.kernel_h / conv.window.stride_h);
  const float so = si * sf * kSpread8 * 1.2F * root(terms);
  std::vector<Tensor> tensors = {note(), filter, activation(in, si, wide)};
  if (coin()) {
    tensors.push_back(bias(out[3], wide && coin()));
  }
  tensors.push_back(activation(out, so, wide));
  return finish(workloads::OperatorKind::kTransposeConv2d, conv, tensors);
}

inline workloads::Graph FurtherOperator::matmul(bool wide) {
  workloads::BatchMatmul matmul;
  matmul.transpose_a = coin();
  matmul.transpose_b = coin();
  const int rows = between(1, 6);
  const int depth = between(1, 20);
  const int columns = between(1, 7);
  Shape a;
  Shape b;
  Shape out;
  for (int left = between(0, 3); left > 0; --left) {
    const int extent = between(1, 3);
    const int repeats = between(0, 4);
    a.push_back(repeats == 0 ? 1 : extent);
    b.push_back(repeats == 1 ? 1 : extent);
    out.push_back(extent);
  }
  if (!a.empty() && between(0, 3) == 0) {
    out.front() = b.front();
    a.erase(a.begin());
  }
  const auto append = [](Shape& shape, bool swapped, int first, int second) {
    shape.push_back(swapped ? second : first);
    shape.push_back(swapped ? first : second);
  };
  append(a, matmul.transpose_a, rows, depth);
  append(b, matmul.transpose_b, depth, columns);
  append(out, false, rows, columns);
  const float sa = scale();
  const float sb = scale();
  const float so = sa * sb * spread(wide) * 1.2F * root(depth);
  return finish(workloads::OperatorKind::kBatchMatmul, matmul,
                {activation(a, sa, wide), activation(b, sb, wide), activation(out, so, wide)});
}

inline workloads::Graph FurtherOperator::reduce(workloads::OperatorKind kind, bool wide) {
  workloads::Reduce reduce;
  Shape shape;
  Shape out;
  int terms = 1;
  const bool keeps = coin();
  for (int d = 0, rank = between(1, 5); d < rank; ++d) {
    shape.push_back(between(1, 7));
    if (coin()) {
      reduce.axes.push_back(d);
      terms *= shape.back();
    }
    if (reduce.axes.empty() || reduce.axes.back() != d) {
      out.push_back(shape.back());
    } else if (keeps) {
      out.push_back(1);
    }
  }
  const bool sum = kind == workloads::OperatorKind::kSum;
  const Tensor input = any_width(shape, scale(), wide);
  const float si = input.quantization.scales[0];
  const float so = si * (sum ? root(terms) : 1.0F / root(terms)) * 1.3F;
  Tensor output = any_width(out, so, wide);
  if (kind == workloads::OperatorKind::kReduceMax) {
    output.type = input.type;
    output.quantization = input.quantization;
  }
  return finish(kind, reduce, {input, note(), output});
}

inline workloads::Graph FurtherOperator::resize(workloads::OperatorKind kind) {
  workloads::Resize resize;
  resize.align_corners = between(0, 2) == 0;
  resize.half_pixel_centers = !resize.align_corners && coin();
  const int batch = between(1, 2);
  const int channels = between(1, 4);
  const Tensor input = any_width({batch, between(1, 9), between(1, 9), channels}, scale(), coin());
  Tensor output = input;
  output.shape = {batch, between(1, 17), between(1, 17), channels};
  return finish(kind, resize, {input, note(), output});
}

inline workloads::Graph FurtherOperator::quantize() {
  const Shape shape = {between(1, 3), between(1, 40)};
  const Tensor output = any_width(shape, scale(), coin());
  return finish(workloads::OperatorKind::kQuantize, workloads::Plain{}, {real(shape), output});
}

inline workloads::Graph FurtherOperator::dequantize() {
  const Shape shape = {between(1, 3), between(1, 40)};
  Tensor input = any_width(shape, scale(), coin());
  if (between(0, 2) == 0) {
    input.type = ElementType::kInt32;
  }
  return finish(workloads::OperatorKind::kDequantize, workloads::Plain{}, {input, real(shape)});
}

inline workloads::Graph FurtherOperator::log_softmax() {
  const Shape shape = {between(1, 3), between(1, 5), between(1, 40)};
  return finish(workloads::OperatorKind::kLogSoftmax, workloads::Plain{},
                {real(shape), real(shape)});
}

inline workloads::Graph FurtherOperator::svdf(bool wide_state) {
  workloads::Svdf svdf;
  svdf.rank = between(1, 3);
  svdf.activation = coin() ? workloads::Activation::kRelu : workloads::Activation::kNone;
  const int batch = between(1, 2);
  const int depth = between(1, 20);
  const int memory = between(1, 9);
  const int units = between(1, 7);
  const int filters = units * svdf.rank;
  const float si = scale();
  const float sf = scale();
  const float st = scale();
  const float ss = si * sf * kSpread8 * kSpread8 * root(depth) / spread(wide_state);
  const float so =
      ss * st * spread(wide_state) * (wide_state ? 2.0F : 1.0F) * root(memory * svdf.rank);
  std::vector<Tensor> tensors = {activation({batch, depth}, si, false),
                                 weights({filters, depth}, sf),
                                 weights({filters, memory}, st, wide_state)};
  std::vector<int> places = {0, 1, 2};
  const bool has_bias = coin();
  if (has_bias) {
    tensors.push_back(bias(units, false));
  }
  places.push_back(has_bias ? 3 : workloads::kNoTensor);
  places.push_back(static_cast<int>(tensors.size()));
  tensors.push_back(state({batch, filters * memory}, ss, wide_state));
  tensors.push_back(activation({batch, units}, so, false));
  return finish(workloads::OperatorKind::kSvdf, svdf, tensors, places);
}

inline workloads::Graph FurtherOperator::lstm(bool wide) {
  workloads::Lstm lstm;
  lstm.time_major = coin();
  lstm.cell_clip = coin() ? 0.0F : 0.1F * static_cast<float>(between(1, 20));
  const int batch = between(1, 3);
  const int steps = between(1, 5);
  const int depth = between(1, 12);
  const int units = between(1, 9);
  const float si = scale();
  const float sh = 1.0F / (wide ? 32768.0F : 128.0F) * static_cast<float>(between(5, 10)) / 10.0F;
  const auto data = [&](int last, float scale_of) {
    return activation(lstm.time_major ? Shape{steps, batch, last} : Shape{batch, steps, last},
                      scale_of, wide);
  };
  std::vector<Tensor> tensors = {data(depth, si)};
  std::vector<int> places(24, workloads::kNoTensor);
  const auto add = [&](std::size_t place, Tensor tensor) {
    places[place] = static_cast<int>(tensors.size());
    tensors.push_back(std::move(tensor));
  };
  places[0] = 0;
  for (std::size_t gate = 0; gate < 4; ++gate) {
    const float to_gate = 1.5F / (spread(wide) * kSpread8);
    add(1 + gate, weights({units, depth}, to_gate / (si * root(depth)) * 1.1F));
    add(5 + gate, weights({units, units}, to_gate / (sh * root(units)) * 0.9F));
    add(12 + gate, bias(units, wide && coin()));
  }
  Tensor hidden = state({batch, units}, sh, wide);
  add(18, hidden);
  add(19, state({batch, units}, std::ldexp(1.0F, -between(9, 15)), true));
  Tensor output = data(units, sh);
  output.quantization = hidden.quantization;
  tensors.push_back(output);
  return finish(workloads::OperatorKind::kLstm, lstm, tensors, places);
}

}  // namespace milliwatt::mcu::testing
