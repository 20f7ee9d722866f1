// SPDX-License-Identifier: Apache-2.0
// Work of the two units that every engine shares: the output stage and the vector unit. A step of
// such a unit names its job by index.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// One channel's row of a requantization table as it lies in memory (abi/descriptor.h).
struct ChannelParameters {
  std::int32_t bias = 0;
  std::int32_t multiplier = 0;
  std::int32_t exponent = 0;
};

/// y = clamp(requantize(sum + bias[channel], multiplier[channel]) + zero_point), from a slot of
/// int32 sums [pixels][channels] to a slot of outputs of `bits` [pixels][output_pitch], packed,
/// from output `output_offset` of each pixel on. Bits behind a pixel's last output in its byte
/// become 0.
struct OutputJob {
  SlotId sums = 0;
  SlotId parameters = 0;  ///< ChannelParameters[channels] at parameter_offset bytes
  SlotId output = 0;
  std::uint32_t parameter_offset = 0;
  std::uint32_t output_offset = 0;  ///< outputs
  std::uint32_t output_pitch = 0;   ///< outputs; their bits are whole bytes unless pixels is 1
  std::int32_t bits = 8;            ///< of an output
  std::int32_t pixels = 0;
  std::int32_t channels = 0;
  std::int32_t zero_point = 0;
  std::int32_t clamp_low = -128;
  std::int32_t clamp_high = 127;
};

/// Element-wise addition (workloads/quantization.h has the arithmetic) of packed elements. Bits
/// behind the last sum in its byte become 0.
struct AddJob {
  SlotId a = 0;
  SlotId b = 0;
  SlotId output = 0;
  std::int32_t elements = 0;
  std::int32_t bits_a = 8;
  std::int32_t bits_b = 8;
  std::int32_t bits_output = 8;
  std::int32_t left_shift = 0;
  std::int32_t zero_point_a = 0;
  std::int32_t zero_point_b = 0;
  std::int32_t zero_point = 0;
  std::int32_t multiplier_a = 0;
  std::int32_t exponent_a = 0;
  std::int32_t multiplier_b = 0;
  std::int32_t exponent_b = 0;
  std::int32_t multiplier = 0;
  std::int32_t exponent = 0;
  std::int32_t clamp_low = -128;
  std::int32_t clamp_high = 127;
};

/// Average or max pooling of some output rows; the input slot holds the rows [input_y, input_y +
/// input_rows) of the ifmap, full width, all channels, packed.
struct PoolJob {
  SlotId input = 0;
  SlotId output = 0;
  std::int32_t bits_input = 8;
  std::int32_t bits_output = 8;
  bool average = false;
  std::int32_t channels = 0;
  std::int32_t input_h = 0;  ///< of the whole image; taps outside are skipped
  std::int32_t input_w = 0;
  std::int32_t input_y = 0;
  std::int32_t output_y = 0;
  std::int32_t output_rows = 0;
  std::int32_t output_w = 0;
  std::int32_t kernel_h = 1;
  std::int32_t kernel_w = 1;
  std::int32_t stride_h = 1;
  std::int32_t stride_w = 1;
  std::int32_t pad_top = 0;
  std::int32_t pad_left = 0;
  std::int32_t clamp_low = -128;
  std::int32_t clamp_high = 127;
};

using VectorJob = std::variant<AddJob, PoolJob>;

/// What a descriptor makes an engine do. The jobs of the machine itself stay with the machine.
struct Command {
  Schedule schedule;
  std::vector<OutputJob> output_jobs;
  std::vector<VectorJob> vector_jobs;
};

/// ceil(work / lanes) + latency, where work is the sums, elements or taps of the job.
std::int64_t output_cycles(const SharedUnits& units, const OutputJob& job);
std::int64_t vector_cycles(const SharedUnits& units, const VectorJob& job);
/// Window taps inside the image, over all outputs and channels of the job.
std::int64_t pool_taps(const PoolJob& job);

}  // namespace milliwatt::dataflows
