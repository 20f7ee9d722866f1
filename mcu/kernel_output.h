// SPDX-License-Identifier: Apache-2.0
// What follows the accumulators of kernels with weights: bias, requantization and clamp by a table
// in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "abi/kernel_weighted.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_record.h"
#include "mcu/kernel_sums.h"

namespace milliwatt::mcu {

/// Operand `index` is a table with a row per channel for outputs of `output_bits`.
void require_output_table(const KernelRecord& record, std::size_t index, std::int64_t channels,
                          int output_bits);

/// Accumulators of outputs of 16 bits have 64 bits and are requantized by requantize_wide(), all
/// others have 32.
class OutputStage {
 public:
  /// Throws SimulationError when a row has a factor that is out of range.
  OutputStage(const std::uint8_t* table, std::int64_t channels, int output_bits,
              std::int32_t zero_point, std::int32_t clamp_low, std::int32_t clamp_high);

  /// Stored output of a channel whose products add up to `sum`. Throws SimulationError when the
  /// accumulator leaves its bits.
  std::int32_t finish(std::int64_t sum, std::int64_t channel) const {
    const mw_wide_channel_parameters& row = rows_[static_cast<std::size_t>(channel)];
    const std::int64_t total = add_bias(sum, row.bias, channel);
    const std::int64_t scaled = scale_sum(total, {row.multiplier, row.exponent}, wide_, channel);
    return static_cast<std::int32_t>(std::clamp(scaled + zero_point_, low_, high_));
  }

 private:
  std::vector<mw_wide_channel_parameters> rows_;
  bool wide_;
  std::int64_t zero_point_;
  std::int64_t low_;
  std::int64_t high_;
};

}  // namespace milliwatt::mcu
