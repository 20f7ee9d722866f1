// SPDX-License-Identifier: Apache-2.0
#include "mcu/kernel_output.h"

#include "workloads/fixed_point.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu {

namespace {

constexpr bool is_wide(int output_bits) { return output_bits > 8; }

std::vector<mw_wide_channel_parameters> read_table(const std::uint8_t* table, std::size_t channels,
                                                   bool wide) {
  std::vector<mw_wide_channel_parameters> rows(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    if (wide) {
      std::memcpy(&rows[c], table + c * sizeof rows[c], sizeof rows[c]);
    } else {
      mw_channel_parameters row;
      std::memcpy(&row, table + c * sizeof row, sizeof row);
      rows[c] = {row.bias, row.multiplier, row.exponent};
    }
  }
  return rows;
}

}  // namespace

void require_output_table(const KernelRecord& record, std::size_t index, std::int64_t channels,
                          int output_bits) {
  const std::size_t row =
      is_wide(output_bits) ? sizeof(mw_wide_channel_parameters) : sizeof(mw_channel_parameters);
  require(record.operands().at(index).bits == 32, "the parameter table has elements of {} bits",
          record.operands().at(index).bits);
  require_operand(record, index, "the parameter table", MW_USE_READ,
                  channels * static_cast<std::int64_t>(row / sizeof(std::int32_t)));
}

OutputStage::OutputStage(const std::uint8_t* table, std::int64_t channels, int output_bits,
                         std::int32_t zero_point, std::int32_t clamp_low, std::int32_t clamp_high)
    : rows_{read_table(table, static_cast<std::size_t>(channels), is_wide(output_bits))},
      wide_{is_wide(output_bits)},
      zero_point_{zero_point},
      low_{clamp_low},
      high_{clamp_high} {
  for (std::size_t channel = 0; channel < rows_.size(); ++channel) {
    const mw_wide_channel_parameters& row = rows_[channel];
    require(row.multiplier >= 0 && row.exponent >= kLowestExponent &&
                row.exponent <= highest_exponent(wide_),
            "channel {} is requantized by {} * 2^{}", channel, row.multiplier, row.exponent);
  }
}

}  // namespace milliwatt::mcu
