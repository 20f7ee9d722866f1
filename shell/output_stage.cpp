// SPDX-License-Identifier: Apache-2.0
#include "shell/output_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "shell/elements.h"
#include "workloads/packing.h"
#include "workloads/quantization.h"

namespace milliwatt::shell {
namespace {

using dataflows::ChannelParameters;
using dataflows::OutputJob;

constexpr std::uint32_t kSumBytes = 4;

std::int32_t load_sum(const std::uint8_t* bytes) {
  std::int32_t sum;
  std::memcpy(&sum, bytes, kSumBytes);
  return sum;
}

/// Hardware adders wrap; so does this one.
std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// The multiplier's shift must be one that 32 bits can do.
void check_exponent(std::int32_t exponent, std::int32_t channel) {
  if (exponent < -31 || exponent > 30) {
    throw base::SimulationError(fmt::format(
        "output job: channel {} has exponent {}, allowed are -31 .. 30", channel, exponent));
  }
}

/// One channel of all pixels, the table's row in registers: `write(output number, value)`.
template <typename Write>
void requantize_channel(const OutputJob& job, const ChannelParameters& channel,
                        const std::uint8_t* sums, std::int64_t output, const Write& write) {
  const workloads::Multiplier multiplier{channel.multiplier, channel.exponent};
  const std::size_t pitch = kSumBytes * static_cast<std::size_t>(job.channels);
  for (std::int32_t pixel = 0; pixel < job.pixels; ++pixel) {
    const std::int32_t sum = wrapping_add(load_sum(sums), channel.bias);
    const std::int32_t y = wrapping_add(workloads::requantize(sum, multiplier), job.zero_point);
    write(output, std::clamp(y, job.clamp_low, job.clamp_high));
    sums += pitch;
    output += job.output_pitch;
  }
}

/// Outputs from the start of the slot to the end of pixel `pixel`'s part.
std::int64_t outputs_to_end(const OutputJob& job, std::int64_t pixel) {
  return job.output_offset + pixel * job.output_pitch + job.channels;
}

std::uint64_t output_end(const OutputJob& job) {
  return static_cast<std::uint64_t>(
      workloads::packed_bytes(outputs_to_end(job, job.pixels - 1), job.bits));
}

/// Pixels must not share a byte.
void check_bits(const OutputJob& job) {
  if (job.bits < 2 || job.bits > 8 ||
      (job.pixels > 1 && std::int64_t{job.output_pitch} * job.bits % 8 != 0)) {
    throw base::SimulationError(
        fmt::format("output job: pixels of {} outputs of {} bits: allowed are 2 .. 8 bits in whole "
                    "bytes",
                    job.output_pitch, job.bits));
  }
}

template <typename Write>
void requantize_all(const OutputJob& job, LocalMemory& memory, const Write& write) {
  const std::uint8_t* parameters = memory.slot(job.parameters) + job.parameter_offset;
  for (std::int32_t c = 0; c < job.channels; ++c) {
    ChannelParameters channel;
    std::memcpy(&channel, parameters + static_cast<std::size_t>(c) * sizeof channel,
                sizeof channel);
    check_exponent(channel.exponent, c);
    requantize_channel(job, channel,
                       memory.slot(job.sums) + kSumBytes * static_cast<std::size_t>(c),
                       std::int64_t{job.output_offset} + c, write);
  }
}

void require_room(const LocalMemory& memory, dataflows::SlotId slot, std::uint64_t needed,
                  const char* what) {
  if (needed > memory.slot_bytes(slot)) {
    throw base::SimulationError(fmt::format("output job: {} need {} bytes of slot {}, it has {}",
                                            what, needed, slot, memory.slot_bytes(slot)));
  }
}

}  // namespace

void run_output_job(const OutputJob& job, LocalMemory& memory) {
  if (job.pixels < 1 || job.channels < 1) {
    return;
  }
  check_bits(job);
  const std::uint64_t sums =
      static_cast<std::uint64_t>(job.pixels) * static_cast<std::uint64_t>(job.channels);
  const std::uint64_t table = static_cast<std::uint64_t>(job.channels) * sizeof(ChannelParameters);
  require_room(memory, job.sums, sums * kSumBytes, "sums");
  require_room(memory, job.parameters, job.parameter_offset + table, "parameters");
  require_room(memory, job.output, output_end(job), "outputs");
  std::uint8_t* output = memory.slot(job.output);
  if (job.bits == 8) {
    requantize_all(job, memory, [output](std::int64_t i, std::int32_t y) {
      output[i] = static_cast<std::uint8_t>(y);
    });
    return;
  }
  requantize_all(job, memory, [output, bits = job.bits](std::int64_t i, std::int32_t y) {
    workloads::store_element(output, i, bits, y);
  });
  for (std::int32_t pixel = 0; pixel < job.pixels; ++pixel) {
    clear_rest(output, outputs_to_end(job, pixel) * job.bits);
  }
}

}  // namespace milliwatt::shell
