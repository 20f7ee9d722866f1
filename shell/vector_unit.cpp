// SPDX-License-Identifier: Apache-2.0
#include "shell/vector_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "shell/elements.h"
#include "workloads/packing.h"
#include "workloads/quantization.h"

namespace milliwatt::shell {
namespace {

using dataflows::AddJob;
using dataflows::PoolJob;
using workloads::Multiplier;
using workloads::packed_bytes;
using workloads::requantize;

/// One operand of an addition, scaled to the common scale, for every int8.
using OperandTable = std::array<std::int32_t, 256>;

OperandTable scaled_operand(std::int32_t zero_point, std::int32_t left_shift, Multiplier scale) {
  OperandTable table;
  for (int i = 0; i < 256; ++i) {
    const std::int64_t shifted =
        (std::int64_t{static_cast<std::int8_t>(i)} - zero_point) * (std::int64_t{1} << left_shift);
    table[static_cast<std::size_t>(i)] = requantize(static_cast<std::int32_t>(shifted), scale);
  }
  return table;
}

void check_scales(const AddJob& job) {
  const auto fits = [](std::int32_t exponent) { return exponent >= -31 && exponent <= 30; };
  if (job.left_shift < 0 || job.left_shift > 20 || !fits(job.exponent_a) || !fits(job.exponent_b) ||
      !fits(job.exponent)) {
    throw base::SimulationError(
        fmt::format("an addition has left shift {} (0 .. 20) and exponents {}, {}, {} (-31 .. 30)",
                    job.left_shift, job.exponent_a, job.exponent_b, job.exponent));
  }
}

void check_bits(std::initializer_list<std::int32_t> all) {
  for (const std::int32_t bits : all) {
    if (bits < 2 || bits > 8) {
      throw base::SimulationError(
          fmt::format("a vector job has elements of {} bits, allowed are 2 .. 8", bits));
    }
  }
}

void require_room(const LocalMemory& memory, dataflows::SlotId slot, std::int64_t needed,
                  const char* what) {
  if (needed > static_cast<std::int64_t>(memory.slot_bytes(slot))) {
    throw base::SimulationError(fmt::format("{} needs {} bytes of slot {}, it has {}", what, needed,
                                            slot, memory.slot_bytes(slot)));
  }
}

/// Positions [first, last) of the image that one window covers along one axis.
struct Span {
  std::int32_t first = 0;
  std::int32_t last = 0;

  std::int32_t size() const { return std::max(0, last - first); }
};

Span window(std::int32_t index, std::int32_t stride, std::int32_t pad, std::int32_t kernel,
            std::int32_t size) {
  const std::int32_t begin = index * stride - pad;
  return {std::max(0, begin), std::min(size, begin + kernel)};
}

/// Rounds half away from zero.
std::int32_t rounded_mean(std::int32_t sum, std::int32_t count) {
  const std::int32_t half = count / 2;
  return (sum > 0 ? sum + half : sum - half) / count;
}

/// Pools one window of one channel; `at` points to the channel in the slot's first row.
class WindowPool {
 public:
  WindowPool(const PoolJob& job, const std::int8_t* input) : job_{job}, input_{input} {}

  std::int32_t pool(const Span& y, const Span& x, std::int32_t channel) const {
    std::int32_t sum = 0;
    std::int32_t greatest = std::numeric_limits<std::int8_t>::min();
    for (std::int32_t row = y.first; row < y.last; ++row) {
      const std::int8_t* tap = input_ + offset(row - job_.input_y, x.first) + channel;
      for (std::int32_t column = x.first; column < x.last; ++column, tap += job_.channels) {
        sum += *tap;
        greatest = std::max<std::int32_t>(greatest, *tap);
      }
    }
    return job_.average ? rounded_mean(sum, y.size() * x.size()) : greatest;
  }

 private:
  std::ptrdiff_t offset(std::int32_t row, std::int32_t column) const {
    return (std::ptrdiff_t{row} * job_.input_w + column) * job_.channels;
  }

  const PoolJob& job_;
  const std::int8_t* input_;
};

std::int64_t outputs_of(const PoolJob& job) {
  return std::int64_t{job.output_rows} * job.output_w * job.channels;
}

/// Elements of the rows that the job's windows look at. The slot must hold them all.
std::int64_t check_pool(const PoolJob& job, const LocalMemory& memory) {
  check_bits({job.bits_input, job.bits_output});
  require_room(memory, job.output, packed_bytes(outputs_of(job), job.bits_output),
               "a pool's output");
  std::int32_t last = job.input_y;
  for (std::int32_t y = job.output_y; y < job.output_y + job.output_rows; ++y) {
    const Span rows = window(y, job.stride_h, job.pad_top, job.kernel_h, job.input_h);
    last = std::max(last, rows.last);
    if (rows.size() > 0 && rows.first < job.input_y) {
      throw base::SimulationError(
          fmt::format("a pool reads row {}, its slot begins at {}", rows.first, job.input_y));
    }
  }
  const std::int64_t inputs = (std::int64_t{last} - job.input_y) * job.input_w * job.channels;
  require_room(memory, job.input, packed_bytes(inputs, job.bits_input), "a pool's input");
  return inputs;
}

std::int8_t clamped(std::int32_t x, std::int32_t low, std::int32_t high) {
  return static_cast<std::int8_t>(std::clamp(x, low, high));
}

/// Results on their way to a slot: in place if they have 8 bits, else packed at the end.
class Results {
 public:
  Results(std::uint8_t* slot, std::int64_t count, int bits)
      : slot_{slot}, bits_{bits}, narrow_(bits == 8 ? 0 : static_cast<std::size_t>(count)) {}

  std::int8_t* begin() {
    return bits_ == 8 ? reinterpret_cast<std::int8_t*>(slot_) : narrow_.data();
  }
  void pack() {
    if (bits_ != 8) {
      pack_elements(narrow_.data(), static_cast<std::int64_t>(narrow_.size()), bits_, slot_);
    }
  }

 private:
  std::uint8_t* slot_;
  int bits_;
  std::vector<std::int8_t> narrow_;
};

void add(const AddJob& job, LocalMemory& memory) {
  check_scales(job);
  check_bits({job.bits_a, job.bits_b, job.bits_output});
  for (const auto& [slot, bits] : {std::pair{job.a, job.bits_a}, std::pair{job.b, job.bits_b},
                                   std::pair{job.output, job.bits_output}}) {
    require_room(memory, slot, packed_bytes(job.elements, bits), "an addition");
  }
  const OperandTable scaled_a =
      scaled_operand(job.zero_point_a, job.left_shift, {job.multiplier_a, job.exponent_a});
  const OperandTable scaled_b =
      scaled_operand(job.zero_point_b, job.left_shift, {job.multiplier_b, job.exponent_b});
  const Multiplier scale{job.multiplier, job.exponent};
  std::vector<std::int8_t> room_a, room_b;
  const std::int8_t* a = unpacked(memory.slot(job.a), job.elements, job.bits_a, room_a);
  const std::int8_t* b = unpacked(memory.slot(job.b), job.elements, job.bits_b, room_b);
  Results results{memory.slot(job.output), job.elements, job.bits_output};
  std::int8_t* output = results.begin();
  for (std::int32_t i = 0; i < job.elements; ++i) {
    const std::int32_t sum =
        scaled_a[static_cast<std::uint8_t>(a[i])] + scaled_b[static_cast<std::uint8_t>(b[i])];
    output[i] = clamped(requantize(sum, scale) + job.zero_point, job.clamp_low, job.clamp_high);
  }
  results.pack();
}

void pool(const PoolJob& job, LocalMemory& memory) {
  const std::int64_t inputs = check_pool(job, memory);
  std::vector<std::int8_t> room;
  const WindowPool window_pool(job, unpacked(memory.slot(job.input), inputs, job.bits_input, room));
  Results results{memory.slot(job.output), outputs_of(job), job.bits_output};
  std::int8_t* output = results.begin();
  for (std::int32_t y = job.output_y; y < job.output_y + job.output_rows; ++y) {
    const Span rows = window(y, job.stride_h, job.pad_top, job.kernel_h, job.input_h);
    for (std::int32_t x = 0; x < job.output_w; ++x) {
      const Span columns = window(x, job.stride_w, job.pad_left, job.kernel_w, job.input_w);
      if (rows.size() * columns.size() == 0 && job.average) {
        throw base::SimulationError(fmt::format("the average of output ({}, {}) has no tap", y, x));
      }
      for (std::int32_t c = 0; c < job.channels; ++c) {
        *output++ = clamped(window_pool.pool(rows, columns, c), job.clamp_low, job.clamp_high);
      }
    }
  }
  results.pack();
}

}  // namespace

void run_vector_job(const dataflows::VectorJob& job, LocalMemory& memory) {
  if (const auto* addition = std::get_if<AddJob>(&job)) {
    add(*addition, memory);
  } else {
    pool(std::get<PoolJob>(job), memory);
  }
}

}  // namespace milliwatt::shell
