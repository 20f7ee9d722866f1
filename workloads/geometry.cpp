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

Stretch stretch_of(const SliceRange& range, std::int64_t extent) {
  const bool forward = range.step > 0;
  const std::int64_t lowest = forward ? 0 : -1;
  const std::int64_t highest = std::max(forward ? extent : extent - 1, lowest);
  const auto place = [&](std::int64_t at) {
    return std::clamp(at < 0 ? at + extent : at, lowest, highest);
  };
  const std::int64_t first =
      range.from_the_first ? (forward ? lowest : highest) : place(range.begin);
  const std::int64_t end = range.to_the_last ? (forward ? highest : lowest) : place(range.end);
  const std::int64_t span = forward ? end - first : first - end;
  const std::int64_t size = forward ? range.step : -range.step;
  return {first, span <= 0 ? 0 : (span + size - 1) / size};
}

}  // namespace milliwatt::workloads
