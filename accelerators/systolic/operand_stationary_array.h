// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "accelerators/systolic/aligned.h"
#include "accelerators/systolic/exact_array.h"

namespace milliwatt::systolic {

/// Weight or input stationary: the operand from the top is written into the PEs, the other one
/// streams past, partial sums move down. Columns are simulated in blocks of 4, 8 or 16 lanes.
class OperandStationaryArray : public ExactArray {
 public:
  explicit OperandStationaryArray(ArraySize size, InstructionSet set = best_instruction_set());

  void begin(const ArrayOperands& fold) override;
  void advance(base::Cycles limit) override;
  bool done() const override { return counts_.outputs == fold_.use.stream * fold_.use.columns; }
  PeRegisters registers(std::int32_t row, std::int32_t column) const override;

 private:
  template <int kLanes>
  friend struct OperandStationaryStep;
  using ColumnMask = std::array<std::uint64_t, kMaxArraySide / 64>;

  void feed_window();
  void feed_row(std::int32_t row);
  void run_window(base::Cycles cycles);
  void count_window(const FoldCounts& before);

  /// Cycles of operands that lie ready in front of the registers.
  static constexpr std::int32_t kWindow = 64;

  ArraySize size_;
  InstructionSet set_;
  std::int32_t lanes_;  ///< columns rounded up to whole blocks
  std::int32_t pitch_;  ///< of a row of streams_: kWindow + lanes_
  std::size_t mask_words_;

  // State of all PEs. A tagged register is one word: the int8 value as 16 bits below a 16-bit tag.
  AlignedVector<std::uint32_t> stationary_;  ///< [row][lane]; tag 1: belongs to the fold
  AlignedVector<std::int32_t> sums_down_;    ///< [row + 1][lane]; row 0 is the zero above the array
  // Registers of the stream as shift registers in memory, [row][pitch_]: the register of lane j is
  // element head_ + j, and a shift to the right moves head_ down by one to the next operand.
  AlignedVector<std::uint32_t> streams_;  ///< tag 1: holds an operand
  std::int32_t head_ = 0;
  AlignedVector<std::int32_t> busy_;  ///< macs by lane of a window

  // Tags that travel with the partial sums: a ring of R column masks; the oldest is at the bottom.
  std::vector<ColumnMask> sum_tags_;
  std::int32_t sum_tag_ = 0;
  ColumnMask top_tags_{};  ///< operand tags of row 0
  ColumnMask used_columns_{};

  std::vector<std::int64_t> next_output_;  ///< by column: index into sums_
};

}  // namespace milliwatt::systolic
