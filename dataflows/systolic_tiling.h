// SPDX-License-Identifier: Apache-2.0
// How a systolic mapping cuts a convolution into tiles, and which slots of the buffers these need.
// Not for use outside systolic_mapping.cpp.
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

/// Filters that are computed together and the channels that they look at, whole groups or a part of
/// one group.
struct FilterTile {
  Range filters, channels;
  std::int64_t taps = 0;           ///< length of the dot products: kernel positions x channels
  std::int64_t weights_begin = 0;  ///< bytes of the weights of all tiles before
};

/// Weights that are loaded together: those of a filter tile, or of one fold of its taps. They begin
/// at a byte, [tap][filter].
struct WeightBlock {
  std::int64_t first_tap = 0;
  std::int64_t taps = 0;
  std::int64_t begin = 0;  ///< among all packed weights
  std::int64_t bytes = 0;
};

/// Most filters of a tile, and most taps of a fold, that the dataflow allows.
std::int32_t most_filters(const SystolicShape& shape);
std::int32_t most_taps(const SystolicShape& shape);

/// Convolution and mapping must be free of faults (`misfit`).
class Tiling {
 public:
  Tiling(const Convolution& convolution, const SystolicMapping& mapping,
         const SystolicShape& shape);

  std::int64_t pixel_tiles() const { return g().batch * tiles_down() * tiles_across(); }
  std::int64_t filter_tiles() const;
  /// Most folds over the taps of a filter tile, and most folds in all.
  std::int64_t most_tap_folds() const { return tap_folds(full_tile()); }
  std::int64_t most_folds() const;
  std::int64_t tap_folds(const FilterTile& tile) const;

  /// Pixel tile `index`: images outermost, then rows, then columns.
  PixelTile pixel_tile(std::int64_t index) const;
  FilterTile filter_tile(std::int64_t index) const;
  /// The largest filter tile: the first one.
  FilterTile full_tile() const { return filter_tile(0); }
  std::int32_t filters() const { return filters_; }  ///< of a full tile
  std::int32_t fold_taps() const { return fold_taps_; }
  /// Block `part` of a tile's weights, 0 <= part < weight_blocks(tile).
  WeightBlock weight_block(const FilterTile& tile, std::int64_t part) const;
  std::int64_t weight_blocks(const FilterTile& tile) const {
    return m_.weights_per_fold ? tap_folds(tile) : 1;
  }
  /// Whether the outputs of every filter tile end at a byte, or with their pixel.
  bool ends_at_bytes() const;
  /// Pixels of a fold: all of the tile (`tile_pixels`), or as many as rows or columns hold.
  std::int64_t fold_pixels(std::int64_t tile_pixels) const;

  SlotPlans slots() const;

 private:
  std::int64_t tiles_down() const;
  std::int64_t tiles_across() const;
  std::int32_t tiles_of_a_group() const;
  std::int32_t usual_filters() const;
  std::int64_t weight_bytes(std::int64_t taps, std::int64_t filters) const;
  std::int64_t weight_bytes_before(std::int64_t index) const;
  std::uint64_t ifmap_bytes(std::int64_t tile_h, std::int64_t tile_w) const;
  void share_weight_buffer(SlotPlans& plans) const;

  const ConvGeometry& g() const { return c_.geometry; }

  Convolution c_;
  SystolicMapping m_;
  const SystolicShape& s_;
  std::int32_t filters_;    ///< of a full tile
  std::int32_t groups_;     ///< that a full tile covers, or has a part of: at least 1
  std::int32_t fold_taps_;  ///< of a full fold
};

}  // namespace milliwatt::dataflows
