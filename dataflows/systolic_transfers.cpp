// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_transfers.h"

namespace milliwatt::dataflows {

Transfer ifmap_transfer(const SystolicCommand& command, const PixelTile& tile) {
  const ConvGeometry& g = command.geometry;
  const std::int64_t pixel = command.convolution().input_pixel_bytes();
  const std::int64_t row = g.input_w * pixel;
  Transfer t;
  t.address = command.ifmap + static_cast<std::uint64_t>(
                                  (std::int64_t{tile.image} * g.input_h + tile.in_y.begin) * row +
                                  tile.in_x.begin * pixel);
  t.row_bytes = static_cast<std::uint32_t>(tile.in_x.size * pixel);
  t.rows = static_cast<std::uint32_t>(tile.in_y.size);
  t.row_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kIfmap;
  return t;
}

Transfer ofmap_transfer(const SystolicCommand& command, const PixelTile& tile, Range filters) {
  const ConvGeometry& g = command.geometry;
  const Range channels = command.mapping.pixel_tiles_outer ? Range{0, g.output_c} : filters;
  const std::int64_t bits = command.bits.output;
  const std::int64_t pixel = command.convolution().output_pixel_bytes();
  const std::int64_t row = g.output_w * pixel;
  Transfer t;
  t.address = command.ofmap + static_cast<std::uint64_t>(
                                  (std::int64_t{tile.image} * g.output_h + tile.out_y.begin) * row +
                                  tile.out_x.begin * pixel + channels.begin * bits / 8);
  t.row_bytes =
      static_cast<std::uint32_t>(workloads::packed_bytes(channels.size, command.bits.output));
  t.rows = static_cast<std::uint32_t>(tile.out_x.size);
  t.row_stride = static_cast<std::uint32_t>(pixel);
  t.planes = static_cast<std::uint32_t>(tile.out_y.size);
  t.plane_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kOfmap;
  return t;
}

Transfer weight_transfer(const SystolicCommand& command, const Tiling& tiling,
                         const FilterTile& tile, std::int64_t part) {
  const WeightBlock block = tiling.weight_block(tile, part);
  Transfer t;
  t.address = command.weights + static_cast<std::uint64_t>(block.begin);
  t.row_bytes = static_cast<std::uint32_t>(block.bytes);
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
