// SPDX-License-Identifier: Apache-2.0
// Sliding-window arithmetic shared by the importers, the checks and the planners.
#pragma once

#include <cstdint>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Distance from the first to the last tap, plus one: (kernel - 1) * dilation + 1.
constexpr std::int64_t effective_kernel(std::int64_t kernel, std::int64_t dilation) {
  return (kernel - 1) * dilation + 1;
}

/// One spatial axis of a window over an image of `input` elements.
struct WindowAxis {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_before = 0;
  std::int64_t pad_after = 0;

  /// Positions of the window, 0 where it does not fit.
  constexpr std::int64_t outputs(std::int64_t input) const {
    const std::int64_t room = input + pad_before + pad_after - effective_kernel(kernel, dilation);
    return room < 0 ? 0 : room / stride + 1;
  }
};

constexpr WindowAxis vertical(const Window& w) {
  return {w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom};
}
constexpr WindowAxis horizontal(const Window& w) {
  return {w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right};
}

/// The window of a convolution or pool; nullptr for other operators.
const Window* window_of(const Operator& op);

/// Sets the pads so that ceil(input / stride) positions result; an odd pad goes behind the image.
void pad_same(Window& window, std::int32_t input_h, std::int32_t input_w);

/// One dimension of a slice, as in numpy: negative places count from behind, `begin` and `end` are
/// clamped to the extent, and either may be left out. `step` is not 0.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
  bool from_the_first = false;
  bool to_the_last = false;
};
/// The first element of a range and how many there are, possibly none.
struct Stretch {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
Stretch stretch_of(const SliceRange& range, std::int64_t extent);

}  // namespace milliwatt::workloads
