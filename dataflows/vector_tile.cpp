// SPDX-License-Identifier: Apache-2.0
#include "dataflows/vector_tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/integer_math.h"
#include "dataflows/buffer_fault.h"
#include "dataflows/conv_geometry.h"
#include "workloads/packing.h"

namespace milliwatt::dataflows {
namespace {

/// Tiles of additions start at multiples of this many bytes, which are bus-friendly.
constexpr std::int64_t kAddTileGranule = 64;
/// Taps of a window whose sum fits 32 bits: 2^23 * 2^7 = 2^30.
constexpr std::int64_t kMostTaps = 1 << 23;

/// A field and its bounds, ends included.
struct FieldRange {
  const char* name;
  std::int64_t value, low, high;
};

/// A field that holds an element of `bits`.
FieldRange element(const char* name, std::int32_t value, int bits) {
  return {name, value, workloads::lowest_element(bits), workloads::highest_element(bits)};
}

std::string first_fault(const std::vector<FieldRange>& fields) {
  for (const FieldRange& field : fields) {
    if (field.value < field.low || field.value > field.high) {
      return fmt::format("{} is {}, possible are {} .. {}", field.name, field.value, field.low,
                         field.high);
    }
  }
  return {};
}

/// Operands are scaled by at most 1, so that |x| <= 255 * 2^20 and their sum fit 32 bits.
std::string add_fault(const mw_vector_descriptor& d) {
  return first_fault({{"elements", d.elements, 1, INT32_MAX},
                      element("zero_point", d.zero_point, d.output_bits),
                      {"add_left_shift", d.add_left_shift, 0, 20},
                      element("add_zero_point_a", d.add_zero_point_a, d.a_bits),
                      element("add_zero_point_b", d.add_zero_point_b, d.b_bits),
                      {"add_multiplier_a", d.add_multiplier_a, 0, INT32_MAX},
                      {"add_exponent_a", d.add_exponent_a, -31, 0},
                      {"add_multiplier_b", d.add_multiplier_b, 0, INT32_MAX},
                      {"add_exponent_b", d.add_exponent_b, -31, 0},
                      {"add_multiplier", d.add_multiplier, 0, INT32_MAX},
                      {"add_exponent", d.add_exponent, -31, 30}});
}

std::string pool_fault(const mw_conv_geometry& g) {
  std::string fault = geometry_fault(g);
  if (fault.empty()) {
    fault = first_fault({{"output_c", g.output_c, g.input_c, g.input_c},
                         {"dilation_h", g.dilation_h, 1, 1},
                         {"dilation_w", g.dilation_w, 1, 1},
                         {"window", std::int64_t{g.kernel_h} * g.kernel_w, 1, kMostTaps}});
  }
  return fault;
}

/// Most ifmap rows that `rows` output rows look at.
std::int64_t pool_input_rows(const mw_conv_geometry& g, std::int64_t rows) {
  return std::min<std::int64_t>((rows - 1) * g.stride_h + g.kernel_h, g.input_h);
}

VectorTileBytes rooms(const EngineShape& shape) {
  return {shape.buffers.at(shape.vector_input).bytes, shape.buffers.at(shape.vector_output).bytes};
}

bool fits(const VectorTileBytes& tile, int copies, const EngineShape& shape) {
  const VectorTileBytes room = rooms(shape);
  return copies * tile.input <= room.input && copies * tile.output <= room.output;
}

/// Fewest elements of an addition that end at a multiple of `bytes` bytes, a power of two, in all
/// its tensors.
std::int64_t add_granule(const mw_vector_descriptor& d, std::int64_t bytes) {
  std::int64_t most = 1;
  for (const std::int64_t bits : {d.a_bits, d.b_bits, d.output_bits}) {
    most = std::max(most, 8 * bytes / std::gcd(8 * bytes, bits));
  }
  return most;
}

/// Most elements of an addition of which `copies` tiles fit, to whole `granule`s.
std::int64_t most_elements(const mw_vector_descriptor& d, std::int64_t copies, std::int64_t granule,
                           const EngineShape& shape) {
  const VectorTileBytes room = rooms(shape);
  const std::int64_t most = std::min(8 * (room.input / copies) / (d.a_bits + d.b_bits),
                                     8 * (room.output / copies) / d.output_bits);
  return most - most % granule;
}

/// As much as fits once: all, or what ends at a byte.
std::int64_t single_add_tile(const mw_vector_descriptor& d, const EngineShape& shape) {
  return fits(vector_tile_bytes(d, d.elements), 1, shape)
             ? d.elements
             : most_elements(d, 1, add_granule(d, 1), shape);
}

/// A multiple of the granule twice, else as much as fits once.
std::int64_t add_tile(const mw_vector_descriptor& d, const EngineShape& shape) {
  const std::int64_t twice = most_elements(d, 2, add_granule(d, kAddTileGranule), shape);
  return twice > 0 ? std::min<std::int64_t>(twice, d.elements) : single_add_tile(d, shape);
}

bool rows_fill_bytes(const mw_vector_descriptor& d) {
  const mw_conv_geometry& g = d.geometry;
  return std::int64_t{g.input_w} * g.input_c * d.a_bits % 8 == 0 &&
         std::int64_t{g.output_w} * g.output_c * d.output_bits % 8 == 0;
}

/// Why tiles end inside a byte; a single one may end in the tensor's last.
std::string tile_end_fault(const mw_vector_descriptor& d) {
  if (vector_tiles(d) == 1) {
    return {};
  }
  if (d.operation == MW_VECTOR_ADD) {
    const std::int64_t granule = add_granule(d, 1);
    return d.tile % granule == 0
               ? std::string{}
               : fmt::format("tiles of {} elements end inside a byte, multiples of {} would not",
                             d.tile, granule);
  }
  const mw_conv_geometry& g = d.geometry;
  return rows_fill_bytes(d) ? std::string{}
                            : fmt::format(
                                  "rows of {} and {} pixels with {} channels of {} bits end inside "
                                  "a byte, so that "
                                  "one tile must have all of one image",
                                  g.input_w, g.output_w, g.input_c, d.a_bits);
}

/// Most output rows of which `copies` tiles fit.
std::int32_t most_pool_rows(const mw_vector_descriptor& d, int copies, const EngineShape& shape) {
  if (!rows_fill_bytes(d)) {
    return fits(vector_tile_bytes(d, d.geometry.output_h), copies, shape) ? d.geometry.output_h : 0;
  }
  std::int32_t enough = 0;
  std::int32_t too_many = d.geometry.output_h + 1;
  while (too_many - enough > 1) {
    const std::int32_t rows = enough + (too_many - enough) / 2;
    (fits(vector_tile_bytes(d, rows), copies, shape) ? enough : too_many) = rows;
  }
  return enough;
}

}  // namespace

VectorTileBytes pool_row_bytes(const mw_vector_descriptor& fields, std::int64_t input_rows,
                               std::int64_t output_rows) {
  const mw_conv_geometry& g = fields.geometry;
  return {workloads::packed_bytes(input_rows * g.input_w * g.input_c, fields.a_bits),
          workloads::packed_bytes(output_rows * g.output_w * g.output_c, fields.output_bits)};
}

VectorTileBytes vector_tile_bytes(const mw_vector_descriptor& fields, std::int64_t tile) {
  if (fields.operation == MW_VECTOR_ADD) {
    return {
        workloads::packed_bytes(tile, fields.a_bits) + workloads::packed_bytes(tile, fields.b_bits),
        workloads::packed_bytes(tile, fields.output_bits)};
  }
  return pool_row_bytes(fields, pool_input_rows(fields.geometry, tile), tile);
}

std::int64_t vector_tiles(const mw_vector_descriptor& fields) {
  return fields.operation == MW_VECTOR_ADD
             ? base::divide_up(fields.elements, fields.tile)
             : fields.geometry.batch *
                   std::int64_t{base::divide_up(fields.geometry.output_h, fields.tile)};
}

std::int32_t vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape) {
  if (fields.operation == MW_VECTOR_ADD) {
    return static_cast<std::int32_t>(add_tile(fields, shape));
  }
  const std::int32_t twice = most_pool_rows(fields, 2, shape);
  return twice > 0 ? twice : most_pool_rows(fields, 1, shape);
}

std::int64_t largest_vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape) {
  return fields.operation == MW_VECTOR_ADD ? single_add_tile(fields, shape)
                                           : most_pool_rows(fields, 1, shape);
}

std::string vector_range_fault(const mw_vector_descriptor& fields) {
  std::string fault =
      first_fault({{"operation", fields.operation, MW_VECTOR_ADD, MW_VECTOR_MAX_POOL},
                   {"a_bits", fields.a_bits, 2, 8},
                   {"b_bits", fields.b_bits, 2, 8},
                   {"output_bits", fields.output_bits, 2, 8}});
  if (fault.empty()) {
    const std::int32_t highest = workloads::highest_element(fields.output_bits);
    fault = first_fault({element("clamp_low", fields.clamp_low, fields.output_bits),
                         {"clamp_high", fields.clamp_high, fields.clamp_low, highest}});
  }
  if (fault.empty()) {
    fault = fields.operation == MW_VECTOR_ADD ? add_fault(fields) : pool_fault(fields.geometry);
  }
  return fault;
}

std::string vector_fault(const mw_vector_descriptor& fields, const EngineShape& shape) {
  std::string fault = vector_range_fault(fields);
  if (fault.empty()) {
    fault = first_fault({{"tile", fields.tile, 1, INT32_MAX}});
  }
  if (fault.empty()) {
    fault = first_fault({{"the number of tiles", vector_tiles(fields), 1, kMostVectorTiles}});
  }
  if (fault.empty()) {
    fault = tile_end_fault(fields);
  }
  if (!fault.empty()) {
    return fault;
  }
  const std::int32_t whole =
      fields.operation == MW_VECTOR_ADD ? fields.elements : fields.geometry.output_h;
  const VectorTileBytes tile = vector_tile_bytes(fields, std::min(fields.tile, whole));
  const auto fault_of = [&](const char* part, std::int64_t bytes, BufferId buffer) {
    return buffer_fault(part, static_cast<std::uint64_t>(bytes), shape.buffers.at(buffer).name,
                        shape.buffers.at(buffer).bytes);
  };
  fault = fault_of("the operands of a tile", tile.input, shape.vector_input);
  const std::string behind = fault_of("the results of a tile", tile.output, shape.vector_output);
  return fault + (fault.empty() || behind.empty() ? "" : "; ") + behind;
}

}  // namespace milliwatt::dataflows
