// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_operators.h"

#include <algorithm>
#include <utility>

#include "workloads/check.h"
#include "workloads/geometry.h"

namespace milliwatt::workloads::onnx {

namespace {

std::int32_t bounded(std::int64_t value, std::int64_t least, const char* what) {
  require(value >= least && value <= kMaximumWindow, "it has {} {}; expected {} to {}", what, value,
          least, kMaximumWindow);
  return static_cast<std::int32_t>(value);
}

/// A list of `count` numbers, which may be left out.
Shape numbers(const Node& node, const char* attribute, std::size_t count, std::int32_t otherwise,
              std::int64_t least) {
  const auto given = integers_of(node, attribute);
  require(given.empty() || given.size() == count, "its attribute '{}' has {} numbers; expected {}",
          attribute, given.size(), count);
  Shape values(count, otherwise);
  std::transform(given.begin(), given.end(), values.begin(),
                 [&](std::int64_t value) { return bounded(value, least, attribute); });
  return values;
}

void read_pads(const Node& node, const Shape& image, Window& window) {
  const std::string rule = text_of(node, "auto_pad", "NOTSET");
  if (rule == "SAME_UPPER" || rule == "SAME_LOWER") {
    pad_same(window, image[2], image[3]);
    if (rule == "SAME_LOWER") {
      std::swap(window.pad_top, window.pad_bottom);
      std::swap(window.pad_left, window.pad_right);
    }
    return;
  }
  require(rule == "NOTSET" || rule == "VALID", "its attribute 'auto_pad' is '{}'", rule);
  if (rule == "NOTSET") {
    const Shape pads = numbers(node, "pads", 4, 0, 0);
    window.pad_top = pads[0];
    window.pad_left = pads[1];
    window.pad_bottom = pads[2];
    window.pad_right = pads[3];
  }
}

}  // namespace

NodeReader reader_of(const std::string& kind) {
  static const std::map<std::string, NodeReader> kReaders = {
      {"QuantizeLinear", [](Context& c, const Node& node) { c.values.quantize(node); }},
      {"DequantizeLinear", [](Context& c, const Node& node) { c.values.dequantize(node); }},
      {"Conv", read_conv},
      {"Gemm", read_gemm},
      {"MatMul", read_matmul},
      {"QLinearConv", read_qlinear_conv},
      {"QLinearMatMul", read_qlinear_matmul},
      {"AveragePool", read_average_pool},
      {"MaxPool", read_max_pool},
      {"GlobalAveragePool", read_global_average_pool},
      {"ReduceMean", read_reduce_mean},
      {"Add", read_add},
      {"Sub", read_sub},
      {"Mul", read_mul},
      {"Relu", read_clip},
      {"Clip", read_clip},
      {"LeakyRelu", read_leaky_relu},
      {"Softmax", read_softmax},
      {"Sigmoid", read_sigmoid},
      {"Tanh", read_tanh},
      {"Identity", read_identity},
      {"Dropout", read_identity},
      {"Reshape", read_reshape},
      {"Flatten", read_flatten},
      {"Squeeze", read_squeeze},
      {"Unsqueeze", read_unsqueeze},
      {"Transpose", read_transpose},
      {"Concat", read_concat},
      {"Pad", read_pad},
      {"Slice", read_slice},
      {"Split", read_split},
      {"Resize", read_resize},
  };
  const auto found = kReaders.find(kind);
  return found == kReaders.end() ? nullptr : found->second;
}

const std::string& output_of(const Node& node) {
  const auto given = std::count_if(node.outputs.begin(), node.outputs.end(),
                                   [](const std::string& name) { return !name.empty(); });
  require(given == 1 && !node.outputs[0].empty(), "it has {} outputs; expected one", given);
  return node.outputs[0];
}

Window read_window(const Node& node, const Shape& image, const Shape& kernel) {
  require(image.size() == 4 && kernel.size() == 2,
          "it works on {} dimensions; expected batch, channels, height and width", image.size());
  Window window;
  window.kernel_h = bounded(kernel[0], 1, "a kernel of");
  window.kernel_w = bounded(kernel[1], 1, "a kernel of");
  const Shape strides = numbers(node, "strides", 2, 1, 1);
  window.stride_h = strides[0];
  window.stride_w = strides[1];
  const Shape dilations = numbers(node, "dilations", 2, 1, 1);
  window.dilation_h = dilations[0];
  window.dilation_w = dilations[1];
  read_pads(node, image, window);
  require(vertical(window).outputs(image[2]) > 0 && horizontal(window).outputs(image[3]) > 0,
          "its window of {} x {} does not fit the {} x {} of its operand", window.kernel_h,
          window.kernel_w, image[2], image[3]);
  return window;
}

}  // namespace milliwatt::workloads::onnx
