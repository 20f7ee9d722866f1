// SPDX-License-Identifier: Apache-2.0
// For tests: one operator run by the host's software kernel, and random operators.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dataflows/host_task.h"
#include "mcu/native_kernels.h"
#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::mcu::testing {

using workloads::Bytes;

/// Outputs of the software kernel that the planner makes of the operator. `operands` stand in the
/// order of op.inputs; states are read from `states` and updated there.
inline std::vector<Bytes> run_on_host(const workloads::Graph& graph, const workloads::Operator& op,
                                      const std::vector<const Bytes*>& operands,
                                      workloads::States& states) {
  const auto task = dataflows::host_task(graph, op);
  // Operands are laid out one behind the other; the place's offset is the index of their bytes.
  std::vector<Bytes> values;
  const auto put = [&](Bytes bytes) {
    values.push_back(std::move(bytes));
    return mw_ref{MW_REGION_SRAM, static_cast<std::uint32_t>(values.size() - 1)};
  };
  dataflows::TaskPlaces places;
  for (const workloads::TensorId id : dataflows::data_inputs(op)) {
    const auto at = std::find(op.inputs.begin(), op.inputs.end(), id) - op.inputs.begin();
    places.inputs.push_back(put(*operands.at(static_cast<std::size_t>(at))));
  }
  for (const dataflows::PackedConstant& constant : task->constants()) {
    places.constants.push_back(put(constant.bytes));
  }
  for (const workloads::TensorId id : op.states) {
    places.states.push_back(put(states.bytes(id)));
  }
  for (const workloads::TensorId id : op.outputs) {
    const auto bytes = static_cast<std::size_t>(graph.tensor(id).bytes());
    places.outputs.push_back(put(Bytes(bytes, 0xa5)));
  }
  const auto kernel = make_kernel(task->descriptor(places, 0));
  Kernel::Pointers pointers;
  for (const mw_kernel_operand& operand : kernel->operands()) {
    Bytes& bytes = values.at(operand.place.offset);
    EXPECT_EQ(bytes.size(), operand.bytes);
    pointers.push_back(bytes.data());
  }
  kernel->run(pointers);
  for (std::size_t i = 0; i < op.states.size(); ++i) {
    states.bytes(op.states[i]) = values[places.states[i].offset];
  }
  std::vector<Bytes> outputs;
  for (const mw_ref place : places.outputs) {
    outputs.push_back(values[place.offset]);
  }
  return outputs;
}

/// The only output of an operator without states.
inline Bytes run_on_host(const workloads::Graph& graph, const workloads::Operator& op,
                         const std::vector<const Bytes*>& operands) {
  workloads::States states{graph};
  return run_on_host(graph, op, operands, states).at(0);
}

/// Makes graphs of one operator with odd shapes, scales and zero points.
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
    begin(workloads::OperatorKind::kFullyConnected, layer, {rows, depth});
    weights({units, depth}, 0, units);
    return end({rows, units}, depth);
  }

  workloads::Graph pool(workloads::OperatorKind kind) {
    workloads::Pool2d pool;
    pool.activation = activation();
    const auto in = image(between(1, 19));
    pool.window = window(in, 1);
    begin(kind, pool, in);
    output_scale_ = scale_;
    return end(positions(pool.window, in, in[3]), 0);
  }

  workloads::Graph add() {
    workloads::Add add;
    add.activation = activation();
    std::vector<std::int32_t> out(static_cast<std::size_t>(between(1, 4)));
    for (std::int32_t& extent : out) {
      extent = between(1, 7);
    }
    auto a = out;
    auto b = out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const int repeat = between(0, 5);
      (repeat == 0 ? a[i] : repeat == 1 ? b[i] : out[i]) = repeat < 2 ? 1 : out[i];
    }
    if (between(0, 3) == 0) {
      b.erase(b.begin(), b.begin() + between(0, static_cast<int>(b.size())));
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t skip = out.size() - b.size();
      out[i] = std::max(a[i], i < skip ? 1 : b[i - skip]);
    }
    begin(workloads::OperatorKind::kAdd, add, a);
    operand("b", b, scale_ * static_cast<float>(between(2, 30)) / 10.0F);
    return end(out, 1);
  }

  workloads::Graph softmax() {
    workloads::Softmax softmax;
    softmax.beta = static_cast<float>(between(1, 30)) / 10.0F;
    const std::vector<std::int32_t> shape = {between(1, 4), between(1, 60)};
    begin(workloads::OperatorKind::kSoftmax, softmax, shape);
    const bool wide = between(0, 1) == 1;
    workloads::Graph graph = end(shape, 0);
    workloads::Tensor& out = graph.tensors.back();
    out.type = wide ? workloads::ElementType::kInt16 : workloads::ElementType::kInt8;
    out.quantization = {{wide ? 1.0F / 65536.0F : 1.0F / 256.0F}, {wide ? -32768 : -128}, 0};
    return graph;
  }

 private:
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
    tensor.quantization = {{scale}, {between(-128, 127)}, 0};
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
    filter.type =
        between(0, 2) == 0 ? workloads::ElementType::kInt4 : workloads::ElementType::kInt8;
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

  void add_bias(int channels) {
    workloads::Tensor bias;
    bias.name = "bias";
    bias.role = workloads::TensorRole::kConstant;
    bias.type = workloads::ElementType::kInt32;
    bias.shape = {channels};
    bias.data = bytes(bias);
    for (std::size_t i = 3; i < bias.data.size(); i += 4) {  // 16 significant bits
      bias.data[i] = bias.data[i - 1] = (bias.data[i - 2] & 0x80) != 0 ? 0xff : 0;
    }
    add_operand(bias);
  }

  /// An output scale that spreads the outputs over the type, given some length of the sum.
  workloads::Graph end(const std::vector<std::int32_t>& shape, int length) {
    workloads::Tensor output;
    output.name = "output";
    output.shape = shape;
    const bool same = output_scale_ > 0;
    const float spread = scale_ * 0.3F * std::sqrt(static_cast<float>(length) + 1.0F);
    const int zero = same ? graph_.tensors[0].quantization.zero_point() : between(-128, 127);
    output.quantization = {{same ? output_scale_ : spread}, {zero}, 0};
    graph_.operators[0].outputs = {static_cast<int>(graph_.tensors.size())};
    graph_.outputs = graph_.operators[0].outputs;
    graph_.tensors.push_back(output);
    return graph_;
  }

  workloads::Xorshift32 random_;
  workloads::Graph graph_;
  float scale_ = 0;
  float output_scale_ = 0;
};

}  // namespace milliwatt::mcu::testing
