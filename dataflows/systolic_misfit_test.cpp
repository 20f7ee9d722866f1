// SPDX-License-Identifier: Apache-2.0
// The gate of the expansion, both sides of each of its conditions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"
#include "dataflows/systolic_testing.h"

namespace milliwatt::dataflows {
namespace {

using testing::array_of;
using testing::Case;
using testing::Dice;
using ::testing::HasSubstr;

/// 4 x 4 outputs of a 3 x 3 kernel over 6 x 6 x 2, 5 filters, on a 4 x 3 array.
constexpr ConvGeometry kGeometry{1, 6, 6, 2, 4, 4, 5, 3, 3, 1, 1, 1, 1, 0, 0};

/// A shape of which one buffer has `bytes`.
SystolicShape with(std::uint32_t SystolicShape::*buffer, std::uint32_t bytes) {
  SystolicShape shape = array_of(4, 3);
  shape.*buffer = bytes;
  return shape;
}

void expect_gate(const SystolicMapping& mapping, std::uint32_t SystolicShape::*buffer,
                 std::uint32_t bytes, const char* text) {
  SystolicCommand command;
  command.geometry = kGeometry;
  command.mapping = mapping;
  EXPECT_EQ(misfit(kGeometry, mapping, with(buffer, bytes)), "");
  EXPECT_NO_THROW(expand(command, with(buffer, bytes)));
  EXPECT_EQ(misfit(kGeometry, mapping, with(buffer, bytes - 1)), text);
  EXPECT_THROW(expand(command, with(buffer, bytes - 1)), base::SimulationError);
}

TEST(SystolicMisfit, IfmapOfATile) {
  // Tiles of 2 x 4 outputs look at (2 + 3 - 1) x 6 x 2 = 48 bytes.
  expect_gate({2, 4, false, false}, &SystolicShape::input_buffer_bytes, 48,
              "no room for the ifmap of a tile of 48 bytes; accelerator.input_buffer: 47 B -> at "
              "least 48 B (1 byte more)");
}

TEST(SystolicMisfit, WeightsOfAColumnTileAndItsTable) {
  // 18 taps of 3 filters and 3 rows of 12 bytes: 54 + 36 = 90.
  expect_gate({4, 4, false, false}, &SystolicShape::weight_buffer_bytes, 90,
              "no room for the weights and the requantization table of a tile of 90 bytes; "
              "accelerator.weight_buffer: 89 B -> at least 90 B (1 byte more)");
}

TEST(SystolicMisfit, WeightsOfAFoldAndATable) {
  // 4 taps of 3 filters and 3 rows of 12 bytes: 12 + 36 = 48.
  expect_gate({4, 4, false, true}, &SystolicShape::weight_buffer_bytes, 48,
              "no room for the weights and the requantization table of a tile of 48 bytes; "
              "accelerator.weight_buffer: 47 B -> at least 48 B (1 byte more)");
}

TEST(SystolicMisfit, SumsOfATile) {
  // 8 pixels of 3 filters, 4 bytes each.
  expect_gate({2, 4, false, false}, &SystolicShape::accumulator_buffer_bytes, 96,
              "no room for the sums of a tile of 96 bytes; accelerator.accumulator_buffer: 95 B -> "
              "at least 96 B (1 byte more)");
}

TEST(SystolicMisfit, OfmapOfATile) {
  // 8 pixels of one column tile, or of all 5 filters.
  expect_gate({2, 4, false, false}, &SystolicShape::output_buffer_bytes, 24,
              "no room for the ofmap of a tile of 24 bytes; accelerator.output_buffer: 23 B -> at "
              "least 24 B (1 byte more)");
  expect_gate({2, 4, true, false}, &SystolicShape::output_buffer_bytes, 40,
              "no room for the ofmap of a tile of 40 bytes; accelerator.output_buffer: 39 B -> at "
              "least 40 B (1 byte more)");
}

TEST(SystolicMisfit, NamesEveryBuffer) {
  const std::string all = misfit(kGeometry, {4, 4, false, false}, array_of(4, 3, 1));
  for (const char* buffer :
       {"input_buffer", "weight_buffer", "accumulator_buffer", "output_buffer"}) {
    EXPECT_THAT(all, HasSubstr(buffer));
  }
}

TEST(SystolicMisfit, ExpandThrowsExactlyWhenSomethingDoesNotFit) {
  Dice dice{23};
  int misfits = 0;
  for (int i = 0; i < 500; ++i) {
    Case c = random_case(dice);
    std::uint32_t SystolicShape::*const buffer = testing::kBuffers[dice.roll(0, 3)];
    c.shape.*buffer =
        testing::smallest(buffer, c.shape, c.convolution(), c.mapping) - dice.roll(0, 1);
    const SystolicCommand command = c.command();
    if (misfit(c.convolution(), c.mapping, c.shape).empty()) {
      EXPECT_NO_THROW(expand(command, c.shape)) << describe(c);
    } else {
      ++misfits;
      EXPECT_THROW(expand(command, c.shape), base::SimulationError) << describe(c);
    }
  }
  EXPECT_GT(misfits, 150);  // about half
  EXPECT_LT(misfits, 350);
}

TEST(SystolicMisfit, LargerBuffersFitWhateverSmallerOnesDid) {
  Dice dice{24};
  for (int i = 0; i < 500; ++i) {
    Case c = random_case(dice);
    ASSERT_EQ(misfit(c.convolution(), c.mapping, c.shape), "");
    c.shape.*testing::kBuffers[dice.roll(0, 3)] += static_cast<std::uint32_t>(dice.roll(1, 500));
    EXPECT_EQ(misfit(c.convolution(), c.mapping, c.shape), "") << describe(c);
  }
}

/// Tables of 2 rows, 24 bytes; weights of 60 taps of 2 filters, 120 bytes. Two tables and the
/// weights take 168 bytes, one table and the weights 144.
TEST(SystolicMisfit, OneTableIsEnough) {
  ConvGeometry g{1, 1, 1, 60, 1, 1, 4, 1, 1, 1, 1, 1, 1, 0, 0};
  SystolicShape shape = array_of(60, 2);
  const auto slots = [&](std::uint32_t bytes) {
    shape.weight_buffer_bytes = bytes;
    SystolicCommand command;
    command.geometry = g;
    command.mapping = {1, 1, false, true};
    const SystolicProgram program = expand(command, shape);
    int tables = 0;
    int weights = 0;
    for (const Slot& slot : program.command.schedule.slots) {
      tables += slot.buffer == kWeightBuffer && slot.bytes == 24 ? 1 : 0;
      weights += slot.buffer == kWeightBuffer && slot.bytes == 120 ? 1 : 0;
    }
    return std::pair{tables, weights};
  };
  EXPECT_EQ(slots(168), (std::pair{2, 1}));
  EXPECT_EQ(slots(167), (std::pair{1, 1}));
  EXPECT_EQ(slots(144), (std::pair{1, 1}));
  g.output_c = 2;  // one column tile has one table
  EXPECT_EQ(slots(1000), (std::pair{1, 1}));
  shape.weight_buffer_bytes = 143;
  EXPECT_NE(misfit(g, {1, 1, false, true}, shape), "");
}

TEST(SystolicMisfit, BoundsTheNumberOfFolds) {
  // 2^11 x 2^10 pixels one by one, one tap, one filter: 2^21 folds, the most there may be.
  ConvGeometry g{1, 1 << 11, 1 << 10, 1, 1 << 11, 1 << 10, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  EXPECT_EQ(misfit(g, {1, 1, false, false}, array_of(1, 1)), "");
  // 3 x 699051 pixels are one more; two at a time are half as many.
  g.input_h = g.output_h = 3;
  g.input_w = g.output_w = 699051;
  EXPECT_EQ(misfit(g, {1, 1, false, false}, array_of(1, 1)),
            "the mapping has more than 2097152 folds");
  EXPECT_EQ(misfit(g, {1, 2, false, false}, array_of(1, 1)), "");
}

TEST(SystolicMisfit, RefusesWhateverMakesNoSense) {
  EXPECT_EQ(misfit(kGeometry, {0, 1, false, false}, array_of(4, 3)),
            "tile_h is 0, possible are 1 .. 1048576");
  EXPECT_EQ(misfit(kGeometry, {1, -1, false, false}, array_of(4, 3)),
            "tile_w is -1, possible are 1 .. 1048576");
  ConvGeometry g = kGeometry;
  g.stride_w = 0;
  EXPECT_EQ(misfit(g, {1, 1, false, false}, array_of(4, 3)),
            "stride_w is 0, possible are 1 .. 1048576");
  g = kGeometry;
  g.output_c = 1 << 20;
  g.input_c = 1 << 10;
  EXPECT_EQ(misfit(g, {1, 1, false, false}, array_of(4, 3)),
            "the filters have more than 2147483647 weights");
}

TEST(SystolicMisfit, RefusesCutsThatTheDataflowDoesNotKnow) {
  const auto fault = [](Dataflow dataflow, std::int32_t filters, std::int32_t taps,
                        std::int32_t groups = 1) {
    SystolicShape shape = array_of(4, 3);
    shape.dataflow = dataflow;
    ConvGeometry g = kGeometry;
    g.output_c = 6;
    return misfit({g, groups}, {1, 1, false, false, filters, taps}, shape);
  };
  for (const Dataflow dataflow : {Dataflow::kWeightStationary, Dataflow::kOutputStationary}) {
    EXPECT_EQ(fault(dataflow, 3, 4), "");
    EXPECT_EQ(fault(dataflow, 4, 4), "filter_tile is 4, possible are 1 .. 3");
  }
  EXPECT_EQ(fault(Dataflow::kInputStationary, 6, 4), "");
  EXPECT_EQ(fault(Dataflow::kInputStationary, 1 << 20, 4), "");  // all there are
  EXPECT_EQ(fault(Dataflow::kInputStationary, -1, 4),
            "filter_tile is -1, possible are 1 .. 1048576");
  for (const Dataflow dataflow : {Dataflow::kWeightStationary, Dataflow::kInputStationary}) {
    EXPECT_EQ(fault(dataflow, 1, 5), "fold_taps is 5, possible are 1 .. 4");
  }
  EXPECT_EQ(fault(Dataflow::kOutputStationary, 1, 1 << 16), "");
  EXPECT_EQ(fault(Dataflow::kOutputStationary, 1, (1 << 16) + 1),
            "fold_taps is 65537, possible are 1 .. 65536");
  EXPECT_EQ(misfit(kGeometry, {1 << 21, 0, false, false, 4, 5}, array_of(4, 3)),
            "tile_h is 2097152, possible are 1 .. 1048576; tile_w is 0, possible are 1 .. 1048576; "
            "filter_tile is 4, possible are 1 .. 3; fold_taps is 5, possible are 1 .. 4");
  // Two groups of 3 filters over one channel each.
  EXPECT_EQ(fault(Dataflow::kInputStationary, 3, 4, 2), "");
  EXPECT_EQ(fault(Dataflow::kInputStationary, 6, 4, 2), "");
  EXPECT_EQ(fault(Dataflow::kInputStationary, 2, 4, 2), "");
  EXPECT_EQ(fault(Dataflow::kInputStationary, 4, 4, 2),
            "tiles of 4 filters are no multiple of the 3 of a group");
  EXPECT_EQ(fault(Dataflow::kWeightStationary, 3, 4, 3),
            "3 groups do not divide 2 channels and 6 filters");
  EXPECT_EQ(fault(Dataflow::kWeightStationary, 3, 4, 0),
            "0 groups do not divide 2 channels and 6 filters");
}

/// Any bytes in a descriptor: misfit() and, where it lets pass, expand() must be defined. The
/// sanitizers watch; a schedule's slots must lie in the buffers.
TEST(SystolicMisfit, GuardsTheExpansionOfAnyFields) {
  Dice dice{25};
  int expanded = 0;
  for (int i = 0; i < 4000; ++i) {
    SystolicCommand command;
    command.geometry = kGeometry;
    command.mapping = {dice.roll(1, 5), dice.roll(1, 5), dice.one_in(2), dice.one_in(2)};
    auto* fields = reinterpret_cast<std::int32_t*>(&command.geometry);
    for (int changes = dice.roll(1, 3); changes > 0; --changes) {
      const std::int32_t extremes[] = {INT32_MIN,     -1,       0, 7, 1 << 10, 1 << 20,
                                       (1 << 20) + 1, INT32_MAX};
      fields[dice.roll(0, 14)] = dice.one_in(2) ? dice.roll(0, 20) : extremes[dice.roll(0, 7)];
    }
    (dice.one_in(2) ? command.mapping.tile_h : command.mapping.tile_w) =
        dice.one_in(4) ? INT32_MAX : dice.roll(1, 8);
    SystolicShape shape = array_of(4, 3, 4096);
    shape.dataflow = static_cast<Dataflow>(dice.roll(0, 2));
    const std::int32_t extremes[] = {INT32_MIN,     -1,       0, 1, 1, 2, 5, 1 << 16,
                                     (1 << 16) + 1, INT32_MAX};
    command.groups = dice.one_in(3) ? extremes[dice.roll(0, 9)] : 1;
    command.mapping.filter_tile = dice.one_in(2) ? extremes[dice.roll(0, 9)] : 0;
    command.mapping.fold_taps = dice.one_in(2) ? extremes[dice.roll(0, 9)] : 0;
    const std::string fault = misfit(command.convolution(), command.mapping, shape);
    if (convolution_fault(command.convolution()).empty()) {
      ASSERT_EQ(fits(command.convolution(), command.mapping, shape), fault.empty()) << fault;
    }
    if (!fault.empty()) {
      continue;
    }
    const SystolicProgram program = expand(command, shape);
    ++expanded;
    for (const Slot& slot : program.command.schedule.slots) {
      ASSERT_LE(slot.offset + slot.bytes, 4096u);
    }
  }
  EXPECT_GT(expanded, 200);
}

}  // namespace
}  // namespace milliwatt::dataflows
