// SPDX-License-Identifier: Apache-2.0
// Reductions and resizing as software kernels.
#include <fmt/format.h>

#include <algorithm>

#include "abi/kernel_reduce.h"
#include "dataflows/host_kernels.h"
#include "workloads/operator_parameters.h"

namespace milliwatt::dataflows {

using workloads::OperatorKind;
using workloads::Reduce;
using workloads::Resize;
using workloads::Tensor;

std::optional<std::string> reduce_refused(const Graph& graph, const Operator& op) {
  constexpr int kMost = MW_KERNEL_MOST_DIMENSIONS;
  const std::size_t rank = graph.tensor(op.inputs[0]).shape.size();
  if (rank > kMost) {
    return fmt::format("it reduces a tensor of {} dimensions, the host takes {}", rank, kMost);
  }
  return std::nullopt;
}

HostCall reduce_call(const Graph& graph, const Operator& op) {
  const bool maximum = op.kind == OperatorKind::kReduceMax;
  HostCallBuilder builder(graph, op, maximum ? MW_KERNEL_REDUCE_MAX : MW_KERNEL_REDUCE_SUM);
  builder.add_data_inputs();
  builder.add_outputs();
  const auto& shape = builder.input(0).shape;
  const std::size_t in_front = MW_KERNEL_MOST_DIMENSIONS - shape.size();
  mw_reduce_section section{};
  std::fill(std::begin(section.extents), std::end(section.extents), 1);
  std::copy(shape.begin(), shape.end(), std::begin(section.extents) + in_front);
  for (const std::int32_t axis : std::get<Reduce>(op.attributes).axes) {
    section.reduced |= 1U << (in_front + static_cast<std::size_t>(axis));
  }
  if (!maximum) {
    const workloads::ReduceParameters p = workloads::reduce_parameters(graph, op);
    const workloads::Clamp clamp =
        workloads::activation_clamp(workloads::Activation::kNone, builder.output());
    section.input_zero_point = p.input_zero_point;
    section.output_zero_point = p.output_zero_point;
    section.output = multiplier_of(p.multiplier);
    section.clamp_low = clamp.low;
    section.clamp_high = clamp.high;
  }
  builder.add_section(section);
  return builder.take();
}

std::optional<std::string> resize_refused(const Graph& graph, const Operator& op) {
  const workloads::ElementType type = graph.tensor(op.inputs[0]).type;
  if (workloads::element_bits(type) > 32) {
    return fmt::format("its pixels are {}", workloads::element_name(type));
  }
  return std::nullopt;
}

HostCall resize_call(const Graph& graph, const Operator& op) {
  const bool nearest = op.kind == OperatorKind::kResizeNearest;
  HostCallBuilder builder(graph, op,
                          nearest ? MW_KERNEL_RESIZE_NEAREST : MW_KERNEL_RESIZE_BILINEAR);
  builder.add_data_inputs();
  builder.add_outputs();
  const auto& resize = std::get<Resize>(op.attributes);
  const auto& in = builder.input(0).shape;
  const auto& out = builder.output().shape;
  builder.add_section(mw_resize_section{in[0], in[1], in[2], out[1], out[2], in[3],
                                        resize.align_corners ? 1 : 0,
                                        resize.half_pixel_centers ? 1 : 0});
  return builder.take();
}

}  // namespace milliwatt::dataflows
