// SPDX-License-Identifier: Apache-2.0
// For tests: records of calls, by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "abi/kernel_elementwise.h"
#include "abi/kernel_movement.h"
#include "abi/kernel_weighted.h"

namespace milliwatt::mcu::testing {

inline mw_kernel_operand operand(mw_ref place, std::uint32_t bytes, mw_use use, int bits = 8,
                                 mw_tensor_class tensor_class = MW_TENSOR_IFMAP) {
  return {place,
          bytes,
          static_cast<std::uint8_t>(use),
          static_cast<std::uint8_t>(bits),
          0,
          static_cast<std::uint8_t>(tensor_class)};
}
inline mw_kernel_operand input(mw_ref place, std::uint32_t bytes, int bits = 8) {
  return operand(place, bytes, MW_USE_READ, bits);
}
inline mw_kernel_operand output(mw_ref place, std::uint32_t bytes, int bits = 8) {
  return operand(place, bytes, MW_USE_WRITE, bits, MW_TENSOR_OFMAP);
}

/// A record with one structure as its section, open to change.
template <typename Section>
struct Record {
  mw_kernel kernel = MW_KERNEL_COPY;
  std::uint16_t layer = 0;
  std::vector<mw_kernel_operand> operands;
  Section section{};

  std::vector<std::uint8_t> bytes() const {
    mw_kernel_head head{};
    head.kernel = static_cast<std::uint16_t>(kernel);
    head.layer = layer;
    head.operands = static_cast<std::uint32_t>(operands.size());
    const std::size_t behind = sizeof head + operands.size() * sizeof(mw_kernel_operand);
    head.bytes = static_cast<std::uint32_t>(behind + sizeof section);
    std::vector<std::uint8_t> all(head.bytes);
    std::memcpy(all.data(), &head, sizeof head);
    if (!operands.empty()) {
      std::memcpy(all.data() + sizeof head, operands.data(), behind - sizeof head);
    }
    std::memcpy(all.data() + behind, &section, sizeof section);
    return all;
  }
};

}  // namespace milliwatt::mcu::testing
