// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "dataflows/buffer_fault.h"
#include "dataflows/systolic_mapping.h"
#include "dataflows/systolic_tiling.h"

namespace milliwatt::dataflows {
namespace {

constexpr std::int64_t kMostWeights = INT32_MAX;

/// Collects what is wrong in one line.
class Faults {
 public:
  void add(const std::string& fault) {
    all_ += (all_.empty() || fault.empty() ? "" : "; ") + fault;
  }
  bool empty() const { return all_.empty(); }
  std::string take() { return std::move(all_); }

 private:
  std::string all_;
};

/// What a tile takes of a buffer.
struct BufferNeed {
  const char* part;
  std::uint64_t needed;
  const char* buffer;
  std::uint64_t bytes;
};

std::array<BufferNeed, 4> buffer_needs(const SlotPlans& plans, const SystolicShape& shape) {
  return {
      {{"the ifmap of a tile", plans.ifmaps.bytes, "input_buffer", shape.input_buffer_bytes},
       {"the weights and the requantization table of a tile",
        plans.weights.bytes + plans.parameters.bytes, "weight_buffer", shape.weight_buffer_bytes},
       {"the sums of a tile", plans.sums.bytes, "accumulator_buffer",
        shape.accumulator_buffer_bytes},
       {"the ofmap of a tile", plans.outputs.bytes, "output_buffer", shape.output_buffer_bytes}}};
}

/// What is wrong with the groups, given a geometry that makes sense.
std::string group_fault(const Convolution& c) {
  const ConvGeometry& g = c.geometry;
  if (c.groups < 1 || g.input_c % c.groups != 0 || g.output_c % c.groups != 0) {
    return fmt::format("{} groups do not divide {} channels and {} filters", c.groups, g.input_c,
                       g.output_c);
  }
  // Kernels have at most 2^40 positions.
  if (c.positions() * c.group_channels() > kMostWeights / g.output_c) {
    return fmt::format("the filters have more than {} weights", kMostWeights);
  }
  return {};
}

/// Neighbouring pixels share no byte; a single one may end inside its last.
std::string pixel_fault(const char* tensor, std::int64_t pixels, std::int32_t channels,
                        std::int32_t bits) {
  if (pixels == 1 || std::int64_t{channels} * bits % 8 == 0) {
    return {};
  }
  return fmt::format(
      "pixels of the {} must begin at bytes: its {} channels of {} bits end inside a byte, a "
      "multiple of {} channels would not",
      tensor, channels, bits, workloads::byte_granule(bits));
}

/// What is wrong with the bits, given a geometry that makes sense.
std::string bits_fault(const Convolution& c) {
  const ConvGeometry& g = c.geometry;
  for (const std::int32_t bits : {c.bits.input, c.bits.weights, c.bits.output}) {
    if (bits < 2 || bits > 8) {
      return fmt::format("an operand has {} bits, possible are 2 .. 8", bits);
    }
  }
  const std::string fault =
      pixel_fault("ifmap", std::int64_t{g.batch} * g.input_h * g.input_w, g.input_c, c.bits.input);
  return fault.empty() ? pixel_fault("ofmap", std::int64_t{g.batch} * g.output_h * g.output_w,
                                     g.output_c, c.bits.output)
                       : fault;
}

/// Why tiles of `filters` cannot be stored one by one.
std::string tile_end_fault(const Convolution& c, std::int32_t filters) {
  return fmt::format(
      "tiles of {} filters in groups of {} end inside a byte of the {} bit ofmap, multiples of {} "
      "would not; or set pixel_tiles_outer, which stores whole pixels",
      filters, c.group_filters(), c.bits.output, workloads::byte_granule(c.bits.output));
}

/// Filters of a full tile as the mapping gives them, at most all there are.
std::int32_t given_filters(const Convolution& c, const SystolicMapping& m) {
  return std::min(m.filter_tile, c.geometry.output_c);
}

/// A filter tile of several groups has all of each.
bool cuts_groups_evenly(const Convolution& c, const SystolicMapping& m) {
  const std::int32_t filters = given_filters(c, m);
  return filters <= c.group_filters() || filters % c.group_filters() == 0;
}

/// The weights of a tile, with the zeros that keep groups apart, fit 32 bits together.
bool has_few_weights(const Convolution& c, const SystolicMapping& m) {
  const std::int64_t groups = std::max(1, given_filters(c, m) / c.group_filters());
  return groups * c.positions() * c.group_channels() <= kMostWeights / c.geometry.output_c;
}

template <typename Integer>
bool within(Integer value, Integer low, Integer high) {
  return value >= low && value <= high;
}

/// Tiles that are stored one by one end at a byte.
bool stores_bytes(const Convolution& c, const SystolicMapping& m, const SystolicShape& shape) {
  return m.pixel_tiles_outer || Tiling{c, m, shape}.ends_at_bytes();
}

bool is_sound(const Convolution& c, const SystolicMapping& m, const SystolicShape& shape) {
  constexpr auto kMostPixels = std::int32_t{kLargestDimension};
  return within(m.tile_h, 1, kMostPixels) && within(m.tile_w, 1, kMostPixels) &&
         within(m.filter_tile, 0, most_filters(shape)) &&
         within(m.fold_taps, 0, most_taps(shape)) && cuts_groups_evenly(c, m) &&
         has_few_weights(c, m) && stores_bytes(c, m, shape);
}

/// What is wrong with a mapping that is not sound.
std::string cut_fault(const Convolution& c, const SystolicMapping& m, const SystolicShape& shape) {
  Faults faults;
  const auto check = [&](const char* what, std::int64_t value, std::int64_t low,
                         std::int64_t high) {
    if (value < low || value > high) {
      faults.add(fmt::format("{} is {}, possible are 1 .. {}", what, value, high));
    }
  };
  check("tile_h", m.tile_h, 1, kLargestDimension);
  check("tile_w", m.tile_w, 1, kLargestDimension);
  check("filter_tile", m.filter_tile, 0, most_filters(shape));
  check("fold_taps", m.fold_taps, 0, most_taps(shape));
  if (!cuts_groups_evenly(c, m)) {
    faults.add(fmt::format("tiles of {} filters are no multiple of the {} of a group",
                           given_filters(c, m), c.group_filters()));
  } else if (!has_few_weights(c, m)) {
    faults.add(fmt::format("tiles of {} filters have more than {} weights", given_filters(c, m),
                           kMostWeights));
  } else if (faults.empty() && !stores_bytes(c, m, shape)) {
    faults.add(tile_end_fault(c, Tiling{c, m, shape}.filters()));
  }
  return faults.take();
}

}  // namespace

std::string convolution_fault(const Convolution& convolution) {
  std::string fault = geometry_fault(convolution.geometry);
  if (fault.empty()) {
    fault = group_fault(convolution);
  }
  return fault.empty() ? bits_fault(convolution) : fault;
}

bool fits(const Convolution& convolution, const SystolicMapping& mapping,
          const SystolicShape& shape) {
  if (!is_sound(convolution, mapping, shape)) {
    return false;
  }
  const Tiling tiling{convolution, mapping, shape};
  const auto needs = buffer_needs(tiling.slots(), shape);
  return tiling.most_folds() <= kMostFolds &&
         std::all_of(needs.begin(), needs.end(),
                     [](const BufferNeed& need) { return need.needed <= need.bytes; });
}

std::string misfit(const Convolution& convolution, const SystolicMapping& mapping,
                   const SystolicShape& shape) {
  std::string fault = convolution_fault(convolution);
  if (fault.empty()) {
    fault = cut_fault(convolution, mapping, shape);
  }
  if (!fault.empty()) {
    return fault;
  }
  const Tiling tiling{convolution, mapping, shape};
  Faults faults;
  if (tiling.most_folds() > kMostFolds) {
    faults.add(fmt::format("the mapping has more than {} folds", kMostFolds));
  }
  for (const BufferNeed& need : buffer_needs(tiling.slots(), shape)) {
    faults.add(buffer_fault(need.part, need.needed, need.buffer, need.bytes));
  }
  return faults.take();
}

}  // namespace milliwatt::dataflows
