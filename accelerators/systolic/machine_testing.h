// SPDX-License-Identifier: Apache-2.0
// A convolution on a systolic machine without a shell, a bus and an output stage, for tests.
#pragma once

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
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
  d.input_bits = d.weight_bits = d.output_bits = 8;
  d.groups = d.filter_tile = d.fold_taps = 1;
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

/// Parts [first, second) of `size` in steps.
using Parts = std::vector<std::pair<std::int32_t, std::int32_t>>;
inline Parts parts_of(std::int32_t size, std::int32_t step, std::int32_t from = 0) {
  Parts parts;
  for (std::int32_t begin = 0; begin < size; begin += step) {
    parts.emplace_back(from + begin, from + std::min(begin + step, size));
  }
  return parts;
}

/// A stream of bits, the lowest of an element first.
class Bits {
 public:
  void add(std::int32_t value, int bits) {
    for (int i = 0; i < bits; ++i) {
      bits_.push_back((value >> i & 1) != 0);
    }
  }
  void begin_byte() { bits_.resize((bits_.size() + 7) / 8 * 8); }
  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> bytes((bits_.size() + 7) / 8);
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      bytes[i / 8] |= static_cast<std::uint8_t>(bits_[i] ? 1 << i % 8 : 0);
    }
    return bytes;
  }

 private:
  std::vector<bool> bits_;
};

/// Operands of a convolution in the layout of memory. weight(k, n) is tap k of filter n, over the
/// channels of its group.
struct ConvData {
  mw_conv_geometry geometry{};
  std::int32_t groups = 1;
  std::vector<std::int8_t> ifmap;    ///< [batch][input_h][input_w][input_c]
  std::vector<std::int8_t> weights;  ///< [k][output_c]

  std::int32_t depth() const { return geometry.input_c / groups; }
  std::int32_t group_filters() const { return geometry.output_c / groups; }
  std::int32_t positions() const { return geometry.kernel_h * geometry.kernel_w; }
  std::int8_t weight(std::int64_t k, std::int32_t n) const {
    return weights[static_cast<std::size_t>(k * geometry.output_c + n)];
  }

  /// Values of as many bits as the descriptor says.
  static ConvData random(const mw_systolic_descriptor& d, std::mt19937& random) {
    const mw_conv_geometry& g = d.geometry;
    ConvData data;
    data.geometry = g;
    data.groups = d.groups;
    data.ifmap.resize(static_cast<std::size_t>(g.batch * g.input_h * g.input_w * g.input_c));
    data.weights.resize(static_cast<std::size_t>(data.positions() * data.depth() * g.output_c));
    const auto fill = [&](std::vector<std::int8_t>& values, int bits) {
      for (std::int8_t& value : values) {
        value = static_cast<std::int8_t>(static_cast<std::int8_t>(random()) >> (8 - bits));
      }
    };
    fill(data.ifmap, d.input_bits);
    fill(data.weights, d.weight_bits);
    return data;
  }

  /// Filters that are computed together: parts of a group, or whole groups.
  Parts filter_tiles(std::int32_t tile) const {
    if (tile > group_filters()) {
      return parts_of(geometry.output_c, tile);
    }
    Parts tiles;
    for (std::int32_t group = 0; group < groups; ++group) {
      const Parts parts = parts_of(group_filters(), tile, group * group_filters());
      tiles.insert(tiles.end(), parts.begin(), parts.end());
    }
    return tiles;
  }

  /// The packed weights of the descriptor: [filter tile][position][channel][filter], zero where a
  /// filter does not see a channel of the tile; what is loaded together begins at a byte.
  std::vector<std::uint8_t> packed(const mw_systolic_descriptor& d) const {
    Bits bits;
    for (const auto& [begin, end] : filter_tiles(d.filter_tile)) {
      const std::int32_t first = begin / group_filters() * depth();
      const std::int32_t channels = ((end - 1) / group_filters() + 1) * depth() - first;
      bits.begin_byte();
      for (std::int32_t k = 0; k < positions() * channels; ++k) {
        if (d.weights_per_fold != 0 && k % d.fold_taps == 0) {
          bits.begin_byte();
        }
        const std::int32_t c = first + k % channels;
        for (std::int32_t n = begin; n < end; ++n) {
          const bool sees = c / depth() == n / group_filters();
          bits.add(sees ? weight(k / channels * depth() + c % depth(), n) : 0, d.weight_bits);
        }
      }
    }
    return bits.bytes();
  }

  std::vector<std::uint8_t> packed_ifmap(int bits_each) const {
    Bits bits;
    for (const std::int8_t value : ifmap) {
      bits.add(value, bits_each);
    }
    return bits.bytes();
  }

  /// The sum of products of one output, by definition; `zero_point` outside the image.
  std::int64_t sum(std::int32_t y, std::int32_t x, std::int32_t n, std::int32_t zero_point) const {
    const mw_conv_geometry& g = geometry;
    const std::int32_t first = n / group_filters() * depth();
    std::int64_t sum = 0;
    for (std::int32_t ky = 0; ky < g.kernel_h; ++ky) {
      for (std::int32_t kx = 0; kx < g.kernel_w; ++kx) {
        const std::int32_t iy = y * g.stride_h - g.pad_top + ky * g.dilation_h;
        const std::int32_t ix = x * g.stride_w - g.pad_left + kx * g.dilation_w;
        const bool inside = iy >= 0 && iy < g.input_h && ix >= 0 && ix < g.input_w;
        for (std::int32_t c = 0; c < depth(); ++c) {
          const auto at = static_cast<std::size_t>((iy * g.input_w + ix) * g.input_c + first + c);
          const std::int32_t value = inside ? ifmap[at] : zero_point;
          sum += value * weight((ky * g.kernel_w + kx) * depth() + c, n);
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

  void run(const mw_systolic_descriptor& d, const ConvData& data) {
    load_memory(d, data);
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

  void load_memory(const mw_systolic_descriptor& d, const ConvData& data) {
    memory_.assign(0x80000, 0);
    const std::vector<std::uint8_t> weights = data.packed(d);
    const std::vector<std::uint8_t> ifmap = data.packed_ifmap(d.input_bits);
    if (ifmap.size() > kWeights - kIfmap || weights.size() > kParameters - kWeights) {
      throw std::length_error("test data too large");
    }
    std::memcpy(&memory_[d.ifmap.offset], ifmap.data(), ifmap.size());
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
