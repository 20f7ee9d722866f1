// SPDX-License-Identifier: Apache-2.0
// How the weight-stationary mapping cuts a convolution into tiles, and which slots of the buffers
// these need. Not for use outside systolic_mapping.cpp.
#pragma once

#include <cstdint>

#include "dataflows/systolic_mapping.h"

namespace milliwatt::dataflows {

/// `size` consecutive positions from `begin` on.
struct Range {
  std::int32_t begin = 0;
  std::int32_t size = 0;
};

/// An output tile and the part of the image that it looks at.
struct PixelTile {
  std::int32_t image = 0;
  Range out_y, out_x, in_y, in_x;

  std::int64_t pixels() const { return std::int64_t{out_y.size} * out_x.size; }
};

/// Equal slots of one buffer: the size that any tile needs, and how many fit.
struct SlotPlan {
  std::uint64_t bytes = 0;
  int count = 0;
};

/// The slots of a command. Requantization tables lie in front of the weights in their buffer.
struct SlotPlans {
  SlotPlan ifmaps, parameters, weights, sums, outputs;
};

/// Geometry and mapping must be free of faults (`command_fault`).
class Tiling {
 public:
  Tiling(const ConvGeometry& geometry, const SystolicMapping& mapping, const SystolicShape& shape)
      : g_{geometry}, m_{mapping}, s_{shape} {}

  std::int64_t pixel_tiles() const { return g_.batch * tiles_down() * tiles_across(); }
  std::int64_t column_tiles() const;
  /// Folds of one pixel tile and column tile.
  std::int64_t folds() const;

  /// Pixel tile `index`: images outermost, then rows, then columns.
  PixelTile pixel_tile(std::int64_t index) const;
  /// Filters of column tile `index`.
  Range filters(std::int64_t index) const;

  SlotPlans slots() const;

 private:
  std::int64_t tiles_down() const;
  std::int64_t tiles_across() const;
  std::uint64_t ifmap_bytes(std::int64_t tile_h, std::int64_t tile_w) const;
  void share_weight_buffer(SlotPlans& plans) const;

  const ConvGeometry& g_;
  const SystolicMapping& m_;
  const SystolicShape& s_;
};

}  // namespace milliwatt::dataflows
