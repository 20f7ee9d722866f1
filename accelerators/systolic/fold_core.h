// SPDX-License-Identifier: Apache-2.0
// One fold of a systolic array, on operands already gathered.
//
// The PE has three registers: an activation or weight that moves right, one that moves down, and a
// sum. The operands of array row r enter r cycles after those of row 0, those of column j j cycles
// after those of column 0 (the skew registers at the array's edges are not modelled). Cycle n is
// the one that ends with the (n+1)th clock edge of the step. S is the length of the stream, c the
// columns in use.
//
// Weight or input stationary: one operand stays, sums move down.
//   cycles 0 .. R-1       a row of the stationary operand enters at the top each cycle, the bottom
//                         row's first; at the end of cycle R-1 row r holds what belongs to row r
//   cycle R + t + r + j   PE (r, j) multiplies element t of row r and adds the sum from above
//   cycle 2R + t + j - 1  so the sum of element t leaves the bottom (r = R-1) of column j
//
// Output stationary: both operands move, sums stay until they move down.
//   cycle t + r + j       PE (r, j) adds the product of the t-th elements of row r and column j
//   cycle S + R + j - 1   one cycle after its bottom PE had the last element, column j begins to
//                         move its sums down, for R cycles
//   cycle S + 2R - 2 - i + j  so the sum of row i leaves the bottom of column j
//
// The last sum leaves in cycle 2R + S + c - 3 in both: a fold takes 2R + S + c - 2 cycles. Rows not
// in use hold zeros and pass sums on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::systolic {

using dataflows::ArrayUse;
using dataflows::Dataflow;

struct ArraySize {
  std::int32_t rows = 16;     ///< R, 1 .. kMaxArraySide
  std::int32_t columns = 16;  ///< C, 1 .. kMaxArraySide
};
constexpr std::int32_t kMaxArraySide = 256;

/// A fold as a product of matrices; all sizes at least 1.
struct FoldOperands {
  const std::int8_t* streams = nullptr;  ///< [pixels][pitch]; bytes beyond `taps` are 0
  const std::int8_t* weights = nullptr;  ///< [taps][filters]
  std::int64_t pixels = 0;
  std::int32_t taps = 0;
  std::int32_t filters = 0;
  std::int32_t pitch = 0;  ///< stream_pitch(taps)
};

/// Bytes from pixel to pixel of the gathered streams: a multiple of what kernels read at once.
constexpr std::int32_t stream_pitch(std::int32_t taps) { return (taps + 7) & ~7; }

/// The same operands as they enter the array. `use` is within the array's size.
struct ArrayOperands {
  /// Element t of the stream into row r: left[r * left_row + t * left_step].
  const std::int8_t* left = nullptr;
  std::ptrdiff_t left_row = 0;
  std::ptrdiff_t left_step = 0;
  /// Into column j, for row n of the stationary operand, or as element n of the stream:
  /// top[n * top_row + j * top_column].
  const std::int8_t* top = nullptr;
  std::ptrdiff_t top_row = 0;
  std::ptrdiff_t top_column = 0;
  ArrayUse use;
};
ArrayOperands array_operands(Dataflow dataflow, const FoldOperands& fold);

/// What a fold costs. Each PE does one of four things in a cycle, so that
/// macs + stationary_shifts + sum_shifts + idle_cycles = R * C * cycles.
struct FoldCounts {
  base::Cycles cycles = 0;
  std::int64_t macs = 0;               ///< PE cycles with two operands of the fold
  std::int64_t stationary_shifts = 0;  ///< PE cycles that write the stationary operand's register
  std::int64_t sum_shifts = 0;         ///< PE cycles that pass a finished sum down
  std::int64_t idle_cycles = 0;        ///< PE cycles with none of these
  std::int64_t left_read = 0;          ///< operands that entered at the left
  std::int64_t top_read = 0;           ///< operands that entered at the top
  std::int64_t outputs = 0;            ///< sums that left at the bottom
};
bool operator==(const FoldCounts& a, const FoldCounts& b);

/// Sums that leave each used column, one after the other: one for each element of the stream, or
/// output stationary one for each row.
std::int64_t outputs_of_column(Dataflow dataflow, const ArrayUse& use);

/// Cycle in which output `index` of `column` leaves: element t, or output stationary row i.
base::Cycles output_cycle(Dataflow dataflow, const ArraySize& size, const ArrayUse& use,
                          std::int64_t index, std::int32_t column);

/// The counts in closed form: what stepping every register adds up to.
FoldCounts fold_counts(Dataflow dataflow, const ArraySize& size, const ArrayUse& use);

}  // namespace milliwatt::systolic
