// SPDX-License-Identifier: Apache-2.0
// Elements of 2 to 7 bits on the array and the vector unit: what begins at a byte, and what fewer
// bits save.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "dataflows/schedule_testing.h"
#include "dataflows/systolic_cost.h"
#include "dataflows/systolic_engine.h"
#include "dataflows/systolic_task.h"
#include "dataflows/systolic_testing.h"
#include "dataflows/vector_mapping.h"
#include "dataflows/vector_task.h"
#include "dataflows/vector_tile.h"

namespace milliwatt::dataflows {
namespace {

using testing::array_of;
using testing::Case;
using testing::constant;
using testing::Dice;
using ::testing::ElementsAre;
using testing::int8_tensor;
using workloads::Graph;
using workloads::OperatorKind;

/// 1 x 1 convolution of 2 x 2 pixels.
ConvGeometry pointwise(std::int32_t channels, std::int32_t filters) {
  return {1, 2, 2, channels, 2, 2, filters, 1, 1, 1, 1, 1, 1, 0, 0};
}

/// The same as a network, with elements of these bits.
Graph pointwise_graph(std::int32_t channels, std::int32_t filters, const OperandBits& bits) {
  Graph graph = testing::single(
      OperatorKind::kConv2d, workloads::Conv2d{},
      {int8_tensor({1, 2, 2, channels}),
       constant(int8_tensor({filters, 1, 1, channels}),
                std::vector<std::uint8_t>(static_cast<std::size_t>(filters * channels), 16)),
       int8_tensor({1, 2, 2, filters})});
  testing::narrow(graph, 0, bits.input);
  testing::narrow(graph, 1, bits.weights);
  testing::narrow(graph, 2, bits.output);
  return graph;
}

std::optional<std::string> refused(const Graph& graph) {
  return SystolicEngine{array_of(5, 7)}.refuses(graph, graph.operators[0]);
}

TEST(PixelsBeginAtBytes, OrTheArrayRefusesThem) {
  EXPECT_EQ(refused(pointwise_graph(2, 5, {4, 8, 8})), std::nullopt);
  EXPECT_EQ(
      refused(pointwise_graph(3, 5, {4, 8, 8})),
      "the array cannot: pixels of the ifmap must begin at bytes: its 3 channels of 4 bits end "
      "inside a byte, a multiple of 2 channels would not");
  EXPECT_EQ(refused(pointwise_graph(8, 5, {3, 8, 8})), std::nullopt);
  EXPECT_NE(refused(pointwise_graph(7, 5, {3, 8, 8})), std::nullopt);
  EXPECT_EQ(refused(pointwise_graph(3, 8, {8, 8, 5})), std::nullopt);
  EXPECT_EQ(refused(pointwise_graph(3, 12, {8, 8, 5})),
            "the array cannot: pixels of the ofmap must begin at bytes: its 12 channels of 5 bits "
            "end inside a byte, a multiple of 8 channels would not");
  EXPECT_EQ(refused(pointwise_graph(3, 12, {8, 8, 6})), std::nullopt);
  EXPECT_EQ(refused(pointwise_graph(3, 14, {8, 8, 6})),
            "the array cannot: pixels of the ofmap must begin at bytes: its 14 channels of 6 bits "
            "end inside a byte, a multiple of 4 channels would not");
}

TEST(PixelsBeginAtBytes, WhateverTheWeightsDo) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
    EXPECT_EQ(refused(pointwise_graph(3, 5, {8, bits, 8})), std::nullopt) << bits;
  }
}

TEST(PixelsBeginAtBytes, AndTheLastOneEndsWhereItWill) {
  // One pixel of 3 channels of 3 bits, to one of 5 of 7 bits.
  Convolution c{pointwise(3, 5), 1, {3, 8, 7}};
  EXPECT_NE(convolution_fault(c), "");
  c.geometry.input_h = c.geometry.input_w = c.geometry.output_h = c.geometry.output_w = 1;
  EXPECT_EQ(convolution_fault(c), "");
  c.geometry.batch = 2;
  EXPECT_NE(convolution_fault(c), "");
}

TEST(Bits, AreTwoToEight) {
  for (const int bits : {-1, 0, 1, 9, 16}) {
    EXPECT_NE(convolution_fault({pointwise(8, 8), 1, {bits, 8, 8}}), "") << bits;
    EXPECT_NE(convolution_fault({pointwise(8, 8), 1, {8, bits, 8}}), "") << bits;
    EXPECT_NE(convolution_fault({pointwise(8, 8), 1, {8, 8, bits}}), "") << bits;
  }
  EXPECT_EQ(convolution_fault({pointwise(8, 8), 1, {2, 8, 2}}), "");
}

TEST(FilterTiles, EndAtBytesWhereTheyAreStoredAlone) {
  const Convolution c{pointwise(8, 10), 1, {8, 8, 4}};
  const auto fault = [&](const Convolution& conv, std::int32_t filters, bool pixels_outer) {
    return misfit(conv, {2, 2, pixels_outer, false, filters, 0}, array_of(5, 7));
  };
  EXPECT_EQ(fault(c, 4, false), "");
  EXPECT_EQ(fault(c, 5, false),
            "tiles of 5 filters in groups of 10 end inside a byte of the 4 bit ofmap, multiples of "
            "2 would not; or set pixel_tiles_outer, which stores whole pixels");
  EXPECT_EQ(fault(c, 5, true), "");
  EXPECT_EQ(fault(c, 0, false), "");  // 7 filters at most: 6
  // 8 filters of 3 bits are more than the columns: only whole pixels can be stored.
  const Convolution odd{pointwise(8, 16), 1, {8, 8, 3}};
  EXPECT_NE(fault(odd, 0, false), "");
  EXPECT_EQ(fault(odd, 0, true), "");
  // 2 groups of 3 filters of 4 bits: 2 of a group end at a byte, the third does not.
  const Convolution grouped{pointwise(8, 6), 2, {8, 8, 4}};
  EXPECT_NE(fault(grouped, 2, false), "");
  EXPECT_EQ(fault(grouped, 6, false), "");
}

TEST(FilterTiles, ThatAreForcedAreRefusedWithWhatHelps) {
  const Graph graph = pointwise_graph(8, 10, {8, 8, 4});
  const SystolicEngine engine{array_of(5, 7)};
  const auto message = [&](const std::string& mapping) -> std::string {
    try {
      engine.map(graph, graph.operators[0], {}, base::parse_yaml_text(mapping, "plan"));
    } catch (const base::UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("{filter_tile: 4, pixel_tiles_outer: false}"), "");
  EXPECT_EQ(message("{filter_tile: 5}"), "") << "with pixel tiles outside";
  EXPECT_EQ(
      message("{filter_tile: 5, pixel_tiles_outer: false}"),
      "plan:1:1: tiles of 5 filters in groups of 10 end inside a byte of the 4 bit ofmap, "
      "multiples of 2 would not; or set pixel_tiles_outer, which stores whole pixels; or leave "
      "filter_tile or pixel_tiles_outer to the planner");
}

TEST(FilterTiles, ThePlannerFindsAWayWheneverThePixelsBeginAtBytes) {
  Dice dice{81};
  for (int i = 0; i < 300; ++i) {
    const Case c = random_case(dice);
    SystolicShape shape = array_of(c.shape.rows, c.shape.columns);
    shape.dataflow = c.shape.dataflow;
    EXPECT_FALSE(SystolicEngine{shape}.candidates(c.convolution()).empty()) << describe(c);
  }
}

TEST(PackedWeights, AreAStreamOfBitsForEachThatIsLoaded) {
  // 3 filters of 3 taps, weight = filter + 1 in 3 bits: 001, 010, 011 for every tap.
  workloads::FullyConnected dense;
  Graph graph = testing::single(
      OperatorKind::kFullyConnected, dense,
      {int8_tensor({1, 3}), constant(int8_tensor({3, 3}), {32, 32, 32, 64, 64, 64, 96, 96, 96}),
       int8_tensor({1, 3})});
  testing::narrow(graph, 1, 3);
  const auto packed = [&](bool per_fold, std::int32_t filters, std::int32_t taps) {
    return systolic_task(graph, graph.operators[0], array_of(3, 3),
                         {1, 1, false, per_fold, filters, taps})
        ->constants()
        .at(0)
        .bytes;
  };
  // A tap is 0b011010001, the first in the lowest bits: 27 bits.
  EXPECT_THAT(packed(false, 3, 0), ElementsAre(0xd1, 0xa2, 0x45, 0x03));
  // A byte begins with every tap, or with every two.
  EXPECT_THAT(packed(true, 3, 1), ElementsAre(0xd1, 0, 0xd1, 0, 0xd1, 0));
  EXPECT_THAT(packed(true, 3, 2), ElementsAre(0xd1, 0xa2, 0x01, 0xd1, 0));
  // Filters 1 and 2 are a tile of 18 bits, filter 3 one of 9: 010001 three times, 011 three times.
  EXPECT_THAT(packed(false, 2, 0), ElementsAre(0x51, 0x14, 0x01, 0xdb, 0x00));
}

TEST(SumsOfFewerBits, MayHaveMoreTaps) {
  // 2^17 weights of -128 against activations of b bits: 2^17 * 2^7 * 2^(b-1) = 2^(23+b) < 2^31.
  workloads::FullyConnected dense;
  Graph graph = testing::single(
      OperatorKind::kFullyConnected, dense,
      {int8_tensor({1, 1 << 17}),
       constant(int8_tensor({1, 1 << 17}), std::vector<std::uint8_t>(1 << 17, 0x80)),
       int8_tensor({1, 1})});
  EXPECT_NE(sums_refused(graph, graph.operators[0]), std::nullopt);
  testing::narrow(graph, 0, 7);
  EXPECT_EQ(sums_refused(graph, graph.operators[0]), std::nullopt);
}

/// Bytes of each class that a command moves.
std::array<std::int64_t, base::kTensorClasses> traffic(const SystolicCommand& command,
                                                       const SystolicShape& shape) {
  std::array<std::int64_t, base::kTensorClasses> bytes{};
  for (const Transfer& t : expand(command, shape).command.schedule.transfers) {
    bytes[static_cast<std::size_t>(t.tensor_class)] += static_cast<std::int64_t>(t.bytes());
  }
  return bytes;
}

/// With the same mapping, one bit less of the weights, or of an activation, never moves more.
TEST(FewerBits, NeverMoveMoreWithTheSameMapping) {
  Dice dice{82};
  int less = 0;
  for (int i = 0; i < 1500; ++i) {
    const Case c = random_case(dice);
    SystolicCommand command = c.command();
    const auto before = traffic(command, c.shape);
    std::int32_t OperandBits::*const which[] = {&OperandBits::input, &OperandBits::weights,
                                                &OperandBits::output};
    std::int32_t& bits = command.bits.*which[dice.roll(0, 2)];
    if (bits == 2) {
      continue;
    }
    bits = dice.roll(2, bits - 1);
    if (!misfit(command.convolution(), command.mapping, c.shape).empty()) {
      continue;  // ends inside a byte
    }
    const auto after = traffic(command, c.shape);
    for (std::size_t k = 0; k < before.size(); ++k) {
      EXPECT_LE(after[k], before[k]) << describe(c);
      less += after[k] < before[k] ? 1 : 0;
    }
  }
  EXPECT_GT(less, 300);
}

/// Layers of networks for microcontrollers, of which all sizes are even.
std::vector<Convolution> layers() {
  return {{{1, 32, 32, 16, 32, 32, 16, 3, 3, 1, 1, 1, 1, 1, 1}},
          {{1, 16, 16, 32, 16, 16, 32, 3, 3, 1, 1, 1, 1, 1, 1}},
          {{1, 8, 8, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1, 1, 1}},
          {{1, 25, 5, 64, 25, 5, 64, 1, 1, 1, 1, 1, 1, 0, 0}},
          {{1, 25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1}, 64},
          {{1, 6, 6, 128, 6, 6, 128, 1, 1, 1, 1, 1, 1, 0, 0}},
          {{1, 3, 3, 256, 3, 3, 256, 1, 1, 1, 1, 1, 1, 0, 0}},
          {{1, 1, 1, 640, 1, 1, 128, 1, 1, 1, 1, 1, 1, 0, 0}},
          {{1, 1, 1, 128, 1, 1, 640, 1, 1, 1, 1, 1, 1, 0, 0}},
          {{1, 48, 48, 8, 24, 24, 16, 3, 3, 2, 2, 1, 1, 1, 1}}};
}

struct Chosen {
  std::int64_t cycles = 0;
  std::int64_t bytes = 0;  ///< moved
};

Chosen chosen(const Convolution& convolution, const SystolicShape& shape,
              const TransferCosts& costs) {
  SystolicCommand command;
  command.geometry = convolution.geometry;
  command.groups = convolution.groups;
  command.bits = convolution.bits;
  command.mapping = SystolicEngine{shape}.choose(convolution, costs);
  command.weights = std::uint64_t{2} << 40;
  command.parameters = std::uint64_t{3} << 40;
  command.ofmap = std::uint64_t{4} << 40;
  const auto bytes = traffic(command, shape);
  return {predicted_cycles(command, shape, costs),
          std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0})};
}

/// The planner goes for the fewest cycles: fewer bits never cost any, and where it moves more, then
/// only with a mapping that is faster than any was with more bits.
TEST(FewerBits, OfWeightsAreNeverSlowerAndMoveMoreOnlyToBeFaster) {
  int steps = 0;
  int more = 0;
  for (const Dataflow dataflow :
       {Dataflow::kWeightStationary, Dataflow::kOutputStationary, Dataflow::kInputStationary}) {
    for (const double cycles_per_byte : {0.125, 1.0, 8.0}) {
      for (Convolution c : layers()) {
        SystolicShape shape = array_of(16, 16, 8 * 1024);
        shape.dataflow = dataflow;
        TransferCosts costs;
        costs.links.fill({2, cycles_per_byte});
        Chosen wider = chosen(c, shape, costs);
        for (c.bits.weights = 7; c.bits.weights >= 2; --c.bits.weights) {
          const Chosen now = chosen(c, shape, costs);
          EXPECT_LE(now.cycles, wider.cycles) << c.bits.weights << " bits at " << cycles_per_byte;
          if (now.bytes > wider.bytes) {
            EXPECT_LT(now.cycles, wider.cycles) << c.bits.weights << " bits at " << cycles_per_byte;
            ++more;
          }
          wider = now;
          ++steps;
        }
      }
    }
  }
  EXPECT_EQ(steps, 3 * 3 * 10 * 6);
  EXPECT_LE(more, steps / 50);
}

mw_vector_descriptor addition(std::int32_t elements, std::int32_t tile, int a, int b, int output) {
  mw_vector_descriptor d{};
  d.operation = MW_VECTOR_ADD;
  d.a_bits = static_cast<std::uint8_t>(a);
  d.b_bits = static_cast<std::uint8_t>(b);
  d.output_bits = static_cast<std::uint8_t>(output);
  d.elements = elements;
  d.tile = tile;
  d.clamp_low = -2;
  d.clamp_high = 1;
  return d;
}

EngineShape engine_of(std::uint32_t input_bytes, std::uint32_t output_bytes) {
  SystolicShape shape = array_of(1, 1);
  shape.input_buffer_bytes = input_bytes;
  shape.output_buffer_bytes = output_bytes;
  return systolic_engine_shape(shape);
}

TEST(TilesOfAdditions, EndAtBytesInEveryTensor) {
  const EngineShape shape = engine_of(4096, 4096);
  EXPECT_EQ(vector_fault(addition(100, 5, 8, 8, 8), shape), "");
  EXPECT_EQ(vector_fault(addition(100, 6, 4, 8, 8), shape), "");
  EXPECT_EQ(vector_fault(addition(100, 5, 4, 8, 8), shape),
            "tiles of 5 elements end inside a byte, multiples of 2 would not");
  EXPECT_EQ(vector_fault(addition(100, 6, 8, 4, 2), shape),
            "tiles of 6 elements end inside a byte, multiples of 4 would not");
  EXPECT_EQ(vector_fault(addition(100, 12, 8, 4, 3), shape),
            "tiles of 12 elements end inside a byte, multiples of 8 would not");
  EXPECT_EQ(vector_fault(addition(100, 16, 8, 4, 3), shape), "");
  EXPECT_EQ(vector_fault(addition(5, 5, 3, 3, 3), shape), "") << "the tensor ends there too";
}

TEST(TilesOfAdditions, TakeTheRoomOfTheirBits) {
  // 64 elements of 8, 4 and 2 bits: 64 + 32 and 16 bytes; 256 begin at 64 bytes everywhere.
  EXPECT_EQ(vector_tile(addition(5000, 0, 8, 4, 2), engine_of(768, 4096)), 256);
  EXPECT_EQ(vector_tile(addition(5000, 0, 8, 4, 2), engine_of(4096, 128)), 256);
  // Less than 256 of them fit twice: as many as fit once, to multiples of 4.
  EXPECT_EQ(vector_tile(addition(5000, 0, 8, 4, 2), engine_of(767, 4096)), 508);  // 511.3
  EXPECT_EQ(vector_tile(addition(5000, 0, 8, 4, 2), engine_of(4096, 127)), 508);
  // All of them: 3 + 3 bytes for 7 elements of 3 bits.
  EXPECT_EQ(vector_tile(addition(7, 0, 3, 3, 3), engine_of(6, 3)), 7);
  EXPECT_EQ(vector_tile(addition(7, 0, 3, 3, 3), engine_of(5, 3)), 0);
}

TEST(TilesOfPools, MayHaveOneImageWhoseRowsEndInsideAByte) {
  mw_vector_descriptor d = addition(0, 2, 4, 8, 4);
  d.operation = MW_VECTOR_MAX_POOL;
  d.geometry = {1, 4, 4, 3, 2, 2, 3, 2, 2, 2, 2, 1, 1, 0, 0};
  // Rows of 4 x 3 and 2 x 3 elements of 4 bits are 6 and 3 bytes.
  EXPECT_EQ(vector_fault(d, engine_of(24, 6)), "");
  EXPECT_NE(vector_fault(d, engine_of(23, 6)), "");
  d.tile = 1;
  EXPECT_EQ(vector_fault(d, engine_of(12, 3)), "");
  // 5 bits: 60 and 30. All of it are 30 and 8 bytes.
  d.a_bits = d.output_bits = 5;
  EXPECT_EQ(vector_fault(d, engine_of(4096, 4096)),
            "rows of 4 and 2 pixels with 3 channels of 5 bits end inside a byte, so that one tile "
            "must have all of one image");
  d.tile = 2;
  EXPECT_EQ(vector_fault(d, engine_of(30, 8)), "");
  EXPECT_NE(vector_fault(d, engine_of(29, 8)), "");
  EXPECT_EQ(vector_tile(d, engine_of(30, 8)), 2);
  EXPECT_EQ(vector_tile(d, engine_of(29, 8)), 0);
  d.geometry.batch = 2;
  EXPECT_NE(vector_fault(d, engine_of(4096, 4096)), "");
}

TEST(VectorTypes, AreTwoToEightBits) {
  const EngineShape shape = engine_of(4096, 4096);
  Graph graph = testing::single(
      OperatorKind::kAdd, workloads::Add{},
      {int8_tensor({1, 3, 3, 3}), int8_tensor({1, 3, 3, 3}), int8_tensor({1, 3, 3, 3})}, 2);
  testing::narrow(graph, 0, 2);
  testing::narrow(graph, 1, 7);
  testing::narrow(graph, 2, 5);
  EXPECT_EQ(vector_refuses(graph, graph.operators[0], shape), std::nullopt);
  graph.tensors[1].type = workloads::ElementType::kInt16;
  EXPECT_EQ(vector_refuses(graph, graph.operators[0], shape),
            "the vector unit works on 2 to 8 bits, t is int16");
}

}  // namespace
}  // namespace milliwatt::dataflows
