// SPDX-License-Identifier: Apache-2.0
// Elements of 2 to 8 bits between a buffer, where they lie packed (workloads/packing.h), and a
// datapath, where each has a byte.
#pragma once

#include <cstdint>
#include <vector>

namespace milliwatt::shell {

/// Elements [first, first + count) of the packed `bytes`.
void unpack_elements(const std::uint8_t* bytes, std::int64_t first, std::int64_t count, int bits,
                     std::int8_t* elements);

/// The same when all begin at `bytes`: where they lie if they have 8 bits, else in `room`.
const std::int8_t* unpacked(const std::uint8_t* bytes, std::int64_t count, int bits,
                            std::vector<std::int8_t>& room);

/// Packs `count` elements from `bytes` on; the bits behind the last one in its byte become 0.
void pack_elements(const std::int8_t* elements, std::int64_t count, int bits, std::uint8_t* bytes);

/// Zeroes the bits from `bit` on in the byte that holds it, none when a byte begins there.
inline void clear_rest(std::uint8_t* bytes, std::int64_t bit) {
  if (bit % 8 != 0) {
    bytes[bit / 8] &= static_cast<std::uint8_t>((1 << bit % 8) - 1);
  }
}

}  // namespace milliwatt::shell
