// SPDX-License-Identifier: Apache-2.0
#include "shell/output_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
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

/// One channel of all pixels: the table's row stays in registers.
void requantize_channel(const OutputJob& job, const ChannelParameters& channel,
                        const std::uint8_t* sums, std::uint8_t* output) {
  const workloads::Multiplier multiplier{channel.multiplier, channel.exponent};
  const std::size_t pitch = kSumBytes * static_cast<std::size_t>(job.channels);
  for (std::int32_t pixel = 0; pixel < job.pixels; ++pixel) {
    const std::int32_t sum = wrapping_add(load_sum(sums), channel.bias);
    const std::int32_t y = wrapping_add(workloads::requantize(sum, multiplier), job.zero_point);
    *output = static_cast<std::uint8_t>(std::clamp(y, job.clamp_low, job.clamp_high));
    sums += pitch;
    output += job.output_pitch;
  }
}

std::uint64_t output_end(const OutputJob& job) {
  const auto pixels = static_cast<std::uint64_t>(job.pixels);
  return job.output_offset + (pixels - 1) * job.output_pitch +
         static_cast<std::uint64_t>(job.channels);
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
  const std::uint64_t sums =
      static_cast<std::uint64_t>(job.pixels) * static_cast<std::uint64_t>(job.channels);
  const std::uint64_t table = static_cast<std::uint64_t>(job.channels) * sizeof(ChannelParameters);
  require_room(memory, job.sums, sums * kSumBytes, "sums");
  require_room(memory, job.parameters, job.parameter_offset + table, "parameters");
  require_room(memory, job.output, output_end(job), "outputs");
  const std::uint8_t* parameters = memory.slot(job.parameters) + job.parameter_offset;
  for (std::int32_t c = 0; c < job.channels; ++c) {
    ChannelParameters channel;
    std::memcpy(&channel, parameters + static_cast<std::size_t>(c) * sizeof channel,
                sizeof channel);
    check_exponent(channel.exponent, c);
    requantize_channel(job, channel,
                       memory.slot(job.sums) + kSumBytes * static_cast<std::size_t>(c),
                       memory.slot(job.output) + job.output_offset + c);
  }
}

}  // namespace milliwatt::shell
