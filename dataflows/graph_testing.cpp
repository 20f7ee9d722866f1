// SPDX-License-Identifier: Apache-2.0
#include "dataflows/graph_testing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/packing.h"
#include "workloads/reference.h"

namespace milliwatt::dataflows::testing {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;
using workloads::Window;

workloads::Activation random_activation(Dice& dice) {
  return dice.one_in(2) ? workloads::Activation::kNone : workloads::Activation::kRelu;
}

/// A kernel, stride and padding that give at least one output of an axis of `input` positions.
void random_axis(Dice& dice, std::int32_t input, bool dilates, std::int32_t& kernel,
                 std::int32_t& stride, std::int32_t& dilation, std::int32_t& before,
                 std::int32_t& after) {
  kernel = dice.roll(1, 4);
  stride = dice.roll(1, 3);
  dilation = dilates ? dice.roll(1, 2) : 1;
  const std::int32_t reach = (kernel - 1) * dilation + 1;
  before = dice.roll(0, reach - 1);
  after = dice.roll(0, reach - 1);
  if (input + before + after < reach) {
    kernel = dilation = 1;
    before = after = 0;
  }
}

Window random_window(Dice& dice, const std::vector<std::int32_t>& shape, bool dilates) {
  Window w;
  random_axis(dice, shape[1], dilates, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top,
              w.pad_bottom);
  random_axis(dice, shape[2], dilates, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left,
              w.pad_right);
  return w;
}

std::vector<std::int32_t> output_shape(const Window& w, const std::vector<std::int32_t>& shape,
                                       std::int32_t channels) {
  return {shape[0], static_cast<std::int32_t>(workloads::vertical(w).outputs(shape[1])),
          static_cast<std::int32_t>(workloads::horizontal(w).outputs(shape[2])), channels};
}

std::vector<std::int32_t> random_image(Dice& dice) {
  return {dice.one_in(4) ? 2 : 1, dice.roll(1, 9), dice.roll(1, 9),
          dice.one_in(4) ? 8 : dice.roll(1, 6)};
}

std::int32_t random_zero_point(Dice& dice) {
  return dice.one_in(4) ? (dice.one_in(2) ? -128 : 127) : dice.roll(-128, 127);
}

Tensor random_weights(Dice& dice, std::vector<std::int32_t> shape, std::int32_t filters) {
  Tensor weights = int8_tensor(std::move(shape));
  const std::int32_t scales = dice.one_in(2) ? filters : 1;
  weights.quantization.scales.resize(static_cast<std::size_t>(scales));
  weights.quantization.zero_points.assign(static_cast<std::size_t>(scales), 0);
  std::generate(weights.quantization.scales.begin(), weights.quantization.scales.end(),
                [&] { return dice.scale(-8, -4); });
  const std::int64_t bytes = weights.bytes();
  return constant(std::move(weights), dice.bytes(bytes));
}

std::vector<Tensor> weighted_tensors(Dice& dice, std::vector<std::int32_t> input, Tensor weights,
                                     std::vector<std::int32_t> output, std::int32_t filters) {
  std::vector<Tensor> tensors{
      int8_tensor(std::move(input), dice.scale(-6, -3), random_zero_point(dice)),
      std::move(weights)};
  if (!dice.one_in(4)) {
    std::vector<std::int32_t> biases(static_cast<std::size_t>(filters));
    std::generate(biases.begin(), biases.end(), [&] { return dice.roll(-20000, 20000); });
    tensors.push_back(bias_tensor(biases));
  }
  tensors.push_back(int8_tensor(std::move(output), dice.scale(-2, -2), random_zero_point(dice)));
  return tensors;
}

/// What the tensor's elements would be as int8.
std::vector<std::uint8_t> as_bytes(const Tensor& tensor, const std::vector<std::uint8_t>& packed) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(tensor.elements()));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(workloads::load_element(
        packed.data(), static_cast<std::int64_t>(i), workloads::element_bits(tensor.type)));
  }
  return bytes;
}

/// Bits that make `group` neighbouring elements whole bytes.
int random_bits(Dice& dice, std::int32_t group) {
  int bits = dice.roll(2, 8);
  while (group * bits % 8 != 0) {
    bits = dice.roll(2, 8);
  }
  return bits;
}

/// Elements of a tensor that must fill whole bytes.
std::int32_t bytes_after(const Graph& graph, const Tensor& tensor) {
  const bool free = graph.operators[0].kind == OperatorKind::kAdd ||
                    tensor.role == TensorRole::kConstant ||
                    tensor.elements() == tensor.shape.back();
  return free ? 8 : tensor.shape.back();
}

bool is_narrowable(const Tensor& tensor) {
  return tensor.type == ElementType::kInt8 || workloads::is_sub_byte(tensor.type);
}

}  // namespace

void narrow(Graph& graph, TensorId id, int bits) {
  Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
  const std::vector<std::uint8_t> wide = tensor.data;
  tensor.type = workloads::integer_type(bits);
  for (std::int32_t& zero_point : tensor.quantization.zero_points) {
    zero_point >>= 8 - bits;
  }
  tensor.data.assign(wide.empty() ? 0 : static_cast<std::size_t>(tensor.bytes()), 0);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    workloads::store_element(tensor.data.data(), static_cast<std::int64_t>(i), bits,
                             static_cast<std::int8_t>(wide[i]) >> (8 - bits));
  }
}

void narrow(Dice& dice, Graph& graph) {
  const OperatorKind kind = graph.operators[0].kind;
  const bool pools = kind == OperatorKind::kAveragePool2d || kind == OperatorKind::kMaxPool2d;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.tensor(id);
    if (is_narrowable(tensor) && !dice.one_in(3)) {
      narrow(graph, id, random_bits(dice, bytes_after(graph, tensor)));
    }
  }
  if (pools) {  // the output is quantized as the input is
    graph.tensors[1].type = graph.tensors[0].type;
    graph.tensors[1].quantization = graph.tensors[0].quantization;
  }
}

std::vector<std::uint8_t> narrow_reference(const Graph& graph,
                                           const std::vector<std::vector<std::uint8_t>>& inputs) {
  Graph wide = graph;
  for (Tensor& tensor : wide.tensors) {
    if (is_narrowable(tensor)) {
      tensor.data = tensor.data.empty() ? tensor.data : as_bytes(tensor, tensor.data);
      tensor.type = ElementType::kInt8;
    }
  }
  std::vector<std::vector<std::uint8_t>> wide_inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    wide_inputs.push_back(as_bytes(graph.tensor(graph.inputs[i]), inputs[i]));
  }
  const std::vector<std::uint8_t> outputs = workloads::run_reference(wide, wide_inputs).back();
  const Tensor& output = graph.tensor(graph.outputs[0]);
  const int bits = workloads::element_bits(output.type);
  std::vector<std::uint8_t> packed(static_cast<std::size_t>(output.bytes()));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    workloads::store_element(packed.data(), static_cast<std::int64_t>(i), bits,
                             std::clamp<std::int32_t>(static_cast<std::int8_t>(outputs[i]),
                                                      workloads::lowest_element(bits),
                                                      workloads::highest_element(bits)));
  }
  return packed;
}

std::vector<std::uint8_t> Dice::bytes(std::int64_t count) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  std::generate(bytes.begin(), bytes.end(), [&] {
    return one_in(8) ? std::uint8_t{0x80} : static_cast<std::uint8_t>(engine_());
  });
  return bytes;
}

float Dice::scale(std::int32_t low, std::int32_t high) {
  return std::ldexp(1.0F + static_cast<float>(roll(0, 999)) / 1000.0F, roll(low, high));
}

Graph random_convolution(Dice& dice) {
  const std::vector<std::int32_t> image = random_image(dice);
  const std::int32_t filters = dice.roll(1, 12);
  workloads::Conv2d conv;
  conv.window = random_window(dice, image, true);
  conv.activation = random_activation(dice);
  Tensor weights = random_weights(
      dice, {filters, conv.window.kernel_h, conv.window.kernel_w, image[3]}, filters);
  return single(OperatorKind::kConv2d, conv,
                weighted_tensors(dice, image, std::move(weights),
                                 output_shape(conv.window, image, filters), filters));
}

Graph random_grouped_convolution(Dice& dice) {
  std::vector<std::int32_t> image = random_image(dice);
  const Window window = random_window(dice, image, true);
  if (dice.one_in(2)) {
    workloads::DepthwiseConv2d depthwise;
    depthwise.window = window;
    depthwise.multiplier = dice.roll(1, 3);
    depthwise.activation = random_activation(dice);
    const std::int32_t filters = image[3] * depthwise.multiplier;
    Tensor weights = random_weights(dice, {1, window.kernel_h, window.kernel_w, filters}, filters);
    weights.quantization.dimension = 3;
    return single(OperatorKind::kDepthwiseConv2d, depthwise,
                  weighted_tensors(dice, image, std::move(weights),
                                   output_shape(window, image, filters), filters));
  }
  workloads::Conv2d conv;
  conv.window = window;
  conv.groups = dice.roll(2, 4);
  conv.activation = random_activation(dice);
  const std::int32_t depth = image[3];
  image[3] *= conv.groups;
  const std::int32_t filters = conv.groups * dice.roll(1, 6);
  Tensor weights =
      random_weights(dice, {filters, window.kernel_h, window.kernel_w, depth}, filters);
  return single(OperatorKind::kConv2d, conv,
                weighted_tensors(dice, image, std::move(weights),
                                 output_shape(window, image, filters), filters));
}

Graph random_fully_connected(Dice& dice) {
  const std::int32_t rows = dice.roll(1, 5);
  const std::int32_t depth = dice.roll(1, 60);
  const std::int32_t units = dice.roll(1, 30);
  workloads::FullyConnected dense;
  dense.activation = random_activation(dice);
  return single(OperatorKind::kFullyConnected, dense,
                weighted_tensors(dice, {rows, depth}, random_weights(dice, {units, depth}, units),
                                 {rows, units}, units));
}

Graph random_addition(Dice& dice) {
  const std::vector<std::int32_t> shape = random_image(dice);
  workloads::Add add;
  add.activation = random_activation(dice);
  const auto operand = [&] {
    return int8_tensor(shape, dice.scale(-4, -1), random_zero_point(dice));
  };
  return single(OperatorKind::kAdd, add, {operand(), operand(), operand()}, 2);
}

Graph random_pool(Dice& dice) {
  const std::vector<std::int32_t> image = random_image(dice);
  workloads::Pool2d pool;
  pool.window = random_window(dice, image, false);
  pool.activation = random_activation(dice);
  const float scale = dice.scale(-4, -1);
  const std::int32_t zero_point = random_zero_point(dice);
  return single(dice.one_in(2) ? OperatorKind::kAveragePool2d : OperatorKind::kMaxPool2d, pool,
                {int8_tensor(image, scale, zero_point),
                 int8_tensor(output_shape(pool.window, image, image[3]), scale, zero_point)});
}

}  // namespace milliwatt::dataflows::testing
