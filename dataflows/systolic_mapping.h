// SPDX-License-Identifier: Apache-2.0
// How a convolution runs on a systolic array of R rows and C columns.
//
// The convolution is a matrix product: T output pixels x K taps times K taps x N filters, with
// k = (ky * kernel_w + kx) * channels + c. The dataflow says which of the three stays in the array
// while a *fold* runs, and which streams past:
//
//   dataflow            rows     columns   streams   leaves at the bottom
//   weight stationary   taps     filters   pixels    partial sums, pixel by pixel
//   output stationary   pixels   filters   taps      sums, when all taps of the fold have passed
//   input stationary    taps     pixels    filters   partial sums, filter by filter
//
// Folds over k accumulate in the accumulator buffer. A *filter tile* is the filters of the sums
// that the accumulator buffer holds at a time, a *pixel tile* is tile_h x tile_w outputs. Of a
// grouped convolution a filter tile is a part of one group, or several whole groups: then each
// filter has zeros for the channels of the others (a block diagonal of weights).
//
// Operands and outputs of less than 8 bits lie packed in memory and in the buffers alike
// (workloads/packing.h); what is moved, held and fetched for the array follows their bits. Sums
// have 32 bits and a PE multiplies one pair of operands at a time, however narrow.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "abi/descriptor.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/jobs.h"
#include "dataflows/schedule.h"
#include "workloads/packing.h"

namespace milliwatt::dataflows {

enum class Dataflow : std::uint8_t { kWeightStationary, kOutputStationary, kInputStationary };

/// What the mapping needs to know of the array and its buffers.
struct SystolicShape {
  Dataflow dataflow = Dataflow::kWeightStationary;
  std::int32_t rows = 16;
  std::int32_t columns = 16;
  std::uint32_t input_buffer_bytes = 0;
  std::uint32_t weight_buffer_bytes = 0;  ///< also holds the requantization table of a filter tile
  std::uint32_t accumulator_buffer_bytes = 0;
  std::uint32_t output_buffer_bytes = 0;
  bool separate_store_channel = false;  ///< stores have a DMA channel of their own
  SharedUnits shared;
};

/// Units and buffers of a systolic engine, in this order.
enum SystolicUnit : UnitId { kLoadUnit = 0, kArrayUnit, kOutputUnit, kVectorUnit, kStoreUnit };
enum SystolicBuffer : BufferId {
  kInputBuffer = 0,
  kWeightBuffer,
  kAccumulatorBuffer,
  kOutputBuffer
};

/// Without a separate store channel there is no kStoreUnit and stores run on kLoadUnit.
EngineShape systolic_engine_shape(const SystolicShape& shape);

/// Bits of each element of the ifmap, the weights and the ofmap: 2 .. 8.
struct OperandBits {
  std::int32_t input = 8;
  std::int32_t weights = 8;
  std::int32_t output = 8;
};

/// A convolution whose channels and filters come in `groups`: filters of group g see the channels
/// of group g only. A depthwise convolution has a group for each channel.
struct Convolution {
  Convolution(const ConvGeometry& the_geometry, std::int32_t the_groups = 1,
              const OperandBits& the_bits = {})
      : geometry{the_geometry}, groups{the_groups}, bits{the_bits} {}

  std::int32_t group_channels() const { return geometry.input_c / groups; }
  std::int32_t group_filters() const { return geometry.output_c / groups; }
  /// Positions of a kernel: taps of one channel.
  std::int64_t positions() const { return std::int64_t{geometry.kernel_h} * geometry.kernel_w; }
  /// Bytes from pixel to pixel: pixels begin at a byte.
  std::int64_t input_pixel_bytes() const {
    return workloads::packed_bytes(geometry.input_c, bits.input);
  }
  std::int64_t output_pixel_bytes() const {
    return workloads::packed_bytes(geometry.output_c, bits.output);
  }

  ConvGeometry geometry;
  std::int32_t groups;
  OperandBits bits;
};

/// How a convolution is cut up.
struct SystolicMapping {
  std::int32_t tile_h = 1;
  std::int32_t tile_w = 1;
  bool pixel_tiles_outer = false;
  bool weights_per_fold = false;
  /// Filters of a tile: at most a group's, or a multiple of them; at most C but for input
  /// stationary. Unless pixel tiles are outside, each tile's outputs end at a byte. 0: as many of
  /// one group as may be.
  std::int32_t filter_tile = 0;
  /// Taps of a fold: at most R, or kMostFoldTaps for output stationary. 0: as many as may be.
  std::int32_t fold_taps = 0;

  bool operator==(const SystolicMapping& other) const {
    const auto all = [](const SystolicMapping& m) {
      return std::tie(m.tile_h, m.tile_w, m.pixel_tiles_outer, m.weights_per_fold, m.filter_tile,
                      m.fold_taps);
    };
    return all(*this) == all(other);
  }
};

/// Products of int8 of which any sum fits 32 bits: 2^16 * 2^14 = 2^30.
constexpr std::int32_t kMostFoldTaps = 1 << 16;

SystolicMapping mapping_of(const mw_systolic_descriptor& descriptor);
OperandBits bits_of(const mw_systolic_descriptor& descriptor);

/// A decoded mw_systolic_descriptor: places are bus addresses.
struct SystolicCommand {
  ConvGeometry geometry{};
  std::int32_t groups = 1;
  OperandBits bits;
  SystolicMapping mapping;
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  std::int32_t clamp_low = -128;
  std::int32_t clamp_high = 127;
  std::uint64_t ifmap = 0;
  std::uint64_t weights = 0;
  std::uint64_t parameters = 0;
  std::uint64_t ofmap = 0;

  Convolution convolution() const { return {geometry, groups, bits}; }
};

/// One compute step of the array: job number Step::job.
struct Fold {
  // The output tile: its pixel p is (output_y + p / tile_w, output_x + p % tile_w).
  std::int32_t output_y = 0;
  std::int32_t output_x = 0;
  std::int32_t tile_h = 0;
  std::int32_t tile_w = 0;
  // The part of the ifmap in its slot: rows [input_y, +input_h), columns [input_x, +input_w), all
  // channels, packed. Taps outside the image stream the input zero point.
  std::int32_t input_y = 0;
  std::int32_t input_x = 0;
  std::int32_t input_h = 0;
  std::int32_t input_w = 0;
  // The part of the product.
  std::int32_t first_pixel = 0;  ///< of the tile
  std::int32_t pixels = 0;
  std::int32_t channel_begin = 0;  ///< of the filter tile, whose taps are k of `channels` channels
  std::int32_t channels = 0;
  std::int32_t k_begin = 0;
  std::int32_t taps = 0;
  std::int32_t filter_begin = 0;  ///< of the filter tile
  std::int32_t filters = 0;
  std::int64_t first_weight = 0;  ///< of the fold's [taps][filters] among those in the weight slot
  bool accumulate = false;        ///< add to the sums in the slot instead of replacing them
  SlotId ifmap = 0;
  SlotId weights = 0;
  SlotId sums = 0;  ///< int32 [tile_h * tile_w][filters]
};

/// Rows and columns that a fold uses, and elements that stream past each of them.
struct ArrayUse {
  std::int32_t rows = 0;
  std::int32_t columns = 0;
  std::int64_t stream = 0;
};
ArrayUse array_use(Dataflow dataflow, std::int64_t pixels, std::int32_t taps, std::int32_t filters);
inline ArrayUse array_use(Dataflow dataflow, const Fold& fold) {
  return array_use(dataflow, fold.pixels, fold.taps, fold.filters);
}

/// Cycles of a fold of the default PE with c columns in use and a stream of S elements
/// (docs/models/systolic.md):
///   weight and input stationary: R cycles in which the stationary operand moves down the columns,
///                                then S + R + c - 2 until the last sum has left column c - 1
///   output stationary:           S + R + c - 2 cycles until the last PE has its last product,
///                                then R in which the sums of column c - 1 move down
/// 2R + S + c - 2 in all. Rows not in use still take their part; columns not in use do not.
std::int64_t fold_cycles(std::int32_t array_rows, const ArrayUse& use);

/// A command's steps and all jobs that they name.
struct SystolicProgram {
  Command command;
  std::vector<Fold> folds;
};

/// Most folds of one command: its schedule stays within a gigabyte, its job numbers within 32 bits.
constexpr std::int64_t kMostFolds = 1 << 21;

/// What is wrong with a convolution whatever the mapping, also that its pixels do not begin at
/// bytes; empty when nothing is.
std::string convolution_fault(const Convolution& convolution);

/// The gate of `expand`: empty when the convolution makes sense, the mapping cuts it as the
/// dataflow allows, into at most kMostFolds folds (counting each tile as a full one), and its tiles
/// fit the buffers; otherwise what is wrong and by how much.
std::string misfit(const Convolution& convolution, const SystolicMapping& mapping,
                   const SystolicShape& shape);

/// Whether `misfit` is empty, for a convolution without fault: the same question without words.
bool fits(const Convolution& convolution, const SystolicMapping& mapping,
          const SystolicShape& shape);

/// Expands a command to its steps. The planner costs, the shell executes, and the estimate walks
/// the same expansion. Throws SimulationError with the `misfit`.
SystolicProgram expand(const SystolicCommand& command, const SystolicShape& shape);

}  // namespace milliwatt::dataflows
