// SPDX-License-Identifier: Apache-2.0
#include "dataflows/conv_geometry.h"

#include "base/error.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::Tensor;

ConvGeometry windowed(const Tensor& input, const Tensor& output, const workloads::Window& w) {
  ConvGeometry g{};
  g.batch = input.shape.at(0);
  g.input_h = input.shape.at(1);
  g.input_w = input.shape.at(2);
  g.input_c = input.shape.at(3);
  g.output_h = output.shape.at(1);
  g.output_w = output.shape.at(2);
  g.output_c = output.shape.at(3);
  g.kernel_h = w.kernel_h;
  g.kernel_w = w.kernel_w;
  g.stride_h = w.stride_h;
  g.stride_w = w.stride_w;
  g.dilation_h = w.dilation_h;
  g.dilation_w = w.dilation_w;
  g.pad_top = w.pad_top;
  g.pad_left = w.pad_left;
  return g;
}

/// Rows of a fully connected layer are the pixels of a one-line image.
ConvGeometry fully_connected(const Tensor& input, const Tensor& weights) {
  ConvGeometry g{};
  g.batch = 1;
  g.input_h = g.output_h = 1;
  g.input_c = weights.shape.at(1);
  g.input_w = g.output_w = static_cast<std::int32_t>(input.elements() / g.input_c);
  g.output_c = weights.shape.at(0);
  g.kernel_h = g.kernel_w = 1;
  g.stride_h = g.stride_w = 1;
  g.dilation_h = g.dilation_w = 1;
  return g;
}

}  // namespace

ConvGeometry conv_geometry(const Graph& graph, const Operator& op) {
  const Tensor& input = graph.tensor(op.inputs.at(0));
  const Tensor& output = graph.tensor(op.outputs.at(0));
  if (const auto* conv = std::get_if<workloads::Conv2d>(&op.attributes)) {
    return windowed(input, output, conv->window);
  }
  if (const auto* depthwise = std::get_if<workloads::DepthwiseConv2d>(&op.attributes)) {
    return windowed(input, output, depthwise->window);
  }
  if (const auto* pool = std::get_if<workloads::Pool2d>(&op.attributes)) {
    return windowed(input, output, pool->window);
  }
  if (op.kind == workloads::OperatorKind::kFullyConnected) {
    return fully_connected(input, graph.tensor(op.inputs.at(1)));
  }
  throw base::InternalError("operator without a window");
}

}  // namespace milliwatt::dataflows
