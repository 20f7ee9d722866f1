// SPDX-License-Identifier: Apache-2.0
// Convolutions and fully connected layers as software kernels.
#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "abi/kernel_weighted.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/host_kernels.h"

namespace milliwatt::dataflows {
namespace {

using workloads::kNoTensor;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorRole;

/// Value `i` of a bias of 32 or 64 bits.
std::int64_t bias_value(const Tensor& bias, std::size_t i) {
  if (bias.type == workloads::ElementType::kInt64) {
    std::int64_t value = 0;
    std::memcpy(&value, bias.data.data() + i * sizeof value, sizeof value);
    return value;
  }
  std::int32_t value = 0;
  std::memcpy(&value, bias.data.data() + i * sizeof value, sizeof value);
  return value;
}

template <typename Row>
std::vector<std::uint8_t> table_bytes(const workloads::OutputStage& stage, const Tensor* bias) {
  std::vector<std::uint8_t> bytes(stage.multipliers.size() * sizeof(Row));
  for (std::size_t c = 0; c < stage.multipliers.size(); ++c) {
    Row row{};
    row.bias = static_cast<decltype(row.bias)>(bias == nullptr ? 0 : bias_value(*bias, c));
    row.multiplier = stage.multipliers[c].mantissa;
    row.exponent = stage.multipliers[c].exponent;
    std::memcpy(bytes.data() + c * sizeof row, &row, sizeof row);
  }
  return bytes;
}

const Tensor* bias_of(const Graph& graph, const Operator& op) {
  const std::size_t place = workloads::bias_operands(op.kind).front();
  const bool has = place < op.inputs.size() && op.inputs[place] != kNoTensor;
  return has ? &graph.tensor(op.inputs[place]) : nullptr;
}

mw_kernel kernel_of(OperatorKind kind) {
  return kind == OperatorKind::kConv2d            ? MW_KERNEL_CONV
         : kind == OperatorKind::kDepthwiseConv2d ? MW_KERNEL_DEPTHWISE
                                                  : MW_KERNEL_FULLY_CONNECTED;
}

}  // namespace

std::optional<std::string> weighted_refused(const Graph& graph, const Operator& op) {
  const Tensor& weights = graph.tensor(op.inputs[1]);
  if (weights.role != TensorRole::kConstant) {
    return "its weights are not constant";
  }
  if (workloads::element_bits(weights.type) > 8) {
    return fmt::format("its weights are {}", workloads::element_name(weights.type));
  }
  const Tensor* bias = bias_of(graph, op);
  if (bias != nullptr && bias->role != TensorRole::kConstant) {
    return "its bias is not constant";
  }
  const auto* depthwise = std::get_if<workloads::DepthwiseConv2d>(&op.attributes);
  if (depthwise != nullptr && graph.tensor(op.inputs[0]).elements() * depthwise->multiplier >
                                  MW_KERNEL_MOST_OPERAND_BYTES) {
    return fmt::format("its input times the multiplier {} has more than {} elements",
                       depthwise->multiplier, static_cast<int>(MW_KERNEL_MOST_OPERAND_BYTES));
  }
  return std::nullopt;
}

void add_output_table(HostCallBuilder& builder) {
  const workloads::OutputStage stage = workloads::output_stage(builder.graph(), builder.op());
  const Tensor* bias = bias_of(builder.graph(), builder.op());
  const bool wide = builder.output().type == workloads::ElementType::kInt16;
  builder.add_constant(base::TensorClass::kParameters, 32,
                       wide ? table_bytes<mw_wide_channel_parameters>(stage, bias)
                            : table_bytes<mw_channel_parameters>(stage, bias));
}

HostCall weighted_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, kernel_of(op.kind));
  builder.add_data_inputs();
  builder.add_weights(1);
  add_output_table(builder);
  builder.add_outputs();
  const workloads::OutputStage stage = workloads::output_stage(graph, op);
  mw_weighted_section section{};
  section.geometry = conv_geometry(graph, op);
  if (op.kind == OperatorKind::kFullyConnected) {
    std::swap(section.geometry.batch, section.geometry.input_w);
    section.geometry.output_w = 1;
  }
  const auto* conv = std::get_if<workloads::Conv2d>(&op.attributes);
  const auto* depthwise = std::get_if<workloads::DepthwiseConv2d>(&op.attributes);
  section.groups = conv == nullptr ? 1 : conv->groups;
  section.depth_multiplier = depthwise == nullptr ? 0 : depthwise->multiplier;
  section.input_zero_point = stage.input_zero_point;
  section.output_zero_point = stage.output_zero_point;
  section.clamp_low = stage.clamp.low;
  section.clamp_high = stage.clamp.high;
  builder.add_section(section);
  return builder.take();
}

}  // namespace milliwatt::dataflows
