// SPDX-License-Identifier: Apache-2.0
// Reading and writing the elements of a kernel's operands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "workloads/packing.h"

namespace milliwatt::mcu {

/// Calls visit(stored value) for each of `elements` integers of 2 to 8, 16 or 32 bits.
template <typename Visit>
void for_each_element(const std::uint8_t* bytes, std::int64_t elements, int bits, Visit visit) {
  for (std::int64_t i = 0; i < elements; ++i) {
    if (bits == 8) {
      visit(std::int32_t{static_cast<std::int8_t>(bytes[i])});
    } else if (bits == 32) {
      std::int32_t value = 0;
      std::memcpy(&value, bytes + 4 * i, sizeof value);
      visit(value);
    } else {
      visit(workloads::load_element(bytes, i, bits));
    }
  }
}

/// All elements as numbers.
inline std::vector<std::int32_t> load_elements(const std::uint8_t* bytes, std::int64_t elements,
                                               int bits) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(elements));
  auto* to = all.data();
  for_each_element(bytes, elements, bits, [&](std::int32_t value) { *to++ = value; });
  return all;
}

/// Writes integers of 2 to 8, 16 or 32 bits one behind the other.
class ElementWriter {
 public:
  /// Bits behind the last element are 0.
  ElementWriter(std::uint8_t* bytes, std::int64_t elements, int bits) : bytes_{bytes}, bits_{bits} {
    if (bits < 8) {
      std::memset(bytes, 0, static_cast<std::size_t>(workloads::packed_bytes(elements, bits)));
    }
  }

  void put(std::int32_t value) {
    if (bits_ == 8) {
      bytes_[next_++] = static_cast<std::uint8_t>(value);
    } else if (bits_ == 32) {
      std::memcpy(bytes_ + 4 * next_++, &value, sizeof value);
    } else {
      workloads::store_element(bytes_, next_++, bits_, value);
    }
  }
  void put_clamped(std::int64_t value, std::int32_t low, std::int32_t high) {
    put(static_cast<std::int32_t>(std::clamp<std::int64_t>(value, low, high)));
  }

 private:
  std::uint8_t* bytes_;
  int bits_;
  std::int64_t next_ = 0;
};

}  // namespace milliwatt::mcu
