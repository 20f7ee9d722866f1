// SPDX-License-Identifier: Apache-2.0
// The software kernels one by one, for native_kernels.cpp only: on arguments that have passed the
// checks of Kernel.
#pragma once

#include "mcu/native_kernels.h"

namespace milliwatt::mcu::detail {

void run_conv(const mw_kernel_args& args, const Kernel::Operands& operands);
void run_depthwise(const mw_kernel_args& args, const Kernel::Operands& operands);
void run_fully_connected(const mw_kernel_args& args, const Kernel::Operands& operands);
void run_pool(const mw_kernel_args& args, const Kernel::Operands& operands);
void run_add(const mw_kernel_args& args, const Kernel::Operands& operands);
void run_softmax(const mw_kernel_args& args, const Kernel::Operands& operands);

/// Taps [begin, end) of a window whose first tap lies at `origin` (may be negative) that are inside
/// an image of `size` elements.
struct TapRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};
inline TapRange taps_inside(std::int64_t origin, std::int64_t size, std::int64_t kernel,
                            std::int64_t dilation) {
  const auto first_at_or_after = [&](std::int64_t position) {
    const std::int64_t tap = position <= origin ? 0 : (position - origin + dilation - 1) / dilation;
    return static_cast<std::int32_t>(tap < kernel ? tap : kernel);
  };
  return {first_at_or_after(0), first_at_or_after(size)};
}

/// `value` in the inclusive bounds of a stored int8.
inline std::int8_t clamped(std::int64_t value, std::int32_t low, std::int32_t high) {
  return static_cast<std::int8_t>(value < low ? low : value > high ? high : value);
}

}  // namespace milliwatt::mcu::detail
