// SPDX-License-Identifier: Apache-2.0
// One fold of a weight-stationary array, on operands already gathered.
//
// The PE has three registers: an activation that moves right, a partial sum that moves down, and a
// weight that moves down while weights are loaded and stays otherwise. The operands of array row r
// enter r cycles after those of row 0 (the skew registers at the array's edge are not modelled).
// Cycle n is the one that ends with the (n+1)th clock edge of the step:
//
//   cycles 0 .. R-1     a row of weights enters at the top each cycle, the bottom row's first;
//                       at the end of cycle R-1 row r holds the weights of row r
//   cycle R + t + r + j PE (r, j) multiplies element t of row r and adds the sum from above
//   cycle 2R + t + j - 1 so the sum of pixel t leaves the bottom (r = R-1) of column j
//
// The last output, t = T-1 and j = c-1, leaves in cycle 2R + T + c - 3: the fold takes
// 2R + T + c - 2 cycles. Rows beyond the fold's taps hold weight 0 and pass sums on.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace milliwatt::systolic {

struct ArraySize {
  std::int32_t rows = 16;     ///< R, 1 .. kMaxArraySide
  std::int32_t columns = 16;  ///< C, 1 .. kMaxArraySide
};
constexpr std::int32_t kMaxArraySide = 256;

/// Operands of a fold. rows <= R, columns <= C, all at least 1.
struct FoldOperands {
  const std::int8_t* streams = nullptr;  ///< [pixels][pitch]; bytes beyond `rows` are 0
  const std::int8_t* weights = nullptr;  ///< [rows][columns], top row first
  std::int64_t pixels = 0;               ///< T
  std::int32_t rows = 0;
  std::int32_t columns = 0;  ///< c
  std::int32_t pitch = 0;    ///< stream_pitch(rows)
};

/// Bytes from pixel to pixel of the gathered streams: a multiple of what kernels read at once.
constexpr std::int32_t stream_pitch(std::int32_t rows) { return (rows + 7) & ~7; }

/// What a fold costs. Each PE does one of three things in a cycle, so that
/// macs + weight_shifts + idle_cycles = R * C * cycles.
struct FoldCounts {
  base::Cycles cycles = 0;
  std::int64_t macs = 0;           ///< PE cycles with an operand and a weight of the fold
  std::int64_t weight_shifts = 0;  ///< PE cycles in which the weight register is written
  std::int64_t idle_cycles = 0;    ///< PE cycles with neither
  std::int64_t operands_read = 0;  ///< bytes that entered at the left
  std::int64_t weights_read = 0;   ///< bytes that entered at the top
  std::int64_t outputs = 0;        ///< sums that left at the bottom
};
bool operator==(const FoldCounts& a, const FoldCounts& b);

/// Cycle in which the sum of pixel `t` leaves column `column`.
constexpr base::Cycles output_cycle(const ArraySize& size, std::int64_t t, std::int32_t column) {
  return 2 * base::Cycles{size.rows} + t + column - 1;
}

/// The counts in closed form: what stepping every register adds up to.
FoldCounts fold_counts(const ArraySize& size, std::int64_t pixels, std::int32_t rows,
                       std::int32_t columns);

}  // namespace milliwatt::systolic
