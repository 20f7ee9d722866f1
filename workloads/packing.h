// SPDX-License-Identifier: Apache-2.0
// Where the elements of weights and activations lie in memory: element i of a tensor of b bits
// takes the bits [i * b, (i + 1) * b) of its bytes, counted from the lowest bit of the first byte.
// So int8 is a byte each, int16 is little endian, and of two int4 in a byte the first is the low
// one.
#pragma once

#include <cstdint>
#include <numeric>

namespace milliwatt::workloads {

/// The signed element `index` of `bits` (2 to 8, or 16).
inline std::int32_t load_element(const std::uint8_t* bytes, std::int64_t index, int bits) {
  const std::int64_t first = index * bits;
  const auto offset = static_cast<int>(first % 8);
  std::uint32_t window = bytes[first / 8];
  if (offset + bits > 8) {
    window |= std::uint32_t{bytes[first / 8 + 1]} << 8;
  }
  const int unused = 32 - bits;
  return static_cast<std::int32_t>(window >> offset << unused) >> unused;
}

/// Stores the lowest `bits` (2 to 8, or 16) of `value`; the bits of its neighbours stay.
inline void store_element(std::uint8_t* bytes, std::int64_t index, int bits, std::int32_t value) {
  const std::int64_t first = index * bits;
  const auto offset = static_cast<int>(first % 8);
  const std::uint32_t mask = ((1U << bits) - 1U) << offset;
  const std::uint32_t shifted = static_cast<std::uint32_t>(value) << offset & mask;
  std::uint8_t* at = bytes + first / 8;
  at[0] = static_cast<std::uint8_t>((at[0] & ~mask) | shifted);
  if (offset + bits > 8) {
    at[1] = static_cast<std::uint8_t>((at[1] & ~(mask >> 8)) | shifted >> 8);
  }
}

/// Bytes that `elements` of `bits` take.
constexpr std::int64_t packed_bytes(std::int64_t elements, int bits) {
  return (elements * bits + 7) / 8;
}

/// Fewest neighbouring elements of `bits` that fill whole bytes.
constexpr std::int32_t byte_granule(int bits) { return 8 / std::gcd(8, bits); }

/// Smallest and largest element of `bits`.
constexpr std::int32_t lowest_element(int bits) { return -(1 << (bits - 1)); }
constexpr std::int32_t highest_element(int bits) { return (1 << (bits - 1)) - 1; }

}  // namespace milliwatt::workloads
