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

}  // namespace milliwatt::dataflows
