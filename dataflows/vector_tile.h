// SPDX-License-Identifier: Apache-2.0
// How much of an addition or pool the vector unit takes at a time.
#pragma once

#include <cstdint>
#include <string>

#include "abi/descriptor.h"
#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// Bytes of a tile's operands and results.
struct VectorTileBytes {
  std::int64_t input = 0;
  std::int64_t output = 0;
};

/// Sizes of a tile of `tile` elements (additions) or output rows (pools).
VectorTileBytes vector_tile_bytes(const mw_vector_descriptor& fields, std::int64_t tile);

/// Bytes of rows of a pool's ifmap and ofmap.
VectorTileBytes pool_row_bytes(const mw_vector_descriptor& fields, std::int64_t input_rows,
                               std::int64_t output_rows);

/// Tiles of a command whose fields have a tile.
std::int64_t vector_tiles(const mw_vector_descriptor& fields);

/// The largest tile whose operands and results fit, twice if possible (double buffering); 0 when
/// not even the smallest does. All other fields must be in range.
std::int32_t vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape);

/// The largest tile whose operands and results fit once; 0 when not even the smallest does.
std::int64_t largest_vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape);

/// Most tiles of one command: its schedule stays within a gigabyte.
constexpr std::int64_t kMostVectorTiles = 1 << 21;

/// What is wrong with the fields other than the tile, whatever they are: operation, geometry,
/// scales and bounds. Empty when the vector unit can compute them without overflow.
std::string vector_range_fault(const mw_vector_descriptor& fields);

/// What is wrong with the fields, whatever they are: out of range, too many tiles, tiles that end
/// inside a byte, or a tile that does not fit. Empty when the command can be expanded.
std::string vector_fault(const mw_vector_descriptor& fields, const EngineShape& shape);

}  // namespace milliwatt::dataflows
