// SPDX-License-Identifier: Apache-2.0
#include "dataflows/schedule_testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "workloads/packing.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows::testing {
namespace {

using workloads::requantize;

constexpr std::uint64_t kFirstAddress = 0x1003;
constexpr std::uint64_t kGap = 4096;

template <typename... Arguments>
void require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  if (!good) {
    throw std::logic_error(fmt::format(text, std::forward<Arguments>(arguments)...));
  }
}

template <typename T>
T load(const std::uint8_t* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof value, sizeof value);
  return value;
}

std::int32_t clamped(std::int64_t value, std::int32_t low, std::int32_t high) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, low, high));
}

/// A slot that must hold `elements` of `bits`.
std::uint8_t* packed_slot(FakeBuffers& buffers, SlotId id, std::size_t elements, int bits) {
  const std::int64_t bytes = workloads::packed_bytes(static_cast<std::int64_t>(elements), bits);
  return buffers.slot(id, static_cast<std::uint64_t>(bytes));
}

/// The bits behind the first `elements` in their last byte become 0.
void clear_rest(std::uint8_t* bytes, std::size_t elements, int bits) {
  for (std::size_t bit = elements * static_cast<std::size_t>(bits); bit % 8 != 0; ++bit) {
    bytes[bit / 8] &= static_cast<std::uint8_t>(~(1 << bit % 8));
  }
}

void run_output(const OutputJob& job, const Step& step, FakeBuffers& buffers) {
  require_read(step, job.sums);
  require_read(step, job.parameters);
  require_written(step, job.output);
  const auto pixels = static_cast<std::size_t>(job.pixels);
  const auto channels = static_cast<std::size_t>(job.channels);
  const std::uint8_t* sums = buffers.slot(job.sums, pixels * channels * 4);
  const std::uint8_t* table = buffers.slot(job.parameters, job.parameter_offset + channels * 12);
  const auto end = [&](std::size_t pixel) {
    return job.output_offset + pixel * job.output_pitch + channels;
  };
  std::uint8_t* output = packed_slot(buffers, job.output, end(pixels - 1), job.bits);
  for (std::size_t i = 0; i < pixels * channels; ++i) {
    const auto row = load<ChannelParameters>(table + job.parameter_offset, i % channels);
    const std::int32_t sum = load<std::int32_t>(sums, i) + row.bias;
    workloads::store_element(
        output, static_cast<std::int64_t>(end(i / channels) - channels + i % channels), job.bits,
        clamped(std::int64_t{requantize(sum, {row.multiplier, row.exponent})} + job.zero_point,
                job.clamp_low, job.clamp_high));
  }
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    clear_rest(output, end(pixel), job.bits);
  }
}

void run_add(const AddJob& job, const Step& step, FakeBuffers& buffers) {
  require_read(step, job.a);
  require_read(step, job.b);
  require_written(step, job.output);
  const auto elements = static_cast<std::size_t>(job.elements);
  const std::uint8_t* a = packed_slot(buffers, job.a, elements, job.bits_a);
  const std::uint8_t* b = packed_slot(buffers, job.b, elements, job.bits_b);
  std::uint8_t* output = packed_slot(buffers, job.output, elements, job.bits_output);
  const auto scaled = [&](std::int32_t x, std::int32_t zero, std::int32_t m, std::int32_t e) {
    return requantize((x - zero) * (1 << job.left_shift), {m, e});
  };
  for (std::int64_t i = 0; i < job.elements; ++i) {
    const std::int32_t sum = scaled(workloads::load_element(a, i, job.bits_a), job.zero_point_a,
                                    job.multiplier_a, job.exponent_a) +
                             scaled(workloads::load_element(b, i, job.bits_b), job.zero_point_b,
                                    job.multiplier_b, job.exponent_b);
    workloads::store_element(
        output, i, job.bits_output,
        clamped(requantize(sum, {job.multiplier, job.exponent}) + job.zero_point, job.clamp_low,
                job.clamp_high));
  }
  clear_rest(output, elements, job.bits_output);
}

/// One output of a pool; `rows` are the ifmap's rows from input_y on.
std::int64_t pooled(const PoolJob& job, FakeBuffers& buffers, std::int64_t y, std::int64_t x,
                    std::int64_t channel) {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::int64_t greatest = -128;
  for (std::int64_t tap = 0; tap < job.kernel_h * job.kernel_w; ++tap) {
    const std::int64_t iy = y * job.stride_h - job.pad_top + tap / job.kernel_w;
    const std::int64_t ix = x * job.stride_w - job.pad_left + tap % job.kernel_w;
    if (iy < 0 || iy >= job.input_h || ix < 0 || ix >= job.input_w) {
      continue;
    }
    require(iy >= job.input_y, "a pool looks at row {}, its slot begins at {}", iy, job.input_y);
    const std::int64_t at = ((iy - job.input_y) * job.input_w + ix) * job.channels + channel;
    const std::int64_t value = workloads::load_element(
        packed_slot(buffers, job.input, static_cast<std::size_t>(at + 1), job.bits_input), at,
        job.bits_input);
    greatest = std::max(greatest, value);
    sum += value;
    ++count;
  }
  if (!job.average) {
    return greatest;
  }
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void run_pool(const PoolJob& job, const Step& step, FakeBuffers& buffers) {
  require_read(step, job.input);
  require_written(step, job.output);
  const std::int64_t outputs = std::int64_t{job.output_rows} * job.output_w * job.channels;
  std::uint8_t* output =
      packed_slot(buffers, job.output, static_cast<std::size_t>(outputs), job.bits_output);
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t channel = i % job.channels;
    const std::int64_t x = i / job.channels % job.output_w;
    const std::int64_t y = job.output_y + i / job.channels / job.output_w;
    workloads::store_element(
        output, i, job.bits_output,
        clamped(pooled(job, buffers, y, x, channel), job.clamp_low, job.clamp_high));
  }
  clear_rest(output, static_cast<std::size_t>(outputs), job.bits_output);
}

void move(const Transfer& t, const Step& step, FakeBuffers& buffers, FakeMemory& memory) {
  const bool loads = step.kind == StepKind::kLoad;
  std::uint8_t* local = buffers.slot(loads ? step.writes[0] : step.reads[0], t.bytes());
  for (std::uint32_t plane = 0; plane < t.planes; ++plane) {
    for (std::uint32_t row = 0; row < t.rows; ++row, local += t.row_bytes) {
      const std::uint64_t address =
          t.address + std::uint64_t{plane} * t.plane_stride + std::uint64_t{row} * t.row_stride;
      if (loads) {
        memory.read(address, local, t.row_bytes);
      } else {
        memory.write(address, local, t.row_bytes);
      }
    }
  }
}

}  // namespace

std::uint64_t FakeMemory::add(std::string name, Bytes bytes) {
  const std::uint64_t address =
      areas_.empty() ? kFirstAddress : areas_.back().address + areas_.back().bytes.size() + kGap;
  areas_.push_back({std::move(name), address, std::move(bytes), {}});
  return address;
}

std::uint64_t FakeMemory::add_output(std::size_t bytes) {
  const std::uint64_t address = add("output", Bytes(bytes));
  areas_.back().writes.assign(bytes, 0);
  return address;
}

std::size_t FakeMemory::find(std::uint64_t address, std::size_t bytes) const {
  for (std::size_t i = 0; i < areas_.size(); ++i) {
    const Area& area = areas_[i];
    if (address >= area.address && address + bytes <= area.address + area.bytes.size()) {
      return i;
    }
  }
  throw std::logic_error(fmt::format("{} bytes at {:#x} lie in no tensor", bytes, address));
}

void FakeMemory::read(std::uint64_t address, std::uint8_t* to, std::size_t bytes) const {
  const Area& area = areas_[find(address, bytes)];
  require(area.writes.empty(), "a load reads the output");
  std::memcpy(to, area.bytes.data() + (address - area.address), bytes);
}

void FakeMemory::write(std::uint64_t address, const std::uint8_t* from, std::size_t bytes) {
  Area& area = areas_[find(address, bytes)];
  require(!area.writes.empty(), "a store writes to {}", area.name);
  for (std::size_t i = 0; i < bytes; ++i) {
    area.bytes[address - area.address + i] = from[i];
    ++area.writes[address - area.address + i];
  }
}

const Bytes& FakeMemory::output() const {
  const Area& area = areas_.back();
  for (std::size_t i = 0; i < area.writes.size(); ++i) {
    require(area.writes[i] == 1, "byte {} of the output is written {} times", i, area.writes[i]);
  }
  return area.bytes;
}

FakeBuffers::FakeBuffers(const EngineShape& shape, const std::vector<Slot>& slots) : slots_{slots} {
  std::uint32_t noise = 1;
  for (const BufferShape& buffer : shape.buffers) {
    Bytes bytes(buffer.bytes);
    for (std::uint8_t& byte : bytes) {
      noise = noise * 1664525 + 1013904223;
      byte = static_cast<std::uint8_t>(noise >> 24);
    }
    buffers_.push_back(std::move(bytes));
  }
}

std::uint8_t* FakeBuffers::slot(SlotId id, std::uint64_t bytes) {
  const Slot& slot = slots_.at(id);
  Bytes& buffer = buffers_.at(slot.buffer);
  require(std::uint64_t{slot.offset} + slot.bytes <= buffer.size(), "slot {} leaves its buffer",
          id);
  require(bytes <= slot.bytes, "{} bytes in slot {} of {}", bytes, id, slot.bytes);
  return buffer.data() + slot.offset;
}

void require_read(const Step& step, SlotId slot) {
  require(std::find(step.reads.begin(), step.reads.end(), slot) != step.reads.end(),
          "a step does not say that it reads slot {}", slot);
}

void require_written(const Step& step, SlotId slot) {
  require(std::find(step.writes.begin(), step.writes.end(), slot) != step.writes.end(),
          "a step does not say that it writes slot {}", slot);
}

void interpret(const Command& command, const EngineShape& shape, FakeMemory& memory,
               const RunMachine& machine) {
  FakeBuffers buffers{shape, command.schedule.slots};
  for (const Step& step : command.schedule.steps) {
    const UnitKind kind = shape.units.at(step.unit).kind;
    require((kind == UnitKind::kDma) == (step.kind != StepKind::kCompute), "a unit of wrong kind");
    if (kind == UnitKind::kDma) {
      move(command.schedule.transfers.at(step.job), step, buffers, memory);
    } else if (kind == UnitKind::kMachine) {
      machine(step, buffers);
    } else if (kind == UnitKind::kOutputStage) {
      run_output(command.output_jobs.at(step.job), step, buffers);
    } else if (const auto* add = std::get_if<AddJob>(&command.vector_jobs.at(step.job))) {
      run_add(*add, step, buffers);
    } else {
      run_pool(std::get<PoolJob>(command.vector_jobs[step.job]), step, buffers);
    }
  }
}

}  // namespace milliwatt::dataflows::testing
