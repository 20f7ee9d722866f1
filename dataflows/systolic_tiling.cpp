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

std::int64_t Tiling::tiles_down() const { return divide_up(g_.output_h, m_.tile_h); }
std::int64_t Tiling::tiles_across() const { return divide_up(g_.output_w, m_.tile_w); }
std::int64_t Tiling::column_tiles() const { return divide_up(g_.output_c, s_.columns); }
std::int64_t Tiling::folds() const { return divide_up(dot_length(g_), s_.rows); }

PixelTile Tiling::pixel_tile(std::int64_t index) const {
  const std::int64_t across = tiles_across();
  const std::int64_t down = tiles_down();
  PixelTile tile;
  tile.image = static_cast<std::int32_t>(index / (across * down));
  tile.out_y = cut(index / across % down, m_.tile_h, g_.output_h);
  tile.out_x = cut(index % across, m_.tile_w, g_.output_w);
  tile.in_y =
      input_range(tile.out_y, g_.stride_h, g_.kernel_h, g_.dilation_h, g_.pad_top, g_.input_h);
  tile.in_x =
      input_range(tile.out_x, g_.stride_w, g_.kernel_w, g_.dilation_w, g_.pad_left, g_.input_w);
  return tile;
}

Range Tiling::filters(std::int64_t index) const { return cut(index, s_.columns, g_.output_c); }

std::uint64_t Tiling::ifmap_bytes(std::int64_t tile_h, std::int64_t tile_w) const {
  return static_cast<std::uint64_t>(
      most_inputs(tile_h, g_.stride_h, g_.kernel_h, g_.dilation_h, g_.input_h) *
      most_inputs(tile_w, g_.stride_w, g_.kernel_w, g_.dilation_w, g_.input_w) * g_.input_c);
}

SlotPlans Tiling::slots() const {
  const std::int64_t tile_h = std::min(m_.tile_h, g_.output_h);
  const std::int64_t tile_w = std::min(m_.tile_w, g_.output_w);
  const auto pixels = static_cast<std::uint64_t>(tile_h * tile_w);
  const auto columns = static_cast<std::uint64_t>(std::min(s_.columns, g_.output_c));
  const auto channels = m_.pixel_tiles_outer ? static_cast<std::uint64_t>(g_.output_c) : columns;
  const auto taps = static_cast<std::uint64_t>(
      m_.weights_per_fold ? std::min<std::int64_t>(s_.rows, dot_length(g_)) : dot_length(g_));
  const auto plan = [](std::uint64_t bytes, std::uint64_t room, std::int64_t wanted) {
    return SlotPlan{bytes, slots_that_fit(room, bytes, wanted)};
  };
  SlotPlans plans;
  plans.ifmaps = plan(ifmap_bytes(tile_h, tile_w), s_.input_buffer_bytes, pixel_tiles());
  plans.sums = plan(pixels * columns * kSumBytes, s_.accumulator_buffer_bytes, 2);
  plans.outputs = plan(pixels * channels, s_.output_buffer_bytes, 2);
  plans.weights.bytes = taps * columns;
  plans.parameters.bytes = columns * sizeof(mw_channel_parameters);
  share_weight_buffer(plans);
  return plans;
}

/// A table for each column tile whose weights are held. Fold by fold: two tables if these leave
/// half of the buffer and a fold's weights still fit, else one; the rest is for the weights of
/// folds.
void Tiling::share_weight_buffer(SlotPlans& plans) const {
  const std::uint64_t room = s_.weight_buffer_bytes;
  const std::uint64_t table = plans.parameters.bytes;
  const std::uint64_t weights = plans.weights.bytes;
  if (!m_.weights_per_fold) {
    plans.weights.count = slots_that_fit(room, weights + table, column_tiles());
    plans.parameters.count = plans.weights.count;
    return;
  }
  const bool two = column_tiles() > 1 && 2 * table <= room / 2 && 2 * table + weights <= room;
  plans.parameters.count = two ? 2 : slots_that_fit(room, table, 1);
  const std::uint64_t tables = static_cast<std::uint64_t>(plans.parameters.count) * table;
  plans.weights.count = slots_that_fit(room - tables, weights, folds() * column_tiles());
}

}  // namespace milliwatt::dataflows
