// SPDX-License-Identifier: Apache-2.0
// Pools, softmax and element-wise operators as software kernels.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "abi/kernel_elementwise.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/host_kernels.h"
#include "workloads/operator_parameters.h"

namespace milliwatt::dataflows {
namespace {

using workloads::OperatorKind;
using workloads::Tensor;

/// Shape with 1s in front up to six dimensions.
void set_dims(std::int32_t (&dims)[MW_KERNEL_MOST_DIMENSIONS], const Tensor& tensor) {
  std::fill(std::begin(dims), std::end(dims), 1);
  std::copy(tensor.shape.rbegin(), tensor.shape.rend(), std::make_reverse_iterator(std::end(dims)));
}

mw_broadcast broadcast_of(const HostCallBuilder& builder) {
  mw_broadcast dims{};
  set_dims(dims.a, builder.input(0));
  set_dims(dims.b, builder.input(1));
  set_dims(dims.output, builder.output());
  return dims;
}

/// Inputs, then outputs.
HostCallBuilder begin(const Graph& graph, const Operator& op, mw_kernel kernel) {
  HostCallBuilder builder(graph, op, kernel);
  builder.add_data_inputs();
  builder.add_outputs();
  return builder;
}

std::int32_t elements_of(const HostCallBuilder& builder) {
  return static_cast<std::int32_t>(builder.output().elements());
}

}  // namespace

std::optional<std::string> broadcast_refused(const Graph& graph, const Operator& op) {
  for (const workloads::TensorId id : {op.inputs[0], op.inputs[1]}) {
    if (graph.tensor(id).shape.size() > MW_KERNEL_MOST_DIMENSIONS) {
      return fmt::format("it has tensors of more than {} dimensions",
                         static_cast<int>(MW_KERNEL_MOST_DIMENSIONS));
    }
  }
  return std::nullopt;
}

HostCall pool_call(const Graph& graph, const Operator& op) {
  const bool average = op.kind == OperatorKind::kAveragePool2d;
  HostCallBuilder builder = begin(graph, op, average ? MW_KERNEL_AVERAGE_POOL : MW_KERNEL_MAX_POOL);
  const workloads::Clamp clamp = workloads::activation_clamp(
      std::get<workloads::Pool2d>(op.attributes).activation, builder.output());
  builder.add_section(mw_pool_section{conv_geometry(graph, op), clamp.low, clamp.high, 0});
  return builder.take();
}

HostCall addition_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder =
      begin(graph, op, op.kind == OperatorKind::kSub ? MW_KERNEL_SUB : MW_KERNEL_ADD);
  const workloads::AddParameters p = workloads::add_parameters(graph, op);
  mw_addition_section section{};
  section.dims = broadcast_of(builder);
  section.left_shift = p.left_shift;
  section.zero_point_a = p.zero_point_a;
  section.zero_point_b = p.zero_point_b;
  section.output_zero_point = p.output_zero_point;
  section.a = multiplier_of(p.multiplier_a);
  section.b = multiplier_of(p.multiplier_b);
  section.output = multiplier_of(p.multiplier_output);
  section.clamp_low = p.clamp.low;
  section.clamp_high = p.clamp.high;
  builder.add_section(section);
  return builder.take();
}

HostCall softmax_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_SOFTMAX);
  const workloads::SoftmaxParameters p = workloads::softmax_parameters(graph, op);
  const Tensor& input = builder.input(0);
  mw_softmax_section section{};
  section.depth = input.shape.empty() ? 1 : input.shape.back();
  section.rows = static_cast<std::int32_t>(input.elements() / section.depth);
  section.input = multiplier_of(p.multiplier);
  section.difference_minimum = p.difference_minimum;
  builder.add_section(section);
  return builder.take();
}

HostCall product_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_MUL);
  const workloads::ProductParameters p = workloads::product_parameters(graph, op);
  mw_product_section section{};
  section.dims = broadcast_of(builder);
  section.zero_point_a = p.zero_point_a;
  section.zero_point_b = p.zero_point_b;
  section.output_zero_point = p.output_zero_point;
  section.output = multiplier_of(p.multiplier);
  section.clamp_low = p.clamp.low;
  section.clamp_high = p.clamp.high;
  builder.add_section(section);
  return builder.take();
}

HostCall extremum_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder =
      begin(graph, op, op.kind == OperatorKind::kMaximum ? MW_KERNEL_MAXIMUM : MW_KERNEL_MINIMUM);
  mw_product_section section{};
  section.dims = broadcast_of(builder);
  builder.add_section(section);
  return builder.take();
}

HostCall rescale_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_RESCALE);
  const workloads::RescaleParameters p = workloads::rescale_parameters(graph, op);
  mw_rescale_section section{};
  section.elements = elements_of(builder);
  section.input_zero_point = p.input_zero_point;
  section.output_zero_point = p.output_zero_point;
  section.positive = section.negative = multiplier_of(p.multiplier);
  section.clamp_low = p.clamp.low;
  section.clamp_high = p.clamp.high;
  builder.add_section(section);
  return builder.take();
}

HostCall leaky_relu_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_LEAKY_RELU);
  const workloads::LeakyReluParameters p = workloads::leaky_relu_parameters(graph, op);
  const workloads::Clamp clamp =
      workloads::activation_clamp(workloads::Activation::kNone, builder.output());
  mw_rescale_section section{};
  section.elements = elements_of(builder);
  section.input_zero_point = p.input_zero_point;
  section.output_zero_point = p.output_zero_point;
  section.positive = multiplier_of(p.positive);
  section.negative = multiplier_of(p.negative);
  section.clamp_low = clamp.low;
  section.clamp_high = clamp.high;
  builder.add_section(section);
  return builder.take();
}

HostCall hard_swish_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_HARD_SWISH);
  const workloads::HardSwishParameters p = workloads::hard_swish_parameters(graph, op);
  mw_hard_swish_section section{};
  section.elements = elements_of(builder);
  section.input_zero_point = p.input_zero_point;
  section.output_zero_point = p.output_zero_point;
  section.output = {p.output_mantissa, p.output_exponent};
  section.gate = {p.gate_mantissa, p.gate_exponent};
  builder.add_section(section);
  return builder.take();
}

HostCall sigmoid_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder =
      begin(graph, op, op.kind == OperatorKind::kTanh ? MW_KERNEL_TANH : MW_KERNEL_LOGISTIC);
  mw_sigmoid_section section{};
  section.elements = elements_of(builder);
  if (builder.input(0).type == workloads::ElementType::kInt16) {
    const workloads::TableScale scale = workloads::table_scale(graph, op);
    section.table_factor = scale.factor;
    section.table_shift = scale.shift;
  } else {
    const workloads::SigmoidParameters p = workloads::sigmoid_parameters(graph, op);
    section.input_zero_point = p.input_zero_point;
    section.input = multiplier_of(p.multiplier);
    section.radius = p.radius;
  }
  builder.add_section(section);
  return builder.take();
}

}  // namespace milliwatt::dataflows
