// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_transfers.h"

#include <algorithm>

namespace milliwatt::dataflows {

Transfer ifmap_transfer(const SystolicCommand& command, const PixelTile& tile) {
  const ConvGeometry& g = command.geometry;
  const std::int64_t row = std::int64_t{g.input_w} * g.input_c;
  Transfer t;
  t.address = command.ifmap + static_cast<std::uint64_t>(
                                  (std::int64_t{tile.image} * g.input_h + tile.in_y.begin) * row +
                                  std::int64_t{tile.in_x.begin} * g.input_c);
  t.row_bytes = static_cast<std::uint32_t>(tile.in_x.size * g.input_c);
  t.rows = static_cast<std::uint32_t>(tile.in_y.size);
  t.row_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kIfmap;
  return t;
}

Transfer ofmap_transfer(const SystolicCommand& command, const PixelTile& tile, Range filters) {
  const ConvGeometry& g = command.geometry;
  const Range channels = command.mapping.pixel_tiles_outer ? Range{0, g.output_c} : filters;
  const std::int64_t row = std::int64_t{g.output_w} * g.output_c;
  Transfer t;
  t.address = command.ofmap + static_cast<std::uint64_t>(
                                  (std::int64_t{tile.image} * g.output_h + tile.out_y.begin) * row +
                                  std::int64_t{tile.out_x.begin} * g.output_c + channels.begin);
  t.row_bytes = static_cast<std::uint32_t>(channels.size);
  t.rows = static_cast<std::uint32_t>(tile.out_x.size);
  t.row_stride = static_cast<std::uint32_t>(g.output_c);
  t.planes = static_cast<std::uint32_t>(tile.out_y.size);
  t.plane_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kOfmap;
  return t;
}

/// Weights lie packed by filter tile, in each [k][filter]; those of a fold are consecutive. Filters
/// of earlier tiles have as many taps as those of a full tile: only the last of several groups side
/// by side may have fewer.
Transfer weight_transfer(const SystolicCommand& command, const Tiling& tiling,
                         const FilterTile& tile, std::int64_t part) {
  const bool per_fold = command.mapping.weights_per_fold;
  const std::int64_t first = per_fold ? part * tiling.fold_taps() : 0;
  const std::int64_t left = tile.taps - first;
  const std::int64_t taps = per_fold ? std::min<std::int64_t>(tiling.fold_taps(), left) : left;
  const std::int64_t filters = tile.filters.size;
  Transfer t;
  t.address = command.weights + static_cast<std::uint64_t>(
                                    tile.filters.begin * tiling.full_tile().taps + first * filters);
  t.row_bytes = static_cast<std::uint32_t>(taps * filters);
  t.tensor_class = base::TensorClass::kWeights;
  return t;
}

Transfer table_transfer(const SystolicCommand& command, Range filters) {
  Transfer t;
  t.address = command.parameters +
              static_cast<std::uint64_t>(filters.begin) * sizeof(mw_channel_parameters);
  t.row_bytes = static_cast<std::uint32_t>(filters.size) * sizeof(mw_channel_parameters);
  t.tensor_class = base::TensorClass::kParameters;
  return t;
}

}  // namespace milliwatt::dataflows
