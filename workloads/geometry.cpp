// SPDX-License-Identifier: Apache-2.0
#include "workloads/geometry.h"

#include <algorithm>

namespace milliwatt::workloads {

namespace {

std::int64_t same_padding(const WindowAxis& axis, std::int64_t input) {
  const std::int64_t outputs = (input + axis.stride - 1) / axis.stride;
  const std::int64_t covered =
      (outputs - 1) * axis.stride + effective_kernel(axis.kernel, axis.dilation);
  return std::max<std::int64_t>(covered - input, 0);
}

}  // namespace

const Window* window_of(const Operator& op) {
  if (const auto* conv = std::get_if<Conv2d>(&op.attributes)) {
    return &conv->window;
  }
  if (const auto* depthwise = std::get_if<DepthwiseConv2d>(&op.attributes)) {
    return &depthwise->window;
  }
  const auto* pool = std::get_if<Pool2d>(&op.attributes);
  return pool == nullptr ? nullptr : &pool->window;
}

void pad_same(Window& window, std::int32_t input_h, std::int32_t input_w) {
  const std::int64_t rows = same_padding(vertical(window), input_h);
  const std::int64_t columns = same_padding(horizontal(window), input_w);
  window.pad_top = static_cast<std::int32_t>(rows / 2);
  window.pad_bottom = static_cast<std::int32_t>(rows - rows / 2);
  window.pad_left = static_cast<std::int32_t>(columns / 2);
  window.pad_right = static_cast<std::int32_t>(columns - columns / 2);
}

}  // namespace milliwatt::workloads
