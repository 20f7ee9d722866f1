// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_parameters.h"

namespace milliwatt::dataflows {

SystolicParameters::SystolicParameters(const SystolicMapping& mapping)
    : tile_h{mapping.tile_h},
      tile_w{mapping.tile_w},
      pixel_tiles_outer{mapping.pixel_tiles_outer},
      weights_per_fold{mapping.weights_per_fold},
      filter_tile{mapping.filter_tile},
      fold_taps{mapping.fold_taps} {}

SystolicMapping SystolicParameters::applied_to(SystolicMapping mapping) const {
  mapping.tile_h = tile_h.value_or(mapping.tile_h);
  mapping.tile_w = tile_w.value_or(mapping.tile_w);
  mapping.pixel_tiles_outer = pixel_tiles_outer.value_or(mapping.pixel_tiles_outer);
  mapping.weights_per_fold = weights_per_fold.value_or(mapping.weights_per_fold);
  mapping.filter_tile = filter_tile.value_or(mapping.filter_tile);
  mapping.fold_taps = fold_taps.value_or(mapping.fold_taps);
  return mapping;
}

base::Schema<SystolicParameters> systolic_parameter_schema() {
  using Parameters = SystolicParameters;
  base::Schema<Parameters> schema{"systolic_mapping",
                                  "How a convolution or fully connected layer is cut up."};
  schema.integer("tile_h", &Parameters::tile_h)
      .range(1, kLargestDimension)
      .doc("Output rows of a tile. Larger tiles load less and need more of every buffer.");
  schema.integer("tile_w", &Parameters::tile_w)
      .range(1, kLargestDimension)
      .doc("Output columns of a tile.");
  schema.integer("filter_tile", &Parameters::filter_tile)
      .range(1, kLargestDimension)
      .doc(
          "Filters of a tile: a part of one group's, or a multiple of them; at most the array's "
          "columns but for input stationary.");
  schema.integer("fold_taps", &Parameters::fold_taps)
      .range(1, kMostFoldTaps)
      .doc("Taps of a fold; at most the array's rows but for output stationary.");
  schema.boolean("pixel_tiles_outer", &Parameters::pixel_tiles_outer)
      .doc(
          "true: all filter tiles of a pixel tile, then the next pixel tile; false: the other way "
          "round.");
  schema.boolean("weights_per_fold", &Parameters::weights_per_fold)
      .doc("true: weights are loaded fold by fold; false: those of a filter tile at once.");
  return schema;
}

}  // namespace milliwatt::dataflows
