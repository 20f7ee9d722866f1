// SPDX-License-Identifier: Apache-2.0
// What a systolic command moves: blocks of memory for tiles. Not for use outside this room.
#pragma once

#include "dataflows/systolic_tiling.h"

namespace milliwatt::dataflows {

/// The part of the ifmap that a tile looks at; empty when it sees padding only.
Transfer ifmap_transfer(const SystolicCommand& command, const PixelTile& tile);

/// The outputs of a tile: of `filters`, or with pixel tiles outside of all filters.
Transfer ofmap_transfer(const SystolicCommand& command, const PixelTile& tile, Range filters);

/// The weights of a filter tile, or fold by fold those of its `part`-th taps.
Transfer weight_transfer(const SystolicCommand& command, const Tiling& tiling,
                         const FilterTile& tile, std::int64_t part);

/// Rows of the requantization table.
Transfer table_transfer(const SystolicCommand& command, Range filters);

}  // namespace milliwatt::dataflows
