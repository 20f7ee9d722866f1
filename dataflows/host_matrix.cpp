// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions and products of activations as software kernels.
#include <fmt/format.h>

#include <algorithm>

#include "abi/kernel_matrix.h"
#include "dataflows/host_kernels.h"
#include "workloads/operator_parameters.h"

namespace milliwatt::dataflows {
namespace {

using workloads::BatchMatmul;
using workloads::Tensor;
using workloads::TransposeConv2d;

/// Leading dimensions of matrices that a call takes.
constexpr std::size_t kMostMatrices = 4;

/// All dimensions but the last two, with 1s in front.
void set_matrices(std::int32_t (&matrices)[kMostMatrices], const Tensor& tensor) {
  const std::size_t leading = tensor.shape.size() - 2;
  std::fill(std::begin(matrices), std::end(matrices), 1);
  std::copy_n(tensor.shape.begin(), leading, std::end(matrices) - leading);
}

}  // namespace

std::optional<std::string> transpose_conv_refused(const Graph& graph, const Operator& op) {
  const workloads::Window& window = std::get<TransposeConv2d>(op.attributes).window;
  if (window.dilation_h != 1 || window.dilation_w != 1) {
    return "its window is dilated";
  }
  return weighted_refused(graph, op);
}

HostCall transpose_conv_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_TRANSPOSE_CONV);
  builder.add_data_inputs();
  builder.add_weights(1);
  add_output_table(builder);
  builder.add_outputs();
  const workloads::Window& window = std::get<TransposeConv2d>(op.attributes).window;
  const workloads::OutputStage stage = workloads::output_stage(graph, op);
  const auto& in = builder.input(2).shape;
  const auto& out = builder.output().shape;
  mw_transpose_conv_section section{};
  section.batch = in[0];
  section.input_h = in[1];
  section.input_w = in[2];
  section.input_c = in[3];
  section.output_h = out[1];
  section.output_w = out[2];
  section.output_c = out[3];
  section.kernel_h = window.kernel_h;
  section.kernel_w = window.kernel_w;
  section.stride_h = window.stride_h;
  section.stride_w = window.stride_w;
  section.pad_top = window.pad_top;
  section.pad_left = window.pad_left;
  section.input_zero_point = stage.input_zero_point;
  section.output_zero_point = stage.output_zero_point;
  section.clamp_low = stage.clamp.low;
  section.clamp_high = stage.clamp.high;
  builder.add_section(section);
  return builder.take();
}

std::optional<std::string> matmul_refused(const Graph& graph, const Operator& op) {
  for (const workloads::TensorId id : op.inputs) {
    if (graph.tensor(id).shape.size() > kMostMatrices + 2) {
      return fmt::format("it multiplies tensors of more than {} dimensions", kMostMatrices + 2);
    }
  }
  return std::nullopt;
}

HostCall matmul_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_MATMUL);
  builder.add_data_inputs();
  builder.add_outputs();
  const auto& matmul = std::get<BatchMatmul>(op.attributes);
  const workloads::ProductParameters p = workloads::product_parameters(graph, op);
  const auto& a = builder.input(0).shape;
  const auto& out = builder.output().shape;
  mw_matmul_section section{};
  set_matrices(section.matrices_a, builder.input(0));
  set_matrices(section.matrices_b, builder.input(1));
  section.rows = out[out.size() - 2];
  section.depth = matmul.transpose_a ? a[a.size() - 2] : a.back();
  section.columns = out.back();
  section.transpose_a = matmul.transpose_a ? 1 : 0;
  section.transpose_b = matmul.transpose_b ? 1 : 0;
  section.zero_point_a = p.zero_point_a;
  section.zero_point_b = p.zero_point_b;
  section.output_zero_point = p.output_zero_point;
  section.output = multiplier_of(p.multiplier);
  section.clamp_low = p.clamp.low;
  section.clamp_high = p.clamp.high;
  builder.add_section(section);
  return builder.take();
}

}  // namespace milliwatt::dataflows
