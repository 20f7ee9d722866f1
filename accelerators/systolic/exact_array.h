// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "accelerators/systolic/aligned.h"
#include "accelerators/systolic/fold_core.h"
#include "accelerators/systolic/instruction_set.h"

namespace milliwatt::systolic {

/// A PE's registers between two cycles, for waveforms and tests.
struct PeRegisters {
  std::int8_t weight = 0;
  std::int8_t activation = 0;
  std::int32_t sum = 0;
  bool weight_in_use = false;  ///< the weight belongs to the fold
  bool has_operand = false;    ///< the activation is an operand of the fold
};

/// The array register by register: every PE's weight, activation and partial sum is advanced every
/// cycle, and counters are incremented where something steps. Each register carries a tag (does the
/// activation hold an operand, does the weight belong to the fold) and the tags alone decide what
/// is counted and which bottom registers are outputs; no closed form is used. A fold begins with
/// all tags clear. Columns are simulated in blocks of 8 or 16 lanes.
class ExactArray {
 public:
  explicit ExactArray(ArraySize size, InstructionSet set = best_instruction_set());

  /// Starts a fold. The operands stay in place until it is done.
  void begin(const FoldOperands& fold);
  /// Steps cycles until the last output has left or `limit` cycles have run since begin().
  void advance(base::Cycles limit);
  bool done() const { return counts_.outputs == fold_.pixels * fold_.columns; }

  const FoldCounts& counts() const { return counts_; }
  /// [pixels][columns]: the n-th output of a column is pixel n.
  const std::vector<std::int32_t>& sums() const { return sums_; }
  /// Cycle in which each of sums() left; filled only when recording.
  const std::vector<base::Cycles>& output_cycles() const { return output_cycles_; }
  void record_cycles(bool on) { recording_ = on; }
  /// What the registers hold after counts().cycles cycles.
  PeRegisters registers(std::int32_t row, std::int32_t column) const;

 private:
  template <int kLanes>
  friend struct ArrayStep;
  using ColumnMask = std::array<std::uint64_t, kMaxArraySide / 64>;

  void feed_window();
  void feed_row(std::int32_t row);
  void run_window(base::Cycles cycles);
  void count_window(const FoldCounts& before);

  /// Cycles of operands that lie ready in front of the activation registers.
  static constexpr std::int32_t kWindow = 64;

  ArraySize size_;
  InstructionSet set_;
  bool recording_ = false;
  std::int32_t lanes_;  ///< columns rounded up to whole blocks
  std::int32_t pitch_;  ///< of an activation row: kWindow + lanes_
  std::size_t mask_words_;

  FoldOperands fold_;
  FoldCounts counts_;

  // State of all PEs. A tagged register is one word: the int8 value as 16 bits below a 16-bit tag.
  AlignedVector<std::uint32_t> weights_;   ///< [row][lane]; tag 1: belongs to the fold
  AlignedVector<std::int32_t> sums_down_;  ///< [row + 1][lane]; row 0 is the zero above the array
  // Activation registers as shift registers in memory, [row][pitch_]: the register of lane j is
  // element head_ + j, and a shift to the right moves head_ down by one to the next operand.
  AlignedVector<std::uint32_t> activations_;  ///< tag 1: holds an operand
  std::int32_t head_ = 0;
  AlignedVector<std::int32_t> busy_;  ///< macs by lane of a window

  // Tags that travel with the partial sums: a ring of R column masks; the oldest is at the bottom.
  std::vector<ColumnMask> sum_tags_;
  std::int32_t sum_tag_ = 0;
  ColumnMask top_tags_{};  ///< operand tags of row 0
  ColumnMask used_columns_{};

  std::vector<std::int32_t> sums_;
  std::vector<std::int64_t> next_output_;  ///< by column: index into sums_
  std::vector<base::Cycles> output_cycles_;
};

}  // namespace milliwatt::systolic
