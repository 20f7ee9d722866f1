// SPDX-License-Identifier: Apache-2.0
// Floating-point operators at a network's edge as software kernels.
#include <cstring>

#include "abi/kernel_float.h"
#include "dataflows/host_kernels.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::OperatorKind;
using workloads::Tensor;

mw_scale_section scale_section(const Tensor& integers) {
  const float scale = workloads::single_scale(integers);
  mw_scale_section section{};
  section.elements = static_cast<std::uint32_t>(integers.elements());
  std::memcpy(&section.scale, &scale, sizeof scale);
  section.zero_point = integers.quantization.zero_point();
  return section;
}

/// Inputs, then outputs.
HostCallBuilder begin(const Graph& graph, const Operator& op, mw_kernel kernel) {
  HostCallBuilder builder(graph, op, kernel);
  builder.add_data_inputs();
  builder.add_outputs();
  return builder;
}

}  // namespace

HostCall quantize_call(const Graph& graph, const Operator& op) {
  if (graph.tensor(op.inputs[0]).type != ElementType::kFloat32) {
    return rescale_call(graph, op);
  }
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_QUANTIZE);
  builder.add_section(scale_section(builder.output()));
  return builder.take();
}

HostCall dequantize_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_DEQUANTIZE);
  builder.add_section(scale_section(builder.input(0)));
  return builder.take();
}

HostCall log_softmax_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder = begin(graph, op, MW_KERNEL_LOG_SOFTMAX);
  const std::int32_t length = builder.input(0).shape.back();
  const auto rows = static_cast<std::int32_t>(builder.input(0).elements() / length);
  builder.add_section(mw_log_softmax_section{rows, length});
  return builder.take();
}

}  // namespace milliwatt::dataflows
