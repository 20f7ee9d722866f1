// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_mapping.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "base/integer_math.h"
#include "dataflows/schedule_testing.h"
#include "dataflows/systolic_task.h"
#include "dataflows/systolic_testing.h"
#include "workloads/packing.h"

namespace milliwatt::dataflows {
namespace {

using base::divide_up;
using testing::array_of;
using testing::Case;
using testing::Dice;

/// The command as the machine decodes it from the task's descriptor.
SystolicCommand decode(const EngineTask& task) {
  mw_systolic_descriptor d;
  const std::vector<std::uint8_t> bytes = task.descriptor({{{}}, {{}, {}}, {{}}, {}}, 0);
  EXPECT_EQ(bytes.size(), sizeof d);
  std::memcpy(&d, bytes.data(), sizeof d);
  SystolicCommand command;
  command.geometry = d.geometry;
  command.groups = d.groups;
  command.bits = bits_of(d);
  command.mapping = mapping_of(d);
  command.input_zero_point = d.input_zero_point;
  command.output_zero_point = d.output_zero_point;
  command.clamp_low = d.clamp_low;
  command.clamp_high = d.clamp_high;
  return command;
}

/// A fold by definition. `pixel` looks at the image through the part that is in the slot.
class PlainFold {
 public:
  PlainFold(const SystolicCommand& command, const Fold& fold, const std::uint8_t* ifmap,
            const std::uint8_t* weights)
      : g_{command.geometry},
        bits_{command.bits},
        f_{fold},
        zero_point_{command.input_zero_point},
        ifmap_{ifmap},
        weights_{weights} {}

  std::int32_t sum(std::int32_t pixel, std::int32_t filter) const {
    std::int32_t sum = 0;
    for (std::int32_t tap = 0; tap < f_.taps; ++tap) {
      const auto at = f_.first_weight + tap * f_.filters + filter;
      sum += operand(f_.first_pixel + pixel, f_.k_begin + tap) *
             workloads::load_element(weights_, at, bits_.weights);
    }
    return sum;
  }

 private:
  std::int32_t operand(std::int64_t pixel, std::int32_t k) const {
    const std::int64_t y = (f_.output_y + pixel / f_.tile_w) * g_.stride_h - g_.pad_top +
                           k / f_.channels / g_.kernel_w * g_.dilation_h;
    const std::int64_t x = (f_.output_x + pixel % f_.tile_w) * g_.stride_w - g_.pad_left +
                           k / f_.channels % g_.kernel_w * g_.dilation_w;
    if (y < 0 || y >= g_.input_h || x < 0 || x >= g_.input_w) {
      return zero_point_;
    }
    const std::int64_t row = y - f_.input_y;
    const std::int64_t column = x - f_.input_x;
    if (row < 0 || row >= f_.input_h || column < 0 || column >= f_.input_w) {
      throw std::logic_error("a fold looks at a pixel that was not loaded");
    }
    return workloads::load_element(
        ifmap_, (row * f_.input_w + column) * g_.input_c + f_.channel_begin + k % f_.channels,
        bits_.input);
  }

  const ConvGeometry& g_;
  const OperandBits& bits_;
  const Fold& f_;
  std::int32_t zero_point_;
  const std::uint8_t* ifmap_;
  const std::uint8_t* weights_;
};

void run_fold(const SystolicCommand& command, const Fold& fold, const Step& step,
              testing::FakeBuffers& buffers) {
  testing::require_read(step, fold.ifmap);
  testing::require_read(step, fold.weights);
  testing::require_written(step, fold.sums);
  const auto bytes = [](std::int64_t elements, int bits) {
    return static_cast<std::uint64_t>(workloads::packed_bytes(elements, bits));
  };
  const std::int64_t region = std::int64_t{fold.input_h} * fold.input_w * command.geometry.input_c;
  const std::int64_t weights = fold.first_weight + std::int64_t{fold.taps} * fold.filters;
  const PlainFold plain{command, fold, buffers.slot(fold.ifmap, bytes(region, command.bits.input)),
                        buffers.slot(fold.weights, bytes(weights, command.bits.weights))};
  const auto end = static_cast<std::uint64_t>((fold.first_pixel + fold.pixels) * fold.filters);
  std::uint8_t* sums = buffers.slot(fold.sums, 4 * end);
  for (std::int32_t pixel = 0; pixel < fold.pixels; ++pixel) {
    for (std::int32_t filter = 0; filter < fold.filters; ++filter) {
      std::uint8_t* target =
          sums + 4 * std::ptrdiff_t{(fold.first_pixel + pixel) * fold.filters + filter};
      std::int32_t old = 0;
      std::memcpy(&old, target, 4);
      const std::int32_t sum = plain.sum(pixel, filter) + (fold.accumulate ? old : 0);
      std::memcpy(target, &sum, 4);
    }
  }
}

testing::Bytes interpreted(const Case& c, const testing::Bytes& ifmap) {
  const auto task = systolic_task(c.graph, c.op(), c.shape, c.mapping);
  SystolicCommand command = decode(*task);
  testing::FakeMemory memory;
  command.ifmap = memory.add("ifmap", ifmap);
  command.weights = memory.add("weights", task->constants().at(0).bytes);
  command.parameters = memory.add("parameters", task->constants().at(1).bytes);
  command.ofmap =
      memory.add_output(static_cast<std::size_t>(c.graph.tensor(c.op().outputs[0]).bytes()));
  const SystolicProgram program = expand(command, c.shape);
  interpret(program.command, systolic_engine_shape(c.shape), memory,
            [&](const Step& step, testing::FakeBuffers& buffers) {
              run_fold(command, program.folds.at(step.job), step, buffers);
            });
  return memory.output();
}

/// Filters of each filter tile and taps of their dot products, by definition.
std::vector<std::pair<std::int64_t, std::int64_t>> filter_tiles(const Case& c) {
  const Convolution conv = c.convolution();
  const std::int64_t filters = conv.group_filters();
  const std::int64_t taps = conv.positions() * conv.group_channels();
  const std::int64_t most =
      c.shape.dataflow == Dataflow::kInputStationary ? filters : c.shape.columns;
  std::int64_t tile = c.mapping.filter_tile > 0
                          ? std::min(c.mapping.filter_tile, c.geometry().output_c)
                          : std::min(most, filters);
  if (c.mapping.filter_tile == 0 && tile < filters && !c.mapping.pixel_tiles_outer) {
    while (tile * conv.bits.output % 8 != 0) {  // each tile is stored alone
      --tile;
    }
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> tiles;
  if (tile > filters) {
    const std::int64_t groups = tile / filters;
    for (std::int64_t left = conv.groups; left > 0; left -= groups) {
      tiles.emplace_back(std::min(left, groups) * filters, std::min(left, groups) * taps);
    }
    return tiles;
  }
  for (std::int32_t group = 0; group < conv.groups; ++group) {
    for (std::int64_t left = filters; left > 0; left -= tile) {
      tiles.emplace_back(std::min(left, tile), taps);
    }
  }
  return tiles;
}

std::int64_t fold_taps_of(const Case& c) {
  return c.mapping.fold_taps > 0                           ? c.mapping.fold_taps
         : c.shape.dataflow == Dataflow::kOutputStationary ? 1 << 16
                                                           : c.shape.rows;
}

TEST(SystolicExpansion, ComputesTheConvolutionWhateverTheMapping) {
  Dice dice{20};
  std::set<std::uint8_t> values;
  int narrow = 0;
  int tiled = 0;
  for (int i = 0; i < 1600; ++i) {
    const Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    const testing::Bytes ifmap = dice.bytes(c.graph.tensors[0].bytes());
    const testing::Bytes expected = testing::narrow_reference(c.graph, {ifmap});
    ASSERT_EQ(interpreted(c, ifmap), expected);
    values.insert(expected.begin(), expected.end());
    const OperandBits bits = c.convolution().bits;
    narrow += bits.input < 8 && bits.weights < 8 && bits.output < 8 ? 1 : 0;
    tiled += bits.output < 8 && !c.mapping.pixel_tiles_outer && filter_tiles(c).size() > 1 ? 1 : 0;
  }
  EXPECT_GT(narrow, 50);
  EXPECT_GT(tiled, 25);
  EXPECT_EQ(values.size(), 256u);  // not all clamped
}

TEST(SystolicExpansion, HasAFoldForEachPartOfTheProduct) {
  Dice dice{21};
  for (int i = 0; i < 800; ++i) {
    const Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    const SystolicProgram program = expand(c.command(), c.shape);
    const ConvGeometry g = c.geometry();
    const Dataflow dataflow = c.shape.dataflow;
    const std::int64_t fold_taps = fold_taps_of(c);
    const std::int64_t fold_pixels = dataflow == Dataflow::kOutputStationary  ? c.shape.rows
                                     : dataflow == Dataflow::kInputStationary ? c.shape.columns
                                                                              : INT32_MAX;
    std::int64_t folds = 0;
    std::int64_t jobs = 0;
    std::int64_t macs = 0;
    for (std::int64_t y = 0; y < g.output_h; y += c.mapping.tile_h) {
      for (std::int64_t x = 0; x < g.output_w; x += c.mapping.tile_w) {
        const std::int64_t pixels = std::min<std::int64_t>(c.mapping.tile_h, g.output_h - y) *
                                    std::min<std::int64_t>(c.mapping.tile_w, g.output_w - x);
        for (const auto& [filters, taps] : filter_tiles(c)) {
          folds += g.batch * divide_up(pixels, fold_pixels) * divide_up(taps, fold_taps);
          macs += g.batch * pixels * filters * taps;
          ++jobs;
        }
      }
    }
    EXPECT_EQ(static_cast<std::int64_t>(program.folds.size()), folds);
    EXPECT_EQ(static_cast<std::int64_t>(program.command.output_jobs.size()), g.batch * jobs);
    std::int64_t counted = 0;
    for (const Fold& fold : program.folds) {
      counted += std::int64_t{fold.pixels} * fold.taps * fold.filters;
    }
    EXPECT_EQ(counted, macs);
    if (c.convolution().groups == 1) {
      EXPECT_EQ(macs, workloads::macs(c.graph, c.op()));
    }
  }
}

/// What the mapping keeps resident is loaded once: with room for everything, each tensor's bytes.
TEST(SystolicExpansion, LoadsEachTensorOnceWhenAllOfItFits) {
  Dice dice{22};
  for (int i = 0; i < 100; ++i) {
    Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    const Dataflow dataflow = c.shape.dataflow;
    c.shape = array_of(c.shape.rows, c.shape.columns);
    c.shape.dataflow = dataflow;
    SystolicCommand command = c.command();
    // One pixel tile per image, so that no halo is loaded twice.
    command.mapping.tile_h = c.geometry().output_h;
    command.mapping.tile_w = c.geometry().output_w;
    const SystolicProgram program = expand(command, c.shape);
    std::int64_t weights = 0;
    std::int64_t parameters = 0;
    std::int64_t ifmap = 0;
    for (const Transfer& t : program.command.schedule.transfers) {
      const auto bytes = static_cast<std::int64_t>(t.bytes());
      weights += t.tensor_class == base::TensorClass::kWeights ? bytes : 0;
      parameters += t.tensor_class == base::TensorClass::kParameters ? bytes : 0;
      ifmap += t.tensor_class == base::TensorClass::kIfmap ? bytes : 0;
    }
    std::int64_t packed = 0;
    std::int64_t parts = 0;
    const int bits = c.convolution().bits.weights;
    for (const auto& [filters, taps] : filter_tiles(c)) {
      const std::int64_t step = c.mapping.weights_per_fold ? fold_taps_of(c) : taps;
      for (std::int64_t first = 0; first < taps; first += step, ++parts) {
        packed += divide_up(std::min(step, taps - first) * filters * bits, 8);
      }
    }
    EXPECT_EQ(weights, packed);
    if (c.convolution().groups == 1) {
      EXPECT_GE(packed, c.graph.tensors[1].bytes());
      EXPECT_LT(packed, c.graph.tensors[1].bytes() + (bits < 8 ? parts : 1));
    }
    EXPECT_LE(ifmap, c.graph.tensors[0].bytes());
    const std::int64_t table = std::int64_t{c.geometry().output_c} * 12;
    const bool tables_alternate = c.mapping.weights_per_fold && c.mapping.pixel_tiles_outer;
    if (tables_alternate) {
      EXPECT_GE(parameters, table);  // two tables at a time, all of them for each image
    } else {
      EXPECT_EQ(parameters, table);
    }
  }
}

TEST(FoldCycles, LoadStreamAndDrain) {
  // 4 rows: 4 cycles to load or to drain, S + 4 + c - 2 to stream.
  EXPECT_EQ(fold_cycles(4, {1, 1, 1}), 4 + 1 + 4 + 1 - 2);
  EXPECT_EQ(fold_cycles(4, {4, 4, 10}), 4 + 10 + 4 + 4 - 2);
  EXPECT_EQ(fold_cycles(4, {4, 3, 10}), 4 + 10 + 4 + 3 - 2);  // a column less
  EXPECT_EQ(fold_cycles(4, {1, 4, 10}), 4 + 10 + 4 + 4 - 2);  // rows in use do not matter
  EXPECT_EQ(fold_cycles(1, {1, 1, 1}), 1 + 1 + 1 + 1 - 2);
}

TEST(ArrayUse, SaysWhatIsInRowsAndColumnsAndWhatStreams) {
  const auto use = [](Dataflow dataflow) {
    const ArrayUse u = array_use(dataflow, 5, 6, 7);  // pixels, taps, filters
    return std::array<std::int64_t, 3>{u.rows, u.columns, u.stream};
  };
  EXPECT_EQ(use(Dataflow::kWeightStationary), (std::array<std::int64_t, 3>{6, 7, 5}));
  EXPECT_EQ(use(Dataflow::kOutputStationary), (std::array<std::int64_t, 3>{5, 7, 6}));
  EXPECT_EQ(use(Dataflow::kInputStationary), (std::array<std::int64_t, 3>{6, 5, 7}));
}

TEST(SystolicEngineShape, HasAUnitForStoresOnDemand) {
  SystolicShape shape = array_of(4, 3);
  EXPECT_EQ(systolic_engine_shape(shape).units.size(), 4u);
  EXPECT_EQ(systolic_engine_shape(shape).units.at(kLoadUnit).kind, UnitKind::kDma);
  shape.separate_store_channel = true;
  EXPECT_EQ(systolic_engine_shape(shape).units.at(kStoreUnit).kind, UnitKind::kDma);
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kInputBuffer).banks, 4u);
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kAccumulatorBuffer).banks, 3u);
  shape.dataflow = Dataflow::kInputStationary;  // inputs enter at the top, weights at the left
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kInputBuffer).banks, 3u);
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kWeightBuffer).banks, 4u);
}

}  // namespace
}  // namespace milliwatt::dataflows
