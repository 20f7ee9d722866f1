// SPDX-License-Identifier: Apache-2.0
#include "dataflows/conv_geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "workloads/geometry.h"

namespace milliwatt::dataflows {
namespace {

constexpr std::int64_t kMostElements = INT32_MAX;

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

/// One axis of a geometry.
struct Axis {
  const char* name;
  std::int64_t input, output, kernel, stride, dilation, pad;
};

std::string axis_fault(const Axis& axis) {
  const std::int64_t span = (axis.kernel - 1) * axis.dilation + 1;
  if (span > kLargestDimension) {
    return fmt::format("the kernel covers {} input {}, at most {} are possible", span, axis.name,
                       kLargestDimension);
  }
  if (axis.pad < 0 || axis.pad >= span) {
    return fmt::format("the padding of input {} is {}, the kernel covers {}", axis.name, axis.pad,
                       span);
  }
  const std::int64_t behind = (axis.output - 1) * axis.stride - axis.pad - axis.input;
  if (behind >= 0) {
    return fmt::format("the last window starts {} input {} behind the image", behind + 1,
                       axis.name);
  }
  return {};
}

/// Factors are 1 .. kLargestDimension.
std::string size_fault(const char* what, std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    product *= factor;
    if (product > kMostElements) {
      return fmt::format("more than {} {}", kMostElements, what);
    }
  }
  return {};
}

std::string dimension_fault(const ConvGeometry& g) {
  const std::pair<const char*, std::int32_t> dimensions[] = {
      {"batch", g.batch},          {"input_h", g.input_h},   {"input_w", g.input_w},
      {"input_c", g.input_c},      {"output_h", g.output_h}, {"output_w", g.output_w},
      {"output_c", g.output_c},    {"kernel_h", g.kernel_h}, {"kernel_w", g.kernel_w},
      {"stride_h", g.stride_h},    {"stride_w", g.stride_w}, {"dilation_h", g.dilation_h},
      {"dilation_w", g.dilation_w}};
  for (const auto& [name, value] : dimensions) {
    if (value < 1 || value > kLargestDimension) {
      return fmt::format("{} is {}, possible are 1 .. {}", name, value, kLargestDimension);
    }
  }
  return {};
}

}  // namespace

std::string geometry_fault(const ConvGeometry& g) {
  std::string fault = dimension_fault(g);
  if (!fault.empty()) {
    return fault;
  }
  const std::string faults[] = {
      axis_fault({"rows", g.input_h, g.output_h, g.kernel_h, g.stride_h, g.dilation_h, g.pad_top}),
      axis_fault(
          {"columns", g.input_w, g.output_w, g.kernel_w, g.stride_w, g.dilation_w, g.pad_left}),
      size_fault("input elements", {g.batch, g.input_h, g.input_w, g.input_c}),
      size_fault("output elements", {g.batch, g.output_h, g.output_w, g.output_c})};
  const auto first = std::find_if(std::begin(faults), std::end(faults),
                                  [](const std::string& text) { return !text.empty(); });
  return first == std::end(faults) ? std::string{} : *first;
}

ConvGeometry conv_geometry(const Graph& graph, const Operator& op) {
  const Tensor& input = graph.tensor(op.inputs.at(0));
  const Tensor& output = graph.tensor(op.outputs.at(0));
  if (const workloads::Window* window = workloads::window_of(op)) {
    return windowed(input, output, *window);
  }
  if (op.kind == workloads::OperatorKind::kFullyConnected) {
    return fully_connected(input, graph.tensor(op.inputs.at(1)));
  }
  throw base::InternalError("operator without a window");
}

}  // namespace milliwatt::dataflows
