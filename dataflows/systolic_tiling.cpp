// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_tiling.h"

#include <algorithm>

#include "base/integer_math.h"
#include "dataflows/slots.h"

namespace milliwatt::dataflows {
namespace {

using base::divide_up;

constexpr std::uint64_t kSumBytes = 4;

/// Part `index` of [0, size) in parts of `step`; the last one may be shorter.
Range cut(std::int64_t index, std::int32_t step, std::int32_t size) {
  const auto begin = static_cast<std::int32_t>(index * step);
  return {begin, std::min(step, size - begin)};
}

/// Input positions inside the image that the outputs `outputs` look at.
Range input_range(Range outputs, std::int32_t stride, std::int32_t kernel, std::int32_t dilation,
                  std::int32_t pad, std::int32_t size) {
  const std::int32_t first = outputs.begin * stride - pad;
  const std::int32_t last_window = first + (outputs.size - 1) * stride;
  const std::int32_t begin = std::max(0, first);
  const std::int32_t end = std::min(size, last_window + (kernel - 1) * dilation + 1);
  return {begin, std::max(0, end - begin)};
}

/// Most input positions that any `count` neighbouring outputs look at.
std::int64_t most_inputs(std::int64_t count, std::int32_t stride, std::int32_t kernel,
                         std::int32_t dilation, std::int32_t size) {
  const std::int64_t span = (count - 1) * stride + (std::int64_t{kernel} - 1) * dilation + 1;
  return std::min<std::int64_t>(span, size);
}

}  // namespace

std::int32_t most_filters(const SystolicShape& shape) {
  return shape.dataflow == Dataflow::kInputStationary ? std::int32_t{kLargestDimension}
                                                      : shape.columns;
}

std::int32_t most_taps(const SystolicShape& shape) {
  return shape.dataflow == Dataflow::kOutputStationary ? kMostFoldTaps : shape.rows;
}

Tiling::Tiling(const Convolution& convolution, const SystolicMapping& mapping,
               const SystolicShape& shape)
    : c_{convolution},
      m_{mapping},
      s_{shape},
      filters_{mapping.filter_tile > 0
                   ? std::min(mapping.filter_tile, convolution.geometry.output_c)
                   : usual_filters()},
      groups_{std::max(1, filters_ / c_.group_filters())},
      fold_taps_{mapping.fold_taps > 0 ? mapping.fold_taps : most_taps(shape)} {}

/// As many of one group as may be; where tiles are stored one by one, a part of a group ends at a
/// byte if it can.
std::int32_t Tiling::usual_filters() const {
  const std::int32_t most = std::min(most_filters(s_), c_.group_filters());
  const std::int32_t granule = workloads::byte_granule(c_.bits.output);
  const bool rounds = most < c_.group_filters() && !m_.pixel_tiles_outer && most >= granule;
  return rounds ? most - most % granule : most;
}

std::int64_t Tiling::tiles_down() const { return divide_up(g().output_h, m_.tile_h); }
std::int64_t Tiling::tiles_across() const { return divide_up(g().output_w, m_.tile_w); }
std::int32_t Tiling::tiles_of_a_group() const {
  return divide_up(c_.group_filters(), std::min(filters_, c_.group_filters()));
}
std::int64_t Tiling::filter_tiles() const {
  return divide_up(std::int64_t{c_.groups}, groups_) * tiles_of_a_group();
}
std::int64_t Tiling::tap_folds(const FilterTile& tile) const {
  return divide_up(tile.taps, fold_taps_);
}

std::int64_t Tiling::fold_pixels(std::int64_t tile_pixels) const {
  switch (s_.dataflow) {
    case Dataflow::kOutputStationary:
      return std::min<std::int64_t>(tile_pixels, s_.rows);
    case Dataflow::kInputStationary:
      return std::min<std::int64_t>(tile_pixels, s_.columns);
    default:
      return tile_pixels;
  }
}

/// The factors are at most 2^31, 2^31 and 2^40, bounded one after the other.
std::int64_t Tiling::most_folds() const {
  const std::int64_t pixels =
      std::int64_t{std::min(m_.tile_h, g().output_h)} * std::min(m_.tile_w, g().output_w);
  const std::int64_t tiles = pixel_tiles() * divide_up(pixels, fold_pixels(pixels));
  const std::int64_t items = std::min(tiles, kMostFolds + 1) * filter_tiles();
  return std::min(items, kMostFolds + 1) * most_tap_folds();
}

PixelTile Tiling::pixel_tile(std::int64_t index) const {
  const std::int64_t across = tiles_across();
  const std::int64_t down = tiles_down();
  PixelTile tile;
  tile.image = static_cast<std::int32_t>(index / (across * down));
  tile.out_y = cut(index / across % down, m_.tile_h, g().output_h);
  tile.out_x = cut(index % across, m_.tile_w, g().output_w);
  tile.in_y =
      input_range(tile.out_y, g().stride_h, g().kernel_h, g().dilation_h, g().pad_top, g().input_h);
  tile.in_x = input_range(tile.out_x, g().stride_w, g().kernel_w, g().dilation_w, g().pad_left,
                          g().input_w);
  return tile;
}

FilterTile Tiling::filter_tile(std::int64_t index) const {
  const std::int64_t parts = tiles_of_a_group();
  const Range groups = cut(index / parts, groups_, c_.groups);
  FilterTile tile;
  tile.channels = {groups.begin * c_.group_channels(), groups.size * c_.group_channels()};
  tile.filters = {groups.begin * c_.group_filters(), groups.size * c_.group_filters()};
  if (parts > 1) {
    const Range part = cut(index % parts, filters_, c_.group_filters());
    tile.filters = {tile.filters.begin + part.begin, part.size};
  }
  tile.taps = c_.positions() * tile.channels.size;
  tile.weights_begin = weight_bytes_before(index);
  return tile;
}

/// Of all weights of a tile: each block of them begins at a byte.
std::int64_t Tiling::weight_bytes(std::int64_t taps, std::int64_t filters) const {
  if (!m_.weights_per_fold) {
    return workloads::packed_bytes(taps * filters, c_.bits.weights);
  }
  const std::int64_t folds = taps / fold_taps_;
  return folds * workloads::packed_bytes(fold_taps_ * filters, c_.bits.weights) +
         workloads::packed_bytes(taps % fold_taps_ * filters, c_.bits.weights);
}

/// Tiles before tile `index` are full but for the last of each group that is cut.
std::int64_t Tiling::weight_bytes_before(std::int64_t index) const {
  const std::int64_t parts = tiles_of_a_group();
  const std::int64_t taps = c_.positions() * groups_ * c_.group_channels();
  const std::int64_t full = weight_bytes(taps, filters_);
  if (parts == 1) {
    return index * full;
  }
  const std::int64_t last = weight_bytes(taps, c_.group_filters() - (parts - 1) * filters_);
  return index / parts * ((parts - 1) * full + last) + index % parts * full;
}

WeightBlock Tiling::weight_block(const FilterTile& tile, std::int64_t part) const {
  WeightBlock block;
  block.first_tap = m_.weights_per_fold ? part * fold_taps_ : 0;
  const std::int64_t left = tile.taps - block.first_tap;
  block.taps = m_.weights_per_fold ? std::min<std::int64_t>(fold_taps_, left) : left;
  block.begin = tile.weights_begin + weight_bytes(block.first_tap, tile.filters.size);
  block.bytes = workloads::packed_bytes(block.taps * tile.filters.size, c_.bits.weights);
  return block;
}

bool Tiling::ends_at_bytes() const {
  const auto fills_bytes = [&](std::int64_t filters) { return filters * c_.bits.output % 8 == 0; };
  const bool groups_end = c_.groups == 1 || fills_bytes(c_.group_filters());
  return filter_tiles() == 1 || (fills_bytes(filters_) && (tiles_of_a_group() == 1 || groups_end));
}

std::uint64_t Tiling::ifmap_bytes(std::int64_t tile_h, std::int64_t tile_w) const {
  return static_cast<std::uint64_t>(
      most_inputs(tile_h, g().stride_h, g().kernel_h, g().dilation_h, g().input_h) *
      most_inputs(tile_w, g().stride_w, g().kernel_w, g().dilation_w, g().input_w) *
      c_.input_pixel_bytes());
}

SlotPlans Tiling::slots() const {
  const std::int64_t tile_h = std::min(m_.tile_h, g().output_h);
  const std::int64_t tile_w = std::min(m_.tile_w, g().output_w);
  const FilterTile tile = full_tile();
  const auto pixels = static_cast<std::uint64_t>(tile_h * tile_w);
  const auto filters = static_cast<std::uint64_t>(tile.filters.size);
  const auto pixel_bytes = static_cast<std::uint64_t>(workloads::packed_bytes(
      m_.pixel_tiles_outer ? g().output_c : tile.filters.size, c_.bits.output));
  const auto plan = [](std::uint64_t bytes, std::uint64_t room, std::int64_t wanted) {
    return SlotPlan{bytes, slots_that_fit(room, bytes, wanted)};
  };
  SlotPlans plans;
  plans.ifmaps = plan(ifmap_bytes(tile_h, tile_w), s_.input_buffer_bytes, pixel_tiles());
  plans.sums = plan(pixels * filters * kSumBytes, s_.accumulator_buffer_bytes, 2);
  plans.outputs = plan(pixels * pixel_bytes, s_.output_buffer_bytes, 2);
  plans.weights.bytes = static_cast<std::uint64_t>(weight_block(tile, 0).bytes);
  plans.parameters.bytes = filters * sizeof(mw_channel_parameters);
  share_weight_buffer(plans);
  return plans;
}

/// A table for each filter tile whose weights are held. Fold by fold: two tables if these leave
/// half of the buffer and a fold's weights still fit, else one; the rest is for the weights of
/// folds.
void Tiling::share_weight_buffer(SlotPlans& plans) const {
  const std::uint64_t room = s_.weight_buffer_bytes;
  const std::uint64_t table = plans.parameters.bytes;
  const std::uint64_t weights = plans.weights.bytes;
  if (!m_.weights_per_fold) {
    plans.weights.count = slots_that_fit(room, weights + table, filter_tiles());
    plans.parameters.count = plans.weights.count;
    return;
  }
  const bool two = filter_tiles() > 1 && 2 * table <= room / 2 && 2 * table + weights <= room;
  plans.parameters.count = two ? 2 : slots_that_fit(room, table, 1);
  const std::uint64_t tables = static_cast<std::uint64_t>(plans.parameters.count) * table;
  plans.weights.count = slots_that_fit(room - tables, weights, most_tap_folds() * filter_tiles());
}

}  // namespace milliwatt::dataflows
