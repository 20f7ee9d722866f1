// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "dataflows/systolic_cost.h"
#include "dataflows/systolic_task.h"
#include "dataflows/systolic_testing.h"

namespace milliwatt::dataflows {
namespace {

using testing::array_of;
using testing::Case;
using testing::constant;
using testing::Dice;
using testing::int8_tensor;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::TensorRole;

TransferCosts random_costs(Dice& dice) {
  TransferCosts costs;
  costs.burst_bytes = 1U << dice.roll(3, 7);
  for (LinkCost& link : costs.links) {
    link = {static_cast<double>(dice.roll(0, 40)), dice.roll(1, 16) / 8.0};
  }
  return costs;
}

SystolicShape random_shape(Dice& dice) {
  SystolicShape shape = array_of(dice.roll(1, 9), dice.roll(1, 9));
  shape.dataflow = static_cast<Dataflow>(dice.roll(0, 2));
  for (std::uint32_t SystolicShape::*const buffer : testing::kBuffers) {
    shape.*buffer = static_cast<std::uint32_t>(dice.roll(1, 1000));
  }
  return shape;
}

Convolution random_geometry(Dice& dice) {
  Graph graph = dice.one_in(2) ? random_convolution(dice) : random_grouped_convolution(dice);
  narrow(dice, graph);
  return convolution_of(graph, graph.operators[0]);
}

/// Needs least of every buffer: one filter, as few as end at a byte of the ofmap, or one of pixels
/// that are stored whole.
std::vector<SystolicMapping> smallest_mappings(const Convolution& c) {
  std::vector<SystolicMapping> mappings{{1, 1, true, true, 1, 1}};
  for (std::int32_t filters = 1; filters <= c.geometry.output_c; ++filters) {
    mappings.push_back({1, 1, false, true, filters, 1});
  }
  return mappings;
}

SystolicCommand command_of(const Convolution& convolution, const SystolicMapping& mapping) {
  SystolicCommand command;
  command.geometry = convolution.geometry;
  command.groups = convolution.groups;
  command.bits = convolution.bits;
  command.mapping = mapping;
  return command;
}

TEST(SystolicCandidates, AllFit) {
  Dice dice{40};
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    const SystolicShape shape = random_shape(dice);
    const Convolution geometry = random_geometry(dice);
    for (const SystolicMapping& mapping : SystolicEngine{shape}.candidates(geometry)) {
      EXPECT_EQ(misfit(geometry, mapping, shape), "");
      ++found;
    }
  }
  EXPECT_GT(found, 1000);
}

TEST(SystolicCandidates, ThereIsOneWheneverTheSmallestTileFits) {
  Dice dice{41};
  int none = 0;
  for (int i = 0; i < 1000; ++i) {
    const SystolicShape shape = random_shape(dice);
    const Convolution geometry = random_geometry(dice);
    const std::vector<SystolicMapping> all = smallest_mappings(geometry);
    const bool fits = std::any_of(all.begin(), all.end(), [&](const SystolicMapping& mapping) {
      return misfit(geometry, mapping, shape).empty();
    });
    EXPECT_EQ(SystolicEngine{shape}.candidates(geometry).empty(), !fits);
    none += fits ? 0 : 1;
  }
  EXPECT_GT(none, 20);
  EXPECT_LT(none, 950);
}

TEST(SystolicCandidates, HalveTheHeightThenTheWidth) {
  // 8 x 8 outputs of one filter, one tap: a tile's ifmap is its pixels.
  const ConvGeometry g{1, 8, 8, 1, 8, 8, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  SystolicShape shape = array_of(1, 1);
  const auto first_tiles = [&](std::uint32_t input_bytes) {
    shape.input_buffer_bytes = input_bytes;
    std::vector<std::pair<std::int32_t, std::int32_t>> tiles;
    for (const SystolicMapping& m : SystolicEngine{shape}.candidates(g)) {
      if (!m.pixel_tiles_outer && !m.weights_per_fold) {
        tiles.emplace_back(m.tile_h, m.tile_w);
      }
    }
    return tiles;
  };
  using Tiles = std::vector<std::pair<std::int32_t, std::int32_t>>;
  EXPECT_EQ(first_tiles(64), (Tiles{{8, 8}, {4, 8}, {2, 8}, {1, 8}}));
  EXPECT_EQ(first_tiles(63), (Tiles{{4, 8}, {2, 8}, {1, 8}}));
  EXPECT_EQ(first_tiles(8), (Tiles{{1, 8}}));
  EXPECT_EQ(first_tiles(7), (Tiles{{1, 4}}));
  EXPECT_EQ(first_tiles(1), (Tiles{{1, 1}}));
  EXPECT_EQ(first_tiles(0), Tiles{});
}

TEST(SystolicCandidates, LargeArraysDoNotNeedLargeBuffers) {
  // 576 taps of 64 filters: a fold of 256 x 64 weights does not fit 16 KiB beside its table.
  const Convolution conv{{1, 8, 8, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1, 1, 1}};
  for (const Dataflow dataflow :
       {Dataflow::kWeightStationary, Dataflow::kOutputStationary, Dataflow::kInputStationary}) {
    SystolicShape shape = array_of(256, 256, 16 * 1024);
    shape.dataflow = dataflow;
    EXPECT_FALSE(SystolicEngine{shape}.candidates(conv).empty());
  }
}

TEST(SystolicCandidates, LargerBuffersNeverLeaveNone) {
  Dice dice{42};
  for (int i = 0; i < 1000; ++i) {
    SystolicShape shape = random_shape(dice);
    const Convolution geometry = random_geometry(dice);
    const bool some = !SystolicEngine{shape}.candidates(geometry).empty();
    shape.*testing::kBuffers[dice.roll(0, 3)] += static_cast<std::uint32_t>(dice.roll(1, 1000));
    EXPECT_GE(!SystolicEngine{shape}.candidates(geometry).empty(), some);
  }
}

TEST(SystolicChoice, IsTheFirstOfTheCheapestCandidates) {
  Dice dice{43};
  int chosen = 0;
  for (int i = 0; i < 300; ++i) {
    const SystolicShape shape = random_shape(dice);
    const Convolution geometry = random_geometry(dice);
    const TransferCosts costs = random_costs(dice);
    const SystolicEngine engine{shape};
    if (engine.candidates(geometry).empty()) {
      EXPECT_THROW(engine.choose(geometry, costs), base::UserError);
      continue;
    }
    std::int64_t fewest = INT64_MAX;
    SystolicMapping first;
    for (const SystolicMapping& mapping : engine.candidates(geometry)) {
      const std::int64_t cycles = predicted_cycles(command_of(geometry, mapping), shape, costs);
      first = cycles < fewest ? mapping : first;
      fewest = std::min(fewest, cycles);
    }
    const SystolicMapping choice = engine.choose(geometry, costs);
    EXPECT_EQ(predicted_cycles(command_of(geometry, choice), shape, costs), fewest);
    EXPECT_EQ(choice, first);
    ++chosen;
  }
  EXPECT_GT(chosen, 100);
}

TEST(PredictedCycles, OfOneFoldIsTheSumOfItsParts) {
  // One output of 4 taps of one filter on a 4 x 2 array. With 10 cycles a burst and 1 a byte:
  // ifmap 10 + 4, weights 10 + 4, table 10 + 12 on the DMA: 50.
  // The array needs ifmap and weights only, ready at 28: 2 * 4 + 1 + 1 - 2 = 8 cycles, to 36.
  // The output stage waits for the table: 50 + 1 / 16 rounded up + 4 = 55. Store: 10 + 1.
  const ConvGeometry g{1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  TransferCosts costs;
  costs.links.fill({10, 1});
  EXPECT_EQ(predicted_cycles(command_of(g, {1, 1, false, false}), array_of(4, 2), costs), 66);
}

TEST(PredictedCycles, TouchingRowsAreOneRun) {
  // 4 x 4 x 1 into 4 x 4: with bursts of 64 bytes at 10 cycles and free bytes each transfer is one
  // burst, 10 cycles, while the rows touch. Tiles of 4 x 2 pixels load 4 rows of 2: 4 bursts.
  const ConvGeometry g{1, 4, 4, 1, 4, 4, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  TransferCosts costs;
  costs.links.fill({0, 0});
  costs.links[static_cast<std::size_t>(base::TensorClass::kIfmap)] = {10, 0};
  const auto cycles = [&](std::int32_t tile_w) {
    return predicted_cycles(command_of(g, {4, tile_w, false, false}), array_of(1, 1), costs);
  };
  // Whole: load 10, fold 2 + 16 + 1 - 2 = 17, output 1 + 4 = 5.
  EXPECT_EQ(cycles(4), 10 + 17 + 5);
  // Halves: loads end at 40 and 80; the last fold takes 2 + 8 + 1 - 2 = 9, the output 1 + 4.
  EXPECT_EQ(cycles(2), 80 + 9 + 5);
}

/// A fully connected layer of `depth` inputs and one unit, all weights equal.
Graph dense(std::int32_t depth, int weight, std::int32_t bias, std::int32_t zero_point) {
  const std::vector<std::uint8_t> weights(static_cast<std::size_t>(depth),
                                          static_cast<std::uint8_t>(weight));
  return testing::single(
      OperatorKind::kFullyConnected, workloads::FullyConnected{},
      {int8_tensor({1, depth}, 1.0F, zero_point), constant(int8_tensor({1, depth}), weights),
       testing::bias_tensor({bias}), int8_tensor({1, 1})});
}

std::optional<std::string> refused(const Graph& graph) {
  return SystolicEngine{array_of(16, 16, 1 << 24)}.refuses(graph, graph.operators[0]);
}

TEST(SystolicRefuses, SumsThatMayLeave32Bits) {
  // 131071 taps of 128 * 128 reach 2^31 - 2^14. The bias may add 2^14 - 1.
  EXPECT_EQ(refused(dense(131071, -128, (1 << 14) - 1, 0)), std::nullopt);
  EXPECT_EQ(refused(dense(131071, -128, 1 << 14, 0)),
            "the sums of filter 0 may reach 2147483648, beyond 32 bits");
  EXPECT_EQ(refused(dense(131071, -128, -(1 << 14), 0)),
            "the sums of filter 0 may reach 2147483648, beyond 32 bits");
  EXPECT_NE(refused(dense(131072, -128, 0, 0)), std::nullopt);
}

TEST(SystolicRefuses, BiasesThatTheZeroPointDrivesOutOf32Bits) {
  // bias' = bias - z sum w = INT32_MAX - 256 - (-128) * 1, and the sum adds 128: 2^31 - 1.
  EXPECT_EQ(refused(dense(1, 1, INT32_MAX - 256, -128)), std::nullopt);
  EXPECT_NE(refused(dense(1, 1, INT32_MAX - 255, -128)), std::nullopt);
  EXPECT_NE(refused(dense(1, 1, INT32_MAX, -128)), std::nullopt);
  EXPECT_NE(refused(dense(1, 1, INT32_MIN, 127)), std::nullopt);
}

TEST(SystolicRefuses, ConstantsThatAreNot) {
  Graph graph = dense(4, 1, 0, 0);
  EXPECT_EQ(refused(graph), std::nullopt);
  graph.tensors[2].role = TensorRole::kActivation;
  EXPECT_EQ(refused(graph), "the array needs constant weights and biases");
  graph = dense(4, 1, 0, 0);
  graph.tensors[1].role = TensorRole::kActivation;
  EXPECT_EQ(refused(graph), "the array needs constant weights and biases");
}

TEST(SystolicRefuses, OtherTypesAndKinds) {
  Graph graph = dense(4, 1, 0, 0);
  graph.tensors[0].type = workloads::ElementType::kInt16;
  EXPECT_EQ(refused(graph), "a PE multiplies weights and activations of 2 to 8 bits, t is int16");
  graph = dense(4, 1, 0, 0);
  graph.tensors[1].quantization.zero_points = {1};
  EXPECT_EQ(refused(graph), "the array needs weights with a zero point of 0");
  graph.operators[0].kind = OperatorKind::kSoftmax;
  EXPECT_EQ(
      refused(graph),
      "it runs conv2d, depthwise_conv2d, fully_connected, add, average_pool2d and max_pool2d only");
}

TEST(SystolicRefuses, WhatDoesNotFit) {
  const Graph graph = dense(4, 1, 0, 0);
  const auto reason = SystolicEngine{array_of(4, 4, 12)}.refuses(graph, graph.operators[0]);
  // One weight and a row of 12 bytes.
  EXPECT_EQ(reason,
            "no mapping fits: no room for the weights and the requantization table of a tile of 13 "
            "bytes; accelerator.weight_buffer: 12 B -> at least 13 B (1 byte more)");
  EXPECT_EQ((SystolicEngine{array_of(4, 4, 13)}.refuses(graph, graph.operators[0])), std::nullopt);
}

TEST(SystolicTask, PacksWeightsByColumnTile) {
  // 5 filters of 2 taps, weight = 10 * filter + tap, on 3 columns.
  const Graph graph = testing::single(
      OperatorKind::kFullyConnected, workloads::FullyConnected{},
      {int8_tensor({1, 2}), constant(int8_tensor({5, 2}), {0, 1, 10, 11, 20, 21, 30, 31, 40, 41}),
       int8_tensor({1, 5})});
  const auto task = systolic_task(graph, graph.operators[0], array_of(2, 3), {1, 1, false, false});
  EXPECT_THAT(task->constants().at(0).bytes,
              ::testing::ElementsAre(0, 10, 20, 1, 11, 21, 30, 40, 31, 41));
}

TEST(SystolicTask, TakesTheZeroPointOutOfTheSums) {
  // bias' = 100 - 7 * (3 * 5) = -5.
  const Graph graph = dense(3, 5, 100, 7);
  const auto task = systolic_task(graph, graph.operators[0], array_of(4, 4), {1, 1, false, false});
  mw_channel_parameters row;
  ASSERT_EQ(task->constants().at(1).bytes.size(), sizeof row);
  std::memcpy(&row, task->constants()[1].bytes.data(), sizeof row);
  EXPECT_EQ(row.bias, -5);
  EXPECT_EQ(row.multiplier, 1 << 30);  // 1 = 2^30 * 2^(1 - 31)
  EXPECT_EQ(row.exponent, 1);
}

TEST(SystolicTask, ItsDescriptorSaysWhatItWasGiven) {
  Dice dice{45};
  for (int i = 0; i < 100; ++i) {
    const Case c = random_case(dice);
    const auto task = systolic_task(c.graph, c.op(), c.shape, c.mapping);
    const std::vector<std::uint8_t> bytes =
        task->descriptor({{{1, 11}}, {{0, 22}, {0, 33}}, {{2, 44}}, {}}, 9);
    mw_systolic_descriptor d;
    ASSERT_EQ(bytes.size(), sizeof d);
    std::memcpy(&d, bytes.data(), sizeof d);
    EXPECT_EQ(d.head.magic, MW_DESCRIPTOR_MAGIC);
    EXPECT_EQ(d.head.machine, MW_MACHINE_SYSTOLIC);
    EXPECT_EQ(d.head.bytes, sizeof d);
    EXPECT_EQ(d.head.first_layer, 9);
    EXPECT_EQ(d.head.operators, 1);
    const ConvGeometry g = c.geometry();
    EXPECT_EQ(std::memcmp(&d.geometry, &g, sizeof g), 0);
    EXPECT_EQ(d.input_zero_point, c.graph.tensors[0].quantization.zero_point());
    EXPECT_EQ(d.output_zero_point, c.graph.tensors.back().quantization.zero_point());
    EXPECT_EQ(d.tile_h, c.mapping.tile_h);
    EXPECT_EQ(d.tile_w, c.mapping.tile_w);
    EXPECT_EQ(d.pixel_tiles_outer, c.mapping.pixel_tiles_outer ? 1 : 0);
    EXPECT_EQ(d.weights_per_fold, c.mapping.weights_per_fold ? 1 : 0);
    EXPECT_EQ(d.groups, c.convolution().groups);
    EXPECT_EQ(d.input_bits, element_bits(c.graph.tensors[0].type));
    EXPECT_EQ(d.weight_bits, element_bits(c.graph.tensors[1].type));
    EXPECT_EQ(d.output_bits, element_bits(c.graph.tensors.back().type));
    EXPECT_GE(d.filter_tile, 1);
    EXPECT_GE(d.fold_taps, 1);
    EXPECT_EQ(d.ifmap.offset, 11u);
    EXPECT_EQ(d.weights.offset, 22u);
    EXPECT_EQ(d.parameters.offset, 33u);
    EXPECT_EQ(d.ofmap.region, 2u);
    EXPECT_EQ(d.ofmap.offset, 44u);
  }
}

TEST(SystolicTask, DescribesItsMapping) {
  const Graph graph = dense(3, 5, 100, 7);
  const auto text = [&](const SystolicMapping& mapping) {
    return systolic_task(graph, graph.operators[0], array_of(4, 4), mapping)->mapping();
  };
  EXPECT_EQ(
      text({8, 32, false, false}),
      "tiles of 8x32 pixels and 1 filters, filter tiles outer, weights by filter tile, 3 taps");
  EXPECT_EQ(text({1, 2, true, true}),
            "tiles of 1x2 pixels and 1 filters, pixel tiles outer, weights by fold, 3 taps");
}

TEST(SystolicTask, PacksGroupsAsABlockDiagonal) {
  // Depthwise, 2 positions, 3 channels: weight = 10 * position + channel + 1.
  workloads::DepthwiseConv2d depthwise;
  depthwise.window.kernel_w = 2;
  const Graph graph = testing::single(
      OperatorKind::kDepthwiseConv2d, depthwise,
      {int8_tensor({1, 1, 2, 3}), constant(int8_tensor({1, 1, 2, 3}), {1, 2, 3, 11, 12, 13}),
       int8_tensor({1, 1, 1, 3})});
  const auto packed = [&](std::int32_t filters) {
    return systolic_task(graph, graph.operators[0], array_of(6, 3),
                         {1, 1, false, false, filters, 0})
        ->constants()
        .at(0)
        .bytes;
  };
  // [tile][position][channel][filter]
  EXPECT_THAT(packed(1), ::testing::ElementsAre(1, 11, 2, 12, 3, 13));
  EXPECT_THAT(packed(2), ::testing::ElementsAre(1, 0, 0, 2, 11, 0, 0, 12, 3, 13));
  EXPECT_THAT(packed(3), ::testing::ElementsAre(1, 0, 0, 0, 2, 0, 0, 0, 3,  //
                                                11, 0, 0, 0, 12, 0, 0, 0, 13));
}

TEST(SystolicEngine, MapsAdditionsAndPoolsOntoTheVectorUnit) {
  Dice dice{46};
  const SystolicEngine engine{array_of(4, 4)};
  for (const Graph& graph : {random_addition(dice), random_pool(dice)}) {
    EXPECT_EQ(engine.refuses(graph, graph.operators[0]), std::nullopt);
    const auto task = engine.map(graph, graph.operators[0], {}, {});
    mw_descriptor_head head;
    std::memcpy(&head, task->descriptor({{{}, {}}, {}, {{}}, {}}, 0).data(), sizeof head);
    EXPECT_EQ(head.machine, MW_MACHINE_VECTOR);
  }
  EXPECT_EQ(engine.peak_macs_per_cycle(), 16);
}

}  // namespace
}  // namespace milliwatt::dataflows
