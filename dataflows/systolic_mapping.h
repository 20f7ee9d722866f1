// SPDX-License-Identifier: Apache-2.0
// The weight-stationary mapping of a convolution onto a systolic array of R rows and C columns.
//
// The convolution is a matrix product: T output pixels x K taps times K taps x N filters, with
// k = (ky * kernel_w + kx) * input_c + c. A *fold* keeps up to R consecutive taps of up to C
// filters in the array while the pixels of one tile stream past; folds over k accumulate in the
// accumulator buffer. A *column tile* is C filters; a *pixel tile* is tile_h x tile_w outputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataflows/conv_geometry.h"
#include "dataflows/jobs.h"
#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// What the mapping needs to know of the array and its buffers.
struct SystolicShape {
  std::int32_t rows = 16;
  std::int32_t columns = 16;
  std::uint32_t input_buffer_bytes = 0;
  std::uint32_t weight_buffer_bytes = 0;  ///< also holds the requantization table of a column tile
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

/// How a convolution is cut up.
struct SystolicMapping {
  std::int32_t tile_h = 1;
  std::int32_t tile_w = 1;
  bool pixel_tiles_outer = false;
  bool weights_per_fold = false;
};

/// A decoded mw_systolic_descriptor: places are bus addresses.
struct SystolicCommand {
  ConvGeometry geometry{};
  SystolicMapping mapping;
  std::int32_t input_zero_point = 0;
  std::int32_t output_zero_point = 0;
  std::int32_t clamp_low = -128;
  std::int32_t clamp_high = 127;
  std::uint64_t ifmap = 0;
  std::uint64_t weights = 0;
  std::uint64_t parameters = 0;
  std::uint64_t ofmap = 0;
};

/// One compute step of the array: job number Step::job.
struct Fold {
  // The output tile: pixel p of the stream is (output_y + p / tile_w, output_x + p % tile_w).
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
  std::int32_t k_begin = 0;
  std::int32_t rows = 0;            ///< array rows in use: taps [k_begin, k_begin + rows)
  std::int32_t columns = 0;         ///< array columns in use: filters of the column tile
  std::uint32_t weight_offset = 0;  ///< of the fold's [rows][columns] weights in the weight slot
  std::int32_t filter_begin = 0;    ///< first filter of the column tile
  bool accumulate = false;          ///< add to the sums in the slot instead of replacing them
  SlotId ifmap = 0;
  SlotId weights = 0;
  SlotId sums = 0;  ///< int32 [pixels][columns]

  std::int64_t pixels() const { return std::int64_t{tile_h} * tile_w; }
};

/// Cycles of a fold of the default PE (docs/models/systolic.md):
///   R             weights move down the columns, one row a cycle
///   T + R + c - 2 T pixels stream; the last leaves the bottom of used column c - 1
/// 2R + T + c - 2 in all. Rows not in use still delay the sums; columns not in use do not.
std::int64_t fold_cycles(const SystolicShape& shape, std::int64_t pixels, std::int32_t columns);

/// A command's steps and all jobs that they name.
struct SystolicProgram {
  Command command;
  std::vector<Fold> folds;
};

/// Most folds of one command: its schedule stays within a gigabyte, its job numbers within 32 bits.
constexpr std::int64_t kMostFolds = 1 << 21;

/// The gate of `expand`: empty when the geometry makes sense, the mapping has at most kMostFolds
/// folds and its tiles fit the buffers; otherwise what is wrong and by how much.
std::string misfit(const ConvGeometry& geometry, const SystolicMapping& mapping,
                   const SystolicShape& shape);

/// Expands a command to its steps. The planner costs, the shell executes, and the estimate walks
/// the same expansion. Throws SimulationError with the `misfit`.
SystolicProgram expand(const SystolicCommand& command, const SystolicShape& shape);

}  // namespace milliwatt::dataflows
