// SPDX-License-Identifier: Apache-2.0
// A convolution on a systolic machine without a shell, a bus and an output stage, for tests.
#pragma once

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "abi/descriptor.h"
#include "accelerators/systolic/systolic_machine.h"

namespace milliwatt::systolic {

inline SystolicConfig default_config() { return systolic_schema().read(base::YamlNode::map()); }

/// A descriptor that makes sense: `g` in tiles of tile_h x tile_w, everything in region 0.
inline mw_systolic_descriptor descriptor_of(const mw_conv_geometry& g, std::int32_t tile_h,
                                            std::int32_t tile_w) {
  mw_systolic_descriptor d{};
  d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_SYSTOLIC, sizeof d, 0, 1};
  d.geometry = g;
  d.clamp_low = -128;
  d.clamp_high = 127;
  d.tile_h = tile_h;
  d.tile_w = tile_w;
  return d;
}

inline std::vector<std::uint8_t> bytes_of(const mw_systolic_descriptor& d) {
  std::vector<std::uint8_t> bytes(sizeof d);
  std::memcpy(bytes.data(), &d, sizeof d);
  return bytes;
}

/// Stride 1, no padding: pixels x 1 image, a dot product of `taps` channels, `filters` filters.
inline mw_conv_geometry matrix_geometry(std::int32_t pixels, std::int32_t taps,
                                        std::int32_t filters) {
  return {1, 1, pixels, taps, 1, pixels, filters, 1, 1, 1, 1, 1, 1, 0, 0};
}

/// Keeps every output.
struct Recorder : shell::OutputProbe {
  void output(const shell::OutputEvent& event) override { events.push_back(event); }
  std::vector<shell::OutputEvent> events;
};

/// Operands of a convolution in the layout of memory. weight(k, n) is tap k of filter n.
struct ConvData {
  mw_conv_geometry geometry{};
  std::vector<std::int8_t> ifmap;    ///< [batch][input_h][input_w][input_c]
  std::vector<std::int8_t> weights;  ///< [k][output_c]

  std::int64_t taps() const { return dataflows::dot_length(geometry); }
  std::int8_t weight(std::int64_t k, std::int32_t n) const {
    return weights[static_cast<std::size_t>(k * geometry.output_c + n)];
  }

  static ConvData random(const mw_conv_geometry& g, std::mt19937& random) {
    ConvData data;
    data.geometry = g;
    data.ifmap.resize(static_cast<std::size_t>(g.batch * g.input_h * g.input_w * g.input_c));
    data.weights.resize(static_cast<std::size_t>(data.taps() * g.output_c));
    for (std::vector<std::int8_t>* values : {&data.ifmap, &data.weights}) {
      for (std::int8_t& value : *values) {
        value = static_cast<std::int8_t>(random());
      }
    }
    return data;
  }

  /// The packed weights of the descriptor: column tile by column tile, in each [k][column].
  std::vector<std::uint8_t> packed(std::int32_t columns) const {
    std::vector<std::uint8_t> bytes;
    for (std::int32_t begin = 0; begin < geometry.output_c; begin += columns) {
      const std::int32_t end = std::min(begin + columns, geometry.output_c);
      for (std::int64_t k = 0; k < taps(); ++k) {
        for (std::int32_t n = begin; n < end; ++n) {
          bytes.push_back(static_cast<std::uint8_t>(weight(k, n)));
        }
      }
    }
    return bytes;
  }

  /// The sum of products of one output, by definition; `zero_point` outside the image.
  std::int64_t sum(std::int32_t y, std::int32_t x, std::int32_t n, std::int32_t zero_point) const {
    const mw_conv_geometry& g = geometry;
    std::int64_t sum = 0;
    for (std::int32_t ky = 0; ky < g.kernel_h; ++ky) {
      for (std::int32_t kx = 0; kx < g.kernel_w; ++kx) {
        const std::int32_t iy = y * g.stride_h - g.pad_top + ky * g.dilation_h;
        const std::int32_t ix = x * g.stride_w - g.pad_left + kx * g.dilation_w;
        const bool inside = iy >= 0 && iy < g.input_h && ix >= 0 && ix < g.input_w;
        for (std::int32_t c = 0; c < g.input_c; ++c) {
          const std::int32_t value =
              inside ? ifmap[static_cast<std::size_t>((iy * g.input_w + ix) * g.input_c + c)]
                     : zero_point;
          sum += value * weight((ky * g.kernel_w + kx) * g.input_c + c, n);
        }
      }
    }
    return sum;
  }
};

/// The schedule of a command run step by step, as its rules say the values come out: loads copy
/// from a flat memory, folds run on the machine, finished sums are kept instead of requantized.
class Bench {
 public:
  Bench(const SystolicConfig& config, shell::Detail detail,
        InstructionSet set = best_instruction_set())
      : machine("npu", config, detail, set),
        local(machine.shape()),
        counted("npu", machine.shape(), machine.parts()),
        predicted_low(counted),
        predicted_high(counted) {}

  void run(const mw_systolic_descriptor& d, const ConvData& data, std::int32_t columns) {
    load_memory(d, data, columns);
    const dataflows::Command command = machine.decode(bytes_of(d), {0});
    local.bind(command.schedule.slots);
    for (const dataflows::Step& step : command.schedule.steps) {
      if (step.kind == dataflows::StepKind::kLoad) {
        load(command.schedule, step);
      } else if (step.unit == dataflows::kArrayUnit) {
        compute(step);
      } else if (step.unit == dataflows::kOutputUnit) {
        keep(command.output_jobs.at(step.job));
      }
    }
  }

  /// Where run() puts the operands.
  static void place(mw_systolic_descriptor& d) {
    d.ifmap = {0, kIfmap};
    d.weights = {0, kWeights};
    d.parameters = {0, kParameters};
  }

  SystolicMachine machine;
  shell::LocalMemory local;
  shell::EngineCounters counted;
  shell::EngineCounters predicted_low;
  shell::EngineCounters predicted_high;
  std::vector<std::int32_t> sums;  ///< of all output jobs, one after the other
  base::Cycles cycles = 0;
  base::Cycles planned_cycles = 0;
  base::Cycles stride = shell::Machine::kUnlimited;  ///< of advance()
  std::int16_t layer = 0;

 private:
  static constexpr std::uint32_t kIfmap = 0x10000;
  static constexpr std::uint32_t kWeights = 0x20000;
  static constexpr std::uint32_t kParameters = 0x40000;

  void load_memory(const mw_systolic_descriptor& d, const ConvData& data, std::int32_t columns) {
    memory_.assign(0x80000, 0);
    const std::vector<std::uint8_t> weights = data.packed(columns);
    if (data.ifmap.size() > kWeights - kIfmap || weights.size() > kParameters - kWeights) {
      throw std::length_error("test data too large");
    }
    std::memcpy(&memory_[d.ifmap.offset], data.ifmap.data(), data.ifmap.size());
    std::memcpy(&memory_[d.weights.offset], weights.data(), weights.size());
  }

  void load(const dataflows::Schedule& schedule, const dataflows::Step& step) {
    const dataflows::Transfer& t = schedule.transfers.at(step.job);
    std::uint8_t* to = local.slot(step.writes[0]);
    for (std::uint32_t plane = 0; plane < t.planes; ++plane) {
      for (std::uint32_t row = 0; row < t.rows; ++row, to += t.row_bytes) {
        const std::uint64_t from =
            t.address + std::uint64_t{plane} * t.plane_stride + std::uint64_t{row} * t.row_stride;
        std::memcpy(to, &memory_.at(from), t.row_bytes);
      }
    }
  }

  void compute(const dataflows::Step& step) {
    machine.predict(step, layer, predicted_low, predicted_high);
    machine.begin(step, layer, local, counted);
    shell::Progress progress = machine.advance(dataflows::kArrayUnit, stride);
    while (!progress.done) {
      progress = machine.advance(dataflows::kArrayUnit, progress.ran + stride);
    }
    cycles += progress.ran;
    planned_cycles += step.cycles_low;
  }

  void keep(const dataflows::OutputJob& job) {
    const auto n = static_cast<std::size_t>(job.pixels * job.channels);
    sums.resize(sums.size() + n);
    std::memcpy(&sums[sums.size() - n], local.slot(job.sums), n * sizeof(std::int32_t));
  }

  std::vector<std::uint8_t> memory_;
};

}  // namespace milliwatt::systolic
