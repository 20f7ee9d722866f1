// SPDX-License-Identifier: Apache-2.0
// The two roundings of which quantized arithmetic is made, after the rules of gemmlowp that TFLite
// Micro uses. Inline: every output of a network passes them.
#pragma once

#include <cstdint>
#include <limits>

namespace milliwatt::workloads {

/// round(a * b / 2^31), ties up (-1/2 becomes 0); the one overflow (both -2^31) saturates.
inline std::int32_t doubling_high_multiply(std::int32_t a, std::int32_t b) {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  if (a == kLowest && b == kLowest) {
    return std::numeric_limits<std::int32_t>::max();
  }
  constexpr std::int64_t kHalf = std::int64_t{1} << 30;
  return static_cast<std::int32_t>((std::int64_t{a} * b + kHalf) >> 31);
}

/// round(x / 2^bits), ties away from zero; 0 <= bits <= 62.
inline std::int32_t rounding_shift_right(std::int32_t x, int bits) {
  const std::int64_t mask = (std::int64_t{1} << bits) - 1;
  const std::int64_t remainder = x & mask;
  const std::int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<std::int32_t>((std::int64_t{x} >> bits) + (remainder > threshold ? 1 : 0));
}

}  // namespace milliwatt::workloads
