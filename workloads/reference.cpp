// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "workloads/fixed_point.h"
#include "workloads/reference_kernels.h"

namespace milliwatt::workloads {

namespace {

Bytes zero_point_bytes(const Tensor& tensor) {
  Bytes bytes(static_cast<std::size_t>(tensor.bytes()));
  const auto width = static_cast<std::size_t>(element_bits(tensor.type)) / 8;
  const auto zero = static_cast<std::uint64_t>(std::int64_t{tensor.quantization.zero_point()});
  for (std::size_t i = 0; width > 0 && i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(zero >> (8 * (i % width)));
  }
  return bytes;
}

void check_inputs(const Graph& graph, const std::vector<Bytes>& inputs) {
  if (inputs.size() != graph.inputs.size()) {
    throw base::UserError(fmt::format("network '{}' takes {} inputs, {} given", graph.name,
                                      graph.inputs.size(), inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& tensor = graph.tensor(graph.inputs[i]);
    if (static_cast<std::int64_t>(inputs[i].size()) != tensor.bytes()) {
      throw base::UserError(fmt::format("input '{}' takes {} bytes, {} given", tensor.name,
                                        tensor.bytes(), inputs[i].size()));
    }
  }
}

}  // namespace

Bytes evaluate(const Graph& graph, const Operator& op, const std::vector<const Bytes*>& operands) {
  const reference::Call call{graph, op, operands};
  switch (op.kind) {
    case OperatorKind::kConv2d:
      return reference::conv2d(call);
    case OperatorKind::kDepthwiseConv2d:
      return reference::depthwise_conv2d(call);
    case OperatorKind::kFullyConnected:
      return reference::fully_connected(call);
    case OperatorKind::kAveragePool2d:
      return reference::average_pool2d(call);
    case OperatorKind::kMaxPool2d:
      return reference::max_pool2d(call);
    case OperatorKind::kAdd:
      return reference::add(call);
    case OperatorKind::kReshape:
      return call.bytes(0);
    case OperatorKind::kSoftmax:
      return reference::softmax(call);
  }
  throw base::InternalError("operator kind without a reference kernel");
}

States::States(const Graph& graph) : values_(graph.tensors.size()) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (graph.tensors[i].role == TensorRole::kState) {
      values_[i] = zero_point_bytes(graph.tensors[i]);
    }
  }
}

TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs, States& states) {
  check_inputs(graph, inputs);
  TensorValues values(graph.tensors.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  }
  const auto operand = [&](TensorId id) -> const Bytes* {
    if (id == kNoTensor) {
      return nullptr;
    }
    const Tensor& tensor = graph.tensor(id);
    if (tensor.role == TensorRole::kConstant) {
      return &tensor.data;
    }
    return tensor.role == TensorRole::kState ? &states.bytes(id)
                                             : &values[static_cast<std::size_t>(id)];
  };
  for (const Operator& op : graph.operators) {
    std::vector<const Bytes*> operands;
    std::transform(op.inputs.begin(), op.inputs.end(), std::back_inserter(operands), operand);
    values[static_cast<std::size_t>(op.outputs.at(0))] = evaluate(graph, op, operands);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (graph.tensors[i].role == TensorRole::kState) {
      values[i] = states.bytes(static_cast<TensorId>(i));
    }
  }
  return values;
}

TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs) {
  States states(graph);
  return run_reference(graph, inputs, states);
}

namespace reference {

namespace {

std::int64_t little_endian(const std::uint8_t* bytes, std::size_t width) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < width; ++i) {
    bits |= std::uint64_t{bytes[i]} << (8 * i);
  }
  return width == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(bits))
                    : static_cast<std::int64_t>(bits);
}

std::vector<std::int64_t> read_bias(const Call& call, std::size_t channels) {
  std::vector<std::int64_t> bias(channels, 0);
  if (call.has(2)) {
    const std::size_t width = call.input(2).type == ElementType::kInt64 ? 8 : 4;
    for (std::size_t c = 0; c < channels; ++c) {
      bias[c] = little_endian(&call.bytes(2)[c * width], width);
    }
  }
  return bias;
}

}  // namespace

std::vector<std::int16_t> widen(const Tensor& tensor, const Bytes& bytes, std::int32_t zero_point) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(tensor.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int32_t stored = 0;
    if (tensor.type == ElementType::kInt16) {
      stored = static_cast<std::int16_t>(bytes[2 * i] | (bytes[2 * i + 1] << 8));
    } else if (tensor.type == ElementType::kInt4) {
      const int nibble = (bytes[i / 2] >> (4 * (i % 2))) & 0xF;
      stored = nibble >= 8 ? nibble - 16 : nibble;
    } else {
      stored = static_cast<std::int8_t>(bytes[i]);
    }
    values[i] = static_cast<std::int16_t>(stored - zero_point);
  }
  return values;
}

Finisher::Finisher(const Call& call)
    : op_{call.op},
      wide_{call.output().type == ElementType::kInt16},
      stage_(output_stage(call.graph, call.op)),
      bias_(read_bias(call, stage_.multipliers.size())),
      writer_(call.output()) {}

void Finisher::store(std::size_t index, std::size_t channel, std::int64_t accumulator) {
  const std::int64_t y = scale(accumulator + bias_[channel], channel) + stage_.output_zero_point;
  writer_.store(index, static_cast<std::int32_t>(
                           std::clamp<std::int64_t>(y, stage_.clamp.low, stage_.clamp.high)));
}

std::int64_t Finisher::scale(std::int64_t accumulator, std::size_t channel) const {
  if (wide_) {
    return requantize_wide(accumulator, stage_.multipliers[channel]);
  }
  const auto narrow = static_cast<std::int32_t>(accumulator);
  if (narrow != accumulator) {
    throw base::SimulationError(fmt::format("{}: accumulator {} of channel {} leaves 32 bits",
                                            op_.name, accumulator, channel));
  }
  return requantize(narrow, stage_.multipliers[channel]);
}

TapRange Axis::taps(std::int64_t position) const {
  const std::int64_t start = origin(position);
  const std::int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const std::int64_t last = input <= start ? 0 : (input - start + dilation - 1) / dilation;
  return {std::min(first, kernel), std::max(std::min(first, kernel), std::min(last, kernel))};
}

Axis rows_of(const Window& window, const Tensor& image) {
  return {image.shape[1], window.kernel_h, window.stride_h, window.dilation_h, window.pad_top};
}

Axis columns_of(const Window& window, const Tensor& image) {
  return {image.shape[2], window.kernel_w, window.stride_w, window.dilation_w, window.pad_left};
}

}  // namespace reference

}  // namespace milliwatt::workloads
