// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "accelerators/systolic/exact_array.h"
#include "accelerators/systolic/matrix_product.h"
#include "accelerators/systolic/systolic_config.h"
#include "shell/machine.h"

namespace milliwatt::systolic {

/// A systolic array with its address generator and its accumulators: runs the folds of a command,
/// one after the other and nothing overlapping. kValues computes a fold's sums by a matrix product
/// and its time and counts in closed form; kExact steps every PE register.
///
/// A fold reads of the input buffer the bits of every activation that enters the array (padding
/// included: the zero point replaces what was read), of the weight buffer those of every weight,
/// and per sum writes the accumulator buffer, after a read when it accumulates. Operands of less
/// than 8 bits are packed in the buffers and extended to 8 on their way. Left out: the skew
/// registers at the edges and bank conflicts (each row and column has a bank of its own).
class SystolicMachine : public shell::Machine {
 public:
  SystolicMachine(std::string engine, const SystolicConfig& config, shell::Detail detail,
                  InstructionSet set = best_instruction_set());

  const dataflows::EngineShape& shape() const override { return shape_; }
  dataflows::Command decode(const std::vector<std::uint8_t>& descriptor,
                            const shell::RegionBases& bases) override;
  void begin(const dataflows::Step& step, std::int16_t layer, shell::LocalMemory& memory,
             shell::EngineCounters& counters) override;
  shell::Progress advance(dataflows::UnitId unit, base::Cycles limit) override;
  void predict(const dataflows::Step& step, std::int16_t layer, shell::EngineCounters& low,
               shell::EngineCounters& high) const override;
  std::vector<base::Counters> parts() const override;
  void attach(shell::OutputProbe* probe) override;

 private:
  const dataflows::Fold& fold_of(const dataflows::Step& step) const;
  void gather(const dataflows::Fold& fold, shell::LocalMemory& memory);
  const std::int8_t* gather_weights(const std::uint8_t* slot, std::int64_t first,
                                    std::int64_t count);
  bool run(base::Cycles limit);
  void finish();
  void count(const FoldCounts& counts, bool accumulate, std::int16_t layer,
             shell::EngineCounters& counters) const;
  void take_exact_sums();
  std::int64_t sum_index(std::int64_t output, std::int32_t column) const;
  void report_outputs() const;
  void accumulate();
  [[noreturn]] void fail_overflow() const;
  std::int64_t accumulated(std::int64_t index) const;
  bool fits(std::int64_t sum) const;

  std::string engine_;
  SystolicConfig config_;
  shell::Detail detail_;
  dataflows::EngineShape shape_;
  dataflows::SystolicCommand command_;
  std::vector<dataflows::Fold> folds_;
  std::unique_ptr<ExactArray> exact_;
  MatrixProduct product_;
  shell::OutputProbe* probe_ = nullptr;

  // The running fold.
  bool running_ = false;
  std::uint32_t job_ = 0;
  std::int16_t layer_ = 0;
  shell::LocalMemory* memory_ = nullptr;
  shell::EngineCounters* counters_ = nullptr;
  std::vector<std::int8_t> streams_;
  std::vector<std::int8_t> weights_;  ///< unpacked, of less than 8 bits
  FoldOperands operands_;
  FoldCounts counts_;
  ArrayUse use_;
  std::vector<std::int32_t> sums_;  ///< [pixels][filters]
  std::vector<std::int32_t> old_;   ///< what they are added to; empty when they replace
};

}  // namespace milliwatt::systolic
