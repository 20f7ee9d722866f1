// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_mapping.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "base/integer_math.h"
#include "dataflows/schedule_testing.h"
#include "dataflows/systolic_task.h"
#include "dataflows/systolic_testing.h"
#include "workloads/reference.h"

namespace milliwatt::dataflows {
namespace {

using base::divide_up;
using testing::array_of;
using testing::Case;
using testing::Dice;

/// The command as the machine decodes it from the task's descriptor.
SystolicCommand decode(const EngineTask& task) {
  mw_systolic_descriptor d;
  const std::vector<std::uint8_t> bytes = task.descriptor({{{}}, {{}, {}}, {}}, 0);
  EXPECT_EQ(bytes.size(), sizeof d);
  std::memcpy(&d, bytes.data(), sizeof d);
  SystolicCommand command;
  command.geometry = d.geometry;
  command.mapping = {d.tile_h, d.tile_w, d.pixel_tiles_outer != 0, d.weights_per_fold != 0};
  command.input_zero_point = d.input_zero_point;
  command.output_zero_point = d.output_zero_point;
  command.clamp_low = d.clamp_low;
  command.clamp_high = d.clamp_high;
  return command;
}

/// A fold by definition. `pixel` looks at the image through the part that is in the slot.
class PlainFold {
 public:
  PlainFold(const ConvGeometry& geometry, const Fold& fold, std::int32_t zero_point,
            const std::uint8_t* ifmap, const std::uint8_t* weights)
      : g_{geometry}, f_{fold}, zero_point_{zero_point}, ifmap_{ifmap}, weights_{weights} {}

  std::int32_t sum(std::int64_t pixel, std::int32_t column) const {
    std::int32_t sum = 0;
    for (std::int32_t row = 0; row < f_.rows; ++row) {
      const auto at = f_.weight_offset + static_cast<std::uint32_t>(row * f_.columns + column);
      sum += operand(pixel, f_.k_begin + row) * static_cast<std::int8_t>(weights_[at]);
    }
    return sum;
  }

 private:
  std::int32_t operand(std::int64_t pixel, std::int32_t k) const {
    const std::int64_t y = (f_.output_y + pixel / f_.tile_w) * g_.stride_h - g_.pad_top +
                           k / g_.input_c / g_.kernel_w * g_.dilation_h;
    const std::int64_t x = (f_.output_x + pixel % f_.tile_w) * g_.stride_w - g_.pad_left +
                           k / g_.input_c % g_.kernel_w * g_.dilation_w;
    if (y < 0 || y >= g_.input_h || x < 0 || x >= g_.input_w) {
      return zero_point_;
    }
    const std::int64_t row = y - f_.input_y;
    const std::int64_t column = x - f_.input_x;
    if (row < 0 || row >= f_.input_h || column < 0 || column >= f_.input_w) {
      throw std::logic_error("a fold looks at a pixel that was not loaded");
    }
    return static_cast<std::int8_t>(
        ifmap_[(row * f_.input_w + column) * g_.input_c + k % g_.input_c]);
  }

  const ConvGeometry& g_;
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
  const auto region = static_cast<std::uint64_t>(fold.input_h) *
                      static_cast<std::uint64_t>(fold.input_w * command.geometry.input_c);
  const auto weights =
      static_cast<std::uint64_t>(fold.rows) * static_cast<std::uint64_t>(fold.columns);
  const auto sums = static_cast<std::uint64_t>(fold.pixels() * fold.columns);
  const PlainFold plain{command.geometry, fold, command.input_zero_point,
                        buffers.slot(fold.ifmap, region),
                        buffers.slot(fold.weights, fold.weight_offset + weights)};
  std::uint8_t* target = buffers.slot(fold.sums, 4 * sums);
  for (std::uint64_t i = 0; i < sums; ++i) {
    std::int32_t old = 0;
    std::memcpy(&old, target + 4 * i, 4);
    const auto pixel = static_cast<std::int64_t>(i) / fold.columns;
    const auto column = static_cast<std::int32_t>(i % static_cast<std::uint64_t>(fold.columns));
    const std::int32_t sum = plain.sum(pixel, column) + (fold.accumulate ? old : 0);
    std::memcpy(target + 4 * i, &sum, 4);
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

TEST(SystolicExpansion, ComputesTheConvolutionWhateverTheMapping) {
  Dice dice{20};
  std::set<std::uint8_t> values;
  for (int i = 0; i < 800; ++i) {
    const Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    const testing::Bytes ifmap = dice.bytes(c.graph.tensors[0].bytes());
    const testing::Bytes expected = run_reference(c.graph, {ifmap}).back();
    ASSERT_EQ(interpreted(c, ifmap), expected);
    values.insert(expected.begin(), expected.end());
  }
  EXPECT_EQ(values.size(), 256u);  // not all clamped
}

TEST(SystolicExpansion, HasAFoldForEachPartOfTheProduct) {
  Dice dice{21};
  for (int i = 0; i < 500; ++i) {
    const Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    SystolicCommand command;
    command.geometry = c.geometry();
    command.mapping = c.mapping;
    const SystolicProgram program = expand(command, c.shape);
    const ConvGeometry& g = command.geometry;
    const std::int64_t pixel_tiles = std::int64_t{g.batch} *
                                     divide_up(g.output_h, c.mapping.tile_h) *
                                     divide_up(g.output_w, c.mapping.tile_w);
    const std::int64_t column_tiles = divide_up(g.output_c, c.shape.columns);
    EXPECT_EQ(static_cast<std::int64_t>(program.folds.size()),
              divide_up(dot_length(g), c.shape.rows) * column_tiles * pixel_tiles);
    EXPECT_EQ(static_cast<std::int64_t>(program.command.output_jobs.size()),
              column_tiles * pixel_tiles);
    std::int64_t macs = 0;
    for (const Fold& fold : program.folds) {
      macs += fold.pixels() * fold.rows * fold.columns;
    }
    EXPECT_EQ(macs, workloads::macs(c.graph, c.op()));
  }
}

/// What the mapping keeps resident is loaded once: with room for everything, each tensor's bytes.
TEST(SystolicExpansion, LoadsEachTensorOnceWhenAllOfItFits) {
  Dice dice{22};
  for (int i = 0; i < 100; ++i) {
    Case c = random_case(dice);
    SCOPED_TRACE(describe(c));
    c.shape = array_of(c.shape.rows, c.shape.columns);
    SystolicCommand command;
    command.geometry = c.geometry();
    // One column tile per image, one pixel tile per image, so that no halo is loaded twice.
    command.mapping = {c.geometry().output_h, c.geometry().output_w, c.mapping.pixel_tiles_outer,
                       c.mapping.weights_per_fold};
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
    EXPECT_EQ(weights, c.graph.tensors[1].bytes());
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
  // A 4 x 4 array: 4 cycles to load, T + 4 + c - 2 to stream and drain.
  const SystolicShape square = array_of(4, 4);
  EXPECT_EQ(fold_cycles(square, 1, 1), 4 + 1 + 4 + 1 - 2);
  EXPECT_EQ(fold_cycles(square, 10, 4), 4 + 10 + 4 + 4 - 2);
  EXPECT_EQ(fold_cycles(square, 10, 3), fold_cycles(square, 10, 4) - 1);  // a column less
  EXPECT_EQ(fold_cycles(array_of(1, 1), 1, 1), 1 + 1 + 1 + 1 - 2);
}

TEST(SystolicEngineShape, HasAUnitForStoresOnDemand) {
  SystolicShape shape = array_of(4, 3);
  EXPECT_EQ(systolic_engine_shape(shape).units.size(), 4u);
  EXPECT_EQ(systolic_engine_shape(shape).units.at(kLoadUnit).kind, UnitKind::kDma);
  shape.separate_store_channel = true;
  EXPECT_EQ(systolic_engine_shape(shape).units.at(kStoreUnit).kind, UnitKind::kDma);
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kInputBuffer).banks, 4u);
  EXPECT_EQ(systolic_engine_shape(shape).buffers.at(kAccumulatorBuffer).banks, 3u);
}

}  // namespace
}  // namespace milliwatt::dataflows
