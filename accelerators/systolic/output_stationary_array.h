// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "accelerators/systolic/aligned.h"
#include "accelerators/systolic/exact_array.h"

namespace milliwatt::systolic {

/// Output stationary: both operands move, the sums stay until the fold's last operands have passed
/// the bottom row of their column; then they move down. Each sum carries the number of products
/// that it has, so that a sum without any is none of the fold's. Columns are simulated in blocks of
/// 4, 8 or 16 lanes.
class OutputStationaryArray : public ExactArray {
 public:
  explicit OutputStationaryArray(ArraySize size, InstructionSet set = best_instruction_set());

  void begin(const ArrayOperands& fold) override;
  void advance(base::Cycles limit) override;
  bool done() const override {
    return counts_.outputs == std::int64_t{fold_.use.rows} * fold_.use.columns;
  }
  PeRegisters registers(std::int32_t row, std::int32_t column) const override;

 private:
  template <int kLanes>
  friend struct OutputStationaryStep;

  void feed_window();
  void feed_left(std::int32_t row);
  void feed_top();
  void move_control();
  void take_outputs();
  bool draining() const { return first_draining_ < next_draining_; }

  /// Cycles of operands that lie ready in front of the registers.
  static constexpr std::int32_t kWindow = 64;

  ArraySize size_;
  InstructionSet set_;
  std::int32_t lanes_;  ///< columns rounded up to whole blocks
  std::int32_t pitch_;  ///< of a row of left_: kWindow + lanes_

  // Operand registers as shift registers in memory: a shift moves head_ down by one, to the next
  // operands. Tagged (lanes.h).
  AlignedVector<std::uint32_t> left_;  ///< [row][pitch_]; the register of lane j is head_ + j
  AlignedVector<std::uint32_t> top_;   ///< [kWindow + row][lane]; row r's register is head_ + r
  std::int32_t head_ = 0;
  AlignedVector<std::int32_t> accumulators_;  ///< [row][lane]
  AlignedVector<std::int32_t> products_;      ///< [row][lane]: in the sum beside it

  // The mark of the last operand moves with it: down column 0, then from column to column. A column
  // begins to drain one cycle after the mark has left its bottom PE, and drains for R cycles.
  std::int32_t mark_row_ = -1;      ///< in column 0; -1 before it enters
  std::int32_t next_draining_ = 0;  ///< columns [first, next) drain
  std::int32_t first_draining_ = 0;
  std::vector<std::int32_t> to_drain_;  ///< by column: rows that have not left
  AlignedVector<std::int32_t> drains_;  ///< by lane: all ones while its column drains
};

}  // namespace milliwatt::systolic
