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

Bytes copy(const reference::Call& call) { return call.bytes(0); }

using Kernel = Bytes (*)(const reference::Call&);

/// All kinds with one output.
Kernel kernel_of(OperatorKind kind) {
  struct Entry {
    OperatorKind kind;
    Kernel kernel;
  };
  constexpr Entry kKernels[] = {
      {OperatorKind::kConv2d, reference::conv2d},
      {OperatorKind::kDepthwiseConv2d, reference::depthwise_conv2d},
      {OperatorKind::kFullyConnected, reference::fully_connected},
      {OperatorKind::kAveragePool2d, reference::average_pool2d},
      {OperatorKind::kMaxPool2d, reference::max_pool2d},
      {OperatorKind::kAdd, reference::add},
      {OperatorKind::kReshape, copy},
      {OperatorKind::kSoftmax, reference::softmax},
      {OperatorKind::kTransposeConv2d, reference::transpose_conv2d},
      {OperatorKind::kBatchMatmul, reference::batch_matmul},
      {OperatorKind::kSub, reference::add},
      {OperatorKind::kMul, reference::mul},
      {OperatorKind::kMaximum, reference::extremum},
      {OperatorKind::kMinimum, reference::extremum},
      {OperatorKind::kRelu, reference::rescale},
      {OperatorKind::kLeakyRelu, reference::leaky_relu},
      {OperatorKind::kHardSwish, reference::hard_swish},
      {OperatorKind::kLogistic, reference::sigmoid_or_tanh},
      {OperatorKind::kTanh, reference::sigmoid_or_tanh},
      {OperatorKind::kLogSoftmax, reference::log_softmax},
      {OperatorKind::kQuantize, reference::quantize},
      {OperatorKind::kDequantize, reference::dequantize},
      {OperatorKind::kMean, reference::reduce},
      {OperatorKind::kSum, reference::reduce},
      {OperatorKind::kReduceMax, reference::reduce},
      {OperatorKind::kPad, reference::pad},
      {OperatorKind::kConcatenate, reference::concatenate},
      {OperatorKind::kSlice, reference::slice},
      {OperatorKind::kTranspose, reference::transpose},
      {OperatorKind::kResizeNearest, reference::resize_nearest},
      {OperatorKind::kResizeBilinear, reference::resize_bilinear},
      {OperatorKind::kSvdf, reference::svdf},
      {OperatorKind::kLstm, reference::lstm},
  };
  for (const Entry& entry : kKernels) {
    if (entry.kind == kind) {
      return entry.kernel;
    }
  }
  throw base::InternalError("operator kind without a reference kernel");
}

}  // namespace

bool has_accumulators(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
    case OperatorKind::kDepthwiseConv2d:
    case OperatorKind::kFullyConnected:
    case OperatorKind::kTransposeConv2d:
    case OperatorKind::kBatchMatmul:
    case OperatorKind::kSvdf:
      return true;
    default:
      return false;
  }
}

ElementType accumulator_type(const Graph& graph, const Operator& op) {
  const bool wide = graph.tensor(op.outputs.at(0)).type == ElementType::kInt16;
  return wide && op.kind != OperatorKind::kSvdf ? ElementType::kInt64 : ElementType::kInt32;
}

std::vector<Bytes> evaluate(const Graph& graph, const Operator& op,
                            const std::vector<const Bytes*>& operands, States& states,
                            Rounding rounding, Accumulators* accumulators) {
  const bool noted = accumulators != nullptr && has_accumulators(op.kind);
  if (noted) {
    accumulators->assign(static_cast<std::size_t>(graph.tensor(op.outputs.at(0)).elements()), 0);
  }
  const reference::Call call{graph, op, operands, states, rounding, noted ? accumulators : nullptr};
  return op.kind == OperatorKind::kSplit ? reference::split(call)
                                         : std::vector<Bytes>{kernel_of(op.kind)(call)};
}

Bytes evaluate(const Graph& graph, const Operator& op, const std::vector<const Bytes*>& operands) {
  if (op.outputs.size() != 1 || !op.states.empty()) {
    throw base::InternalError(op.name + ": has states or several outputs");
  }
  States none{Graph{}};
  return std::move(evaluate(graph, op, operands, none).front());
}

States::States(const Graph& graph) : values_(graph.tensors.size()) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (graph.tensors[i].role == TensorRole::kState) {
      values_[i] = zero_point_bytes(graph.tensors[i]);
    }
  }
}

TensorValues run_reference(const Graph& graph, const std::vector<Bytes>& inputs, States& states,
                           Rounding rounding, std::vector<Accumulators>* accumulators) {
  check_inputs(graph, inputs);
  if (accumulators != nullptr) {
    accumulators->assign(graph.operators.size(), {});
  }
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
  for (std::size_t at = 0; at < graph.operators.size(); ++at) {
    const Operator& op = graph.operators[at];
    std::vector<const Bytes*> operands;
    std::transform(op.inputs.begin(), op.inputs.end(), std::back_inserter(operands), operand);
    auto results = evaluate(graph, op, operands, states, rounding,
                            accumulators == nullptr ? nullptr : &accumulators->at(at));
    for (std::size_t i = 0; i < results.size(); ++i) {
      values[static_cast<std::size_t>(op.outputs.at(i))] = std::move(results[i]);
    }
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

std::vector<TensorValues> run_reference_stream(const Graph& graph,
                                               const std::vector<std::vector<Bytes>>& invocations) {
  States states(graph);
  std::vector<TensorValues> all;
  all.reserve(invocations.size());
  for (const std::vector<Bytes>& inputs : invocations) {
    all.push_back(run_reference(graph, inputs, states));
  }
  return all;
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

}  // namespace

std::int64_t Call::scale_sum(std::int64_t sum, Multiplier m, bool wide, std::size_t channel) const {
  if (wide) {
    return requantize_wide(sum, m);
  }
  const auto narrow = static_cast<std::int32_t>(sum);
  if (narrow != sum) {
    throw base::SimulationError(
        fmt::format("{}: accumulator {} of channel {} leaves 32 bits", op.name, sum, channel));
  }
  return scale(narrow, m);
}

std::int64_t Call::add_bias(std::int64_t sum, std::int64_t bias, std::size_t channel) const {
  std::int64_t total = 0;
  if (__builtin_add_overflow(sum, bias, &total)) {
    throw base::SimulationError(
        fmt::format("{}: the accumulator of channel {} leaves 64 bits", op.name, channel));
  }
  return total;
}

std::vector<std::int64_t> bias_values(const Call& call, std::size_t operand, std::size_t channels) {
  std::vector<std::int64_t> bias(channels, 0);
  if (call.has(operand)) {
    const std::size_t width = call.input(operand).type == ElementType::kInt64 ? 8 : 4;
    for (std::size_t c = 0; c < channels; ++c) {
      bias[c] = little_endian(&call.bytes(operand)[c * width], width);
    }
  }
  return bias;
}

std::vector<std::int32_t> integers(const Tensor& tensor, const Bytes& bytes) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(tensor.elements()));
  if (tensor.type == ElementType::kInt32) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int32_t>(little_endian(&bytes[4 * i], 4));
    }
    return values;
  }
  const auto narrow = widen(tensor, bytes, 0);
  std::copy(narrow.begin(), narrow.end(), values.begin());
  return values;
}

std::vector<std::int16_t> widen(const Tensor& tensor, const Bytes& bytes, std::int32_t zero_point) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(tensor.elements()));
  const int bits = element_bits(tensor.type);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int32_t stored =
        bits == 8 ? static_cast<std::int8_t>(bytes[i])
                  : load_element(bytes.data(), static_cast<std::int64_t>(i), bits);
    values[i] = static_cast<std::int16_t>(stored - zero_point);
  }
  return values;
}

Finisher::Finisher(const Call& call)
    : call_{call},
      wide_{call.output().type == ElementType::kInt16},
      stage_(output_stage(call.graph, call.op)),
      bias_(bias_values(call, bias_operands(call.op.kind).front(), stage_.multipliers.size())),
      writer_(call.output()) {}

void Finisher::store(std::size_t index, std::size_t channel, std::int64_t accumulator) {
  const std::int64_t sum = call_.add_bias(accumulator, bias_[channel], channel);
  call_.note(index, sum);
  const std::int64_t y =
      call_.scale_sum(sum, stage_.multipliers[channel], wide_, channel) + stage_.output_zero_point;
  writer_.store(index, static_cast<std::int32_t>(
                           std::clamp<std::int64_t>(y, stage_.clamp.low, stage_.clamp.high)));
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
