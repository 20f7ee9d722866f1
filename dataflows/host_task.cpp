// SPDX-License-Identifier: Apache-2.0
#include "dataflows/host_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <variant>

#include "abi/kernel_args.h"
#include "base/error.h"
#include "dataflows/addition_fields.h"
#include "dataflows/conv_geometry.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::kNoTensor;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;

bool has_weights(const Operator& op) {
  return op.kind == OperatorKind::kConv2d || op.kind == OperatorKind::kDepthwiseConv2d ||
         op.kind == OperatorKind::kFullyConnected;
}

bool is_pool(const Operator& op) {
  return op.kind == OperatorKind::kAveragePool2d || op.kind == OperatorKind::kMaxPool2d;
}

bool has_kernel(const Operator& op) {
  return has_weights(op) || is_pool(op) || op.kind == OperatorKind::kAdd ||
         op.kind == OperatorKind::kSoftmax;
}

/// Shape with 1s in front up to four dimensions.
void set_dims(std::int32_t (&dims)[4], const Tensor& tensor) {
  std::fill(std::begin(dims), std::end(dims), 1);
  std::copy(tensor.shape.rbegin(), tensor.shape.rend(), std::make_reverse_iterator(std::end(dims)));
}

void set_convolution(mw_kernel_args& args, const Graph& graph, const Operator& op) {
  const workloads::OutputStage stage = workloads::output_stage(graph, op);
  args.kernel = op.kind == OperatorKind::kConv2d            ? MW_KERNEL_CONV
                : op.kind == OperatorKind::kDepthwiseConv2d ? MW_KERNEL_DEPTHWISE
                                                            : MW_KERNEL_FULLY_CONNECTED;
  args.geometry = conv_geometry(graph, op);
  if (op.kind == OperatorKind::kFullyConnected) {
    std::swap(args.geometry.batch, args.geometry.input_w);
    args.geometry.output_w = 1;
  }
  args.groups = 1;
  if (const auto* conv = std::get_if<workloads::Conv2d>(&op.attributes)) {
    args.groups = conv->groups;
  }
  if (const auto* depthwise = std::get_if<workloads::DepthwiseConv2d>(&op.attributes)) {
    args.depth_multiplier = depthwise->multiplier;
  }
  args.weight_bits = workloads::element_bits(graph.tensor(op.inputs[1]).type);
  args.input_zero_point = stage.input_zero_point;
  args.output_zero_point = stage.output_zero_point;
  args.clamp_low = stage.clamp.low;
  args.clamp_high = stage.clamp.high;
}

void set_pool(mw_kernel_args& args, const Graph& graph, const Operator& op) {
  args.kernel =
      op.kind == OperatorKind::kAveragePool2d ? MW_KERNEL_AVERAGE_POOL : MW_KERNEL_MAX_POOL;
  args.geometry = conv_geometry(graph, op);
  const workloads::Clamp clamp = workloads::activation_clamp(
      std::get<workloads::Pool2d>(op.attributes).activation, graph.tensor(op.outputs[0]));
  args.clamp_low = clamp.low;
  args.clamp_high = clamp.high;
}

void set_add(mw_kernel_args& args, const Graph& graph, const Operator& op) {
  const workloads::AddParameters p = workloads::add_parameters(graph, op);
  args.kernel = MW_KERNEL_ADD;
  set_dims(args.dims_a, graph.tensor(op.inputs[0]));
  set_dims(args.dims_b, graph.tensor(op.inputs[1]));
  set_dims(args.dims_output, graph.tensor(op.outputs[0]));
  args.output_zero_point = p.output_zero_point;
  set_addition(args, p);
}

void set_softmax(mw_kernel_args& args, const Graph& graph, const Operator& op) {
  const workloads::SoftmaxParameters p = workloads::softmax_parameters(graph, op);
  const Tensor& input = graph.tensor(op.inputs[0]);
  args.kernel = MW_KERNEL_SOFTMAX;
  args.geometry.input_c = input.shape.empty() ? 1 : input.shape.back();
  args.geometry.batch = static_cast<std::int32_t>(input.elements() / args.geometry.input_c);
  args.softmax_multiplier = p.multiplier.mantissa;
  args.softmax_exponent = p.multiplier.exponent;
  args.softmax_difference_minimum = p.difference_minimum;
  args.output_bits = workloads::element_bits(graph.tensor(op.outputs[0]).type);
}

mw_kernel_args arguments(const Graph& graph, const Operator& op) {
  mw_kernel_args args{};
  if (has_weights(op)) {
    set_convolution(args, graph, op);
  } else if (is_pool(op)) {
    set_pool(args, graph, op);
  } else if (op.kind == OperatorKind::kAdd) {
    set_add(args, graph, op);
  } else if (op.kind == OperatorKind::kSoftmax) {
    set_softmax(args, graph, op);
  } else {
    args.kernel = MW_KERNEL_COPY;
    args.bytes_copied = static_cast<std::uint32_t>(graph.tensor(op.outputs[0]).bytes());
  }
  return args;
}

PackedConstant parameter_table(const Graph& graph, const Operator& op) {
  const workloads::OutputStage stage = workloads::output_stage(graph, op);
  const TensorId bias = op.inputs.size() > 2 ? op.inputs[2] : kNoTensor;
  PackedConstant table;
  table.tensor_class = base::TensorClass::kParameters;
  table.bytes.resize(stage.multipliers.size() * sizeof(mw_channel_parameters));
  for (std::size_t c = 0; c < stage.multipliers.size(); ++c) {
    mw_channel_parameters row{0, stage.multipliers[c].mantissa, stage.multipliers[c].exponent};
    if (bias != kNoTensor) {
      std::memcpy(&row.bias, graph.tensor(bias).data.data() + c * sizeof row.bias, sizeof row.bias);
    }
    std::memcpy(table.bytes.data() + c * sizeof row, &row, sizeof row);
  }
  return table;
}

class HostTask : public EngineTask {
 public:
  HostTask(const Graph& graph, const Operator& op) : args_{arguments(graph, op)} {
    if (has_weights(op)) {
      constants_.push_back({base::TensorClass::kWeights, graph.tensor(op.inputs[1]).data});
      constants_.push_back(parameter_table(graph, op));
    }
  }

  const std::vector<PackedConstant>& constants() const override { return constants_; }

  std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                       std::uint16_t layer) const override {
    mw_kernel_args args = args_;
    args.layer = layer;
    args.a = places.inputs.at(0);
    if (!places.constants.empty()) {
      args.b = places.constants[0];
      args.parameters = places.constants[1];
    } else if (places.inputs.size() > 1) {
      args.b = places.inputs[1];
    }
    args.output = places.output;
    std::vector<std::uint8_t> bytes(sizeof args);
    std::memcpy(bytes.data(), &args, sizeof args);
    return bytes;
  }

  std::string mapping() const override { return "software kernel"; }

 private:
  mw_kernel_args args_;
  std::vector<PackedConstant> constants_;
};

bool byte_sized(const Tensor& tensor) { return tensor.type == ElementType::kInt8; }

std::optional<std::string> weights_refused(const Graph& graph, const Operator& op) {
  const Tensor& weights = graph.tensor(op.inputs[1]);
  if (weights.role != TensorRole::kConstant) {
    return "its weights are not constant";
  }
  if (weights.type != ElementType::kInt8 && weights.type != ElementType::kInt4) {
    return fmt::format("its weights are {}", workloads::element_name(weights.type));
  }
  if (op.inputs.size() > 2 && op.inputs[2] != kNoTensor &&
      graph.tensor(op.inputs[2]).role != TensorRole::kConstant) {
    return "its bias is not constant";
  }
  return std::nullopt;
}

/// Height and width of an operator's window; 1 x 1 without one.
std::pair<std::int64_t, std::int64_t> window_of(const Operator& op) {
  const auto extents = [](const workloads::Window& window) {
    return std::pair<std::int64_t, std::int64_t>{window.kernel_h, window.kernel_w};
  };
  if (const auto* conv = std::get_if<workloads::DepthwiseConv2d>(&op.attributes)) {
    return extents(conv->window);
  }
  if (const auto* pool = std::get_if<workloads::Pool2d>(&op.attributes)) {
    return extents(pool->window);
  }
  return {1, 1};
}

/// What is larger than the kernels take.
std::optional<std::string> size_refused(const Graph& graph, const Operator& op) {
  for (const auto* ids : {&op.inputs, &op.outputs}) {
    for (const TensorId id : *ids) {
      if (id != kNoTensor && graph.tensor(id).bytes() > MW_KERNEL_MOST_OPERAND_BYTES) {
        return fmt::format("'{}' has {} bytes, a kernel takes operands of {}",
                           graph.tensor(id).name, graph.tensor(id).bytes(),
                           static_cast<int>(MW_KERNEL_MOST_OPERAND_BYTES));
      }
    }
  }
  const auto [height, width] = window_of(op);
  if (height * width > MW_KERNEL_MOST_TAPS) {
    return fmt::format("its window of {} x {} has more than {} taps", height, width,
                       static_cast<int>(MW_KERNEL_MOST_TAPS));
  }
  const std::int64_t steps = is_pool(op) ? graph.tensor(op.outputs[0]).elements() * height * width
                                         : workloads::macs(graph, op);
  if (steps > std::int64_t{1} << MW_KERNEL_MOST_STEPS_LOG2) {
    return fmt::format("its {} steps are more than the 2^{} of one call", steps,
                       static_cast<int>(MW_KERNEL_MOST_STEPS_LOG2));
  }
  return std::nullopt;
}

}  // namespace

std::vector<TensorId> data_inputs(const Operator& op) {
  if (op.kind == OperatorKind::kAdd) {
    return {op.inputs.at(0), op.inputs.at(1)};
  }
  return {op.inputs.at(0)};
}

std::optional<std::string> host_refuses(const Graph& graph, const Operator& op) {
  if (op.kind == OperatorKind::kReshape) {
    return std::nullopt;
  }
  if (!has_kernel(op)) {
    return fmt::format("{} has no host kernel yet", workloads::operator_name(op.kind));
  }
  for (const TensorId id : data_inputs(op)) {
    if (!byte_sized(graph.tensor(id))) {
      return fmt::format("its input is {}", workloads::element_name(graph.tensor(id).type));
    }
    if (op.kind == OperatorKind::kAdd && graph.tensor(id).shape.size() > 4) {
      return "it adds tensors of more than four dimensions";
    }
  }
  const Tensor& output = graph.tensor(op.outputs.at(0));
  const bool wide_softmax = op.kind == OperatorKind::kSoftmax && output.type == ElementType::kInt16;
  if (!byte_sized(output) && !wide_softmax) {
    return fmt::format("its output is {}", workloads::element_name(output.type));
  }
  std::optional<std::string> reason = has_weights(op) ? weights_refused(graph, op) : std::nullopt;
  return reason ? reason : size_refused(graph, op);
}

std::unique_ptr<EngineTask> host_task(const Graph& graph, const Operator& op) {
  if (const std::optional<std::string> reason = host_refuses(graph, op)) {
    throw base::InternalError(op.name + ": the host cannot run it, " + *reason);
  }
  return std::make_unique<HostTask>(graph, op);
}

}  // namespace milliwatt::dataflows
