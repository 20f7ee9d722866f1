// SPDX-License-Identifier: Apache-2.0
// Two inputs that broadcast to one output.
#pragma once

#include <cstdint>

#include "abi/kernel_elementwise.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_record.h"

namespace milliwatt::mcu {

/// Operands {a, b, output} of integers have the extents of `dims`, which broadcast. Returns the
/// elements of the output.
std::int64_t require_broadcast(const KernelRecord& record, const mw_broadcast& dims);

/// Distance in elements from one index of a dimension to the next; 0 where the dimension repeats.
struct BroadcastStrides {
  std::int64_t step[MW_KERNEL_MOST_DIMENSIONS] = {};

  explicit BroadcastStrides(const std::int32_t (&dims)[MW_KERNEL_MOST_DIMENSIONS]) {
    std::int64_t size = 1;
    for (int i = MW_KERNEL_MOST_DIMENSIONS - 1; i >= 0; --i) {
      step[i] = dims[i] == 1 ? 0 : size;
      size *= dims[i];
    }
  }
  /// Place of the first element of a row: of all indices but that of the last dimension.
  std::int64_t row(const std::int32_t (&output)[MW_KERNEL_MOST_DIMENSIONS],
                   std::int64_t index) const {
    std::int64_t place = 0;
    for (int i = MW_KERNEL_MOST_DIMENSIONS - 2; i >= 0; --i) {
      place += index % output[i] * step[i];
      index /= output[i];
    }
    return place;
  }
};

/// Calls visit(a, b) with the pair behind each element of the output, in order.
template <typename Value, typename Visit>
void for_each_pair(const mw_broadcast& dims, const Value* a, const Value* b, Visit visit) {
  constexpr int kLast = MW_KERNEL_MOST_DIMENSIONS - 1;
  const BroadcastStrides sa(dims.a);
  const BroadcastStrides sb(dims.b);
  std::int64_t rows = 1;
  for (int i = 0; i < kLast; ++i) {
    rows *= dims.output[i];
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const Value* from_a = a + sa.row(dims.output, row);
    const Value* from_b = b + sb.row(dims.output, row);
    for (std::int32_t c = 0; c < dims.output[kLast]; ++c) {
      visit(*from_a, *from_b);
      from_a += sa.step[kLast];
      from_b += sb.step[kLast];
    }
  }
}

}  // namespace milliwatt::mcu
