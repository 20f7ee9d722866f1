// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "accelerators/systolic/fold_core.h"
#include "accelerators/systolic/instruction_set.h"

namespace milliwatt::systolic {

/// A PE's registers between two cycles, for waveforms and tests.
struct PeRegisters {
  std::int8_t top = 0;   ///< of the operand that came from the top: stationary, or moving down
  std::int8_t left = 0;  ///< of the operand that moves right
  std::int32_t sum = 0;
  bool has_top = false;  ///< the register holds an operand of the fold
  bool has_left = false;
};

/// The array register by register: every PE is advanced every cycle, and counters are incremented
/// where something steps. Registers carry tags (is this an operand of the fold) and the tags alone
/// decide what is counted and which bottom registers are outputs; no closed form is used. A fold
/// begins with all tags clear.
class ExactArray {
 public:
  virtual ~ExactArray() = default;

  /// Starts a fold. The operands stay in place until it is done.
  virtual void begin(const ArrayOperands& fold) = 0;
  /// Steps cycles until the last output has left or `limit` cycles have run since begin().
  virtual void advance(base::Cycles limit) = 0;
  virtual bool done() const = 0;

  /// Of the whole fold, once it is done.
  const FoldCounts& counts() const { return counts_; }
  /// [output of a column][column], as output_cycle() names them.
  const std::vector<std::int32_t>& sums() const { return sums_; }
  /// Cycle in which each of sums() left; filled only when recording.
  const std::vector<base::Cycles>& output_cycles() const { return output_cycles_; }
  void record_cycles(bool on) { recording_ = on; }
  /// What the registers hold after counts().cycles cycles.
  virtual PeRegisters registers(std::int32_t row, std::int32_t column) const = 0;

 protected:
  /// Forgets the fold before; `outputs` sums will leave.
  void restart(const ArrayOperands& fold, std::int64_t outputs) {
    fold_ = fold;
    counts_ = {};
    sums_.resize(static_cast<std::size_t>(outputs));
    output_cycles_.resize(recording_ ? sums_.size() : 0);
  }

  bool recording_ = false;
  ArrayOperands fold_;
  FoldCounts counts_;
  std::vector<std::int32_t> sums_;
  std::vector<base::Cycles> output_cycles_;
};

std::unique_ptr<ExactArray> exact_array(Dataflow dataflow, ArraySize size,
                                        InstructionSet set = best_instruction_set());

}  // namespace milliwatt::systolic
