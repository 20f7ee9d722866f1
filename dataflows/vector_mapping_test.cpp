// SPDX-License-Identifier: Apache-2.0
#include "dataflows/vector_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/integer_math.h"
#include "dataflows/graph_testing.h"
#include "dataflows/schedule_testing.h"
#include "dataflows/vector_task.h"
#include "dataflows/vector_tile.h"

namespace milliwatt::dataflows {
namespace {

using testing::Dice;

/// An engine with nothing but what vector commands use.
EngineShape engine_of(std::uint32_t input_bytes, std::uint32_t output_bytes) {
  EngineShape shape;
  shape.units = {{"dma", UnitKind::kDma}, {"vector", UnitKind::kVector}};
  shape.buffers = {{"input", input_bytes, 1, 8}, {"output", output_bytes, 1, 8}};
  shape.vector_input = 0;
  shape.vector_output = 1;
  return shape;
}

mw_vector_descriptor decode(const EngineTask& task) {
  mw_vector_descriptor d;
  const std::vector<std::uint8_t> bytes = task.descriptor({{{}, {}}, {}, {{}}, {}}, 0);
  EXPECT_EQ(bytes.size(), sizeof d);
  std::memcpy(&d, bytes.data(), sizeof d);
  return d;
}

testing::Bytes interpreted(const mw_vector_descriptor& fields, const EngineShape& shape,
                           const std::vector<testing::Bytes>& inputs, std::size_t output_bytes) {
  testing::FakeMemory memory;
  VectorCommand command;
  command.fields = fields;
  command.a = memory.add("a", inputs[0]);
  if (inputs.size() > 1) {
    command.b = memory.add("b", inputs[1]);
  }
  command.output = memory.add_output(output_bytes);
  interpret(expand_vector(command, shape), shape, memory);
  return memory.output();
}

/// Buffers in which tiles of `tile` just fit once, or with some more room.
EngineShape tight(Dice& dice, const mw_vector_descriptor& fields, std::int32_t tile) {
  const VectorTileBytes bytes = vector_tile_bytes(fields, tile);
  const auto more = [&](std::int64_t least) {
    return static_cast<std::uint32_t>(
        least + (dice.one_in(2) ? 0 : dice.roll(0, static_cast<std::int32_t>(2 * least))));
  };
  return engine_of(more(bytes.input), more(bytes.output));
}

void expect_reference(Dice& dice, workloads::Graph graph) {
  if (!dice.one_in(3)) {
    narrow(dice, graph);
  }
  const workloads::Operator& op = graph.operators[0];
  std::vector<testing::Bytes> inputs;
  for (const workloads::TensorId id : graph.inputs) {
    inputs.push_back(dice.bytes(graph.tensor(id).bytes()));
  }
  const testing::Bytes expected = testing::narrow_reference(graph, inputs);
  mw_vector_descriptor fields = decode(*vector_task(graph, op, engine_of(1 << 16, 1 << 16)));
  const bool add = fields.operation == MW_VECTOR_ADD;
  const std::int32_t whole = add ? fields.elements : fields.geometry.output_h;
  // Of additions, what ends at a byte whatever the bits.
  const std::int32_t tile =
      add ? std::min(whole, 8 * dice.roll(1, base::divide_up(whole, 8))) : dice.roll(1, whole);
  const EngineShape shape = tight(dice, fields, tile);
  // The tile that was asked for, one larger than the operator, and the planner's own choice.
  for (const std::int32_t chosen : {tile, vector_tile(fields, shape)}) {
    fields.tile = chosen;
    ASSERT_EQ(vector_fault(fields, shape), "");
    ASSERT_EQ(interpreted(fields, shape, inputs, expected.size()), expected);
  }
  fields.tile = whole + 3;
  EXPECT_EQ(interpreted(fields, engine_of(1 << 16, 1 << 16), inputs, expected.size()), expected);
}

TEST(VectorExpansion, AddsWhateverTheTile) {
  Dice dice{30};
  for (int i = 0; i < 500; ++i) {
    expect_reference(dice, random_addition(dice));
  }
}

TEST(VectorExpansion, PoolsWhateverTheTile) {
  Dice dice{31};
  for (int i = 0; i < 1000; ++i) {
    expect_reference(dice, random_pool(dice));
  }
}

mw_vector_descriptor addition(std::int32_t elements, std::int32_t tile) {
  mw_vector_descriptor d{};
  d.operation = MW_VECTOR_ADD;
  d.a_bits = d.b_bits = d.output_bits = 8;
  d.elements = elements;
  d.tile = tile;
  d.clamp_low = -128;
  d.clamp_high = 127;
  return d;
}

/// Max pool of 2 x 2 windows at stride 2 over 8 x 6 x 3.
mw_vector_descriptor max_pool(std::int32_t tile) {
  mw_vector_descriptor d = addition(0, tile);
  d.operation = MW_VECTOR_MAX_POOL;
  d.geometry = {1, 8, 6, 3, 4, 3, 3, 2, 2, 2, 2, 1, 1, 0, 0};
  return d;
}

/// Slots of each buffer, in order.
std::vector<std::uint32_t> slots_of(const mw_vector_descriptor& d, const EngineShape& shape) {
  std::vector<std::uint32_t> bytes;
  for (const Slot& slot : expand_vector({d, 0, 1 << 20, 2 << 20}, shape).schedule.slots) {
    bytes.push_back(slot.bytes);
  }
  return bytes;
}

TEST(VectorExpansion, KeepsTwoTilesWhereTheyFit) {
  using ::testing::ElementsAre;
  // A tile of 10: operands 20 bytes, results 10.
  EXPECT_THAT(slots_of(addition(100, 10), engine_of(40, 20)), ElementsAre(10, 10, 10, 10, 10, 10));
  EXPECT_THAT(slots_of(addition(100, 10), engine_of(39, 20)), ElementsAre(10, 10, 10, 10));
  EXPECT_THAT(slots_of(addition(100, 10), engine_of(39, 19)), ElementsAre(10, 10, 10));
  // A row: 2 x 6 x 3 = 36 bytes of ifmap, 3 x 3 = 9 of ofmap.
  EXPECT_THAT(slots_of(max_pool(1), engine_of(72, 18)), ElementsAre(36, 36, 9, 9));
  EXPECT_THAT(slots_of(max_pool(1), engine_of(71, 17)), ElementsAre(36, 9));
}

TEST(VectorExpansion, WorksOnEveryElementAndTapOnce) {
  Dice dice{32};
  for (int i = 0; i < 200; ++i) {
    const workloads::Graph graph = random_pool(dice);
    mw_vector_descriptor whole =
        decode(*vector_task(graph, graph.operators[0], engine_of(1 << 16, 1 << 16)));
    mw_vector_descriptor cut = whole;
    cut.tile = dice.roll(1, whole.geometry.output_h);
    std::int64_t taps[2] = {};
    const mw_vector_descriptor* fields[] = {&whole, &cut};
    for (int k = 0; k < 2; ++k) {
      for (const VectorJob& job :
           expand_vector({*fields[k], 0, 0, 0}, engine_of(1 << 16, 1 << 16)).vector_jobs) {
        taps[k] += pool_taps(std::get<PoolJob>(job));
      }
    }
    EXPECT_EQ(taps[0], taps[1]);
  }
}

TEST(VectorFault, GatesOfTheBuffers) {
  EXPECT_EQ(vector_fault(addition(100, 10), engine_of(20, 10)), "");
  EXPECT_EQ(
      vector_fault(addition(100, 10), engine_of(19, 10)),
      "no room for the operands of a tile of 20 bytes; accelerator.input: 19 B -> at least 20 "
      "B (1 byte more)");
  EXPECT_NE(vector_fault(addition(100, 10), engine_of(20, 9)), "");
  EXPECT_EQ(vector_fault(addition(8, 10), engine_of(16, 8)), "");  // the tile is cut to the tensor
  EXPECT_EQ(vector_fault(max_pool(1), engine_of(36, 9)), "");
  EXPECT_NE(vector_fault(max_pool(1), engine_of(35, 9)), "");
  EXPECT_NE(vector_fault(max_pool(1), engine_of(36, 8)), "");
  EXPECT_THROW(expand_vector({max_pool(1), 0, 0, 0}, engine_of(36, 8)), base::SimulationError);
}

TEST(VectorFault, GateOfTheNumberOfTiles) {
  EXPECT_EQ(vector_fault(addition(1 << 21, 1), engine_of(64, 64)), "");
  EXPECT_EQ(vector_fault(addition((1 << 21) + 1, 1), engine_of(64, 64)),
            "the number of tiles is 2097153, possible are 1 .. 2097152");
}

/// A field and the ends of its range.
struct Gate {
  std::int32_t mw_vector_descriptor::*field;
  std::int64_t low, high;
};

TEST(VectorFault, BothEndsOfEveryRange) {
  using D = mw_vector_descriptor;
  const Gate gates[] = {{&D::elements, 1, 1 << 20},           {&D::tile, 1, INT32_MAX},
                        {&D::zero_point, -128, 127},          {&D::clamp_low, -128, 127},
                        {&D::clamp_high, -128, 127},          {&D::add_left_shift, 0, 20},
                        {&D::add_zero_point_a, -128, 127},    {&D::add_zero_point_b, -128, 127},
                        {&D::add_multiplier_a, 0, INT32_MAX}, {&D::add_multiplier_b, 0, INT32_MAX},
                        {&D::add_multiplier, 0, INT32_MAX},   {&D::add_exponent_a, -31, 0},
                        {&D::add_exponent_b, -31, 0},         {&D::add_exponent, -31, 30}};
  const EngineShape shape = engine_of(1 << 22, 1 << 21);
  for (const Gate& gate : gates) {
    for (const std::int64_t value : {gate.low, gate.high}) {
      mw_vector_descriptor d = addition(1 << 10, 1 << 10);
      d.geometry = max_pool(1).geometry;
      d.*gate.field = static_cast<std::int32_t>(value);
      EXPECT_EQ(vector_fault(d, shape), "") << value;
      const std::int64_t outside = value == gate.low ? value - 1 : value + 1;
      const bool no_end = gate.field == &D::elements && value == gate.high;
      if (outside <= INT32_MAX && !no_end) {
        d.*gate.field = static_cast<std::int32_t>(outside);
        EXPECT_NE(vector_fault(d, shape), "") << outside;
        EXPECT_THROW(expand_vector({d, 0, 0, 0}, shape), base::SimulationError);
      }
    }
  }
}

TEST(VectorFault, BothEndsOfOperationAndBits) {
  using D = mw_vector_descriptor;
  const EngineShape shape = engine_of(1 << 22, 1 << 21);
  struct {
    std::uint8_t D::*field;
    std::uint8_t low, high;
  } const gates[] = {
      {&D::operation, 0, 2}, {&D::a_bits, 2, 8}, {&D::b_bits, 2, 8}, {&D::output_bits, 2, 8}};
  for (const auto& gate : gates) {
    mw_vector_descriptor d = addition(1 << 10, 1 << 10);
    d.clamp_low = -2;
    d.clamp_high = 1;  // of 2 bits
    d.geometry = max_pool(1).geometry;
    for (const int value : {0, 1, 2, 3, 7, 8, 9, 16, 255}) {
      d.*gate.field = static_cast<std::uint8_t>(value);
      EXPECT_EQ(vector_fault(d, shape).empty(), value >= gate.low && value <= gate.high) << value;
    }
  }
}

TEST(VectorFault, PoolsKeepTheirChannelsAndAreNotDilated) {
  using G = mw_conv_geometry;
  const EngineShape shape = engine_of(1 << 16, 1 << 16);
  for (std::int32_t G::*const field : {&G::output_c, &G::dilation_h, &G::dilation_w}) {
    mw_vector_descriptor d = max_pool(4);
    EXPECT_EQ(vector_fault(d, shape), "");
    ++(d.geometry.*field);
    EXPECT_NE(vector_fault(d, shape), "");
  }
}

TEST(VectorFault, AWindowHasAtMostTwoToThe23Taps) {
  mw_vector_descriptor d = max_pool(1);
  d.geometry = {1, 1 << 12, 1 << 11, 1, 1, 1, 1, 1 << 12, 1 << 11, 1, 1, 1, 1, 0, 0};
  EXPECT_EQ(vector_fault(d, engine_of(1 << 23, 64)), "");
  d.geometry.input_h = ++d.geometry.kernel_h;
  EXPECT_EQ(vector_fault(d, engine_of(1 << 24, 64)),
            "window is 8390656, possible are 1 .. 8388608");
}

/// Any bytes in a descriptor: vector_fault() and, where it lets pass, expand_vector() must be
/// defined. The sanitizers watch.
TEST(VectorFault, GuardsTheExpansionOfAnyFields) {
  Dice dice{33};
  int expanded = 0;
  for (int i = 0; i < 20000; ++i) {
    mw_vector_descriptor d = dice.one_in(2) ? addition(dice.roll(1, 5000), dice.roll(1, 300))
                                            : max_pool(dice.roll(1, 4));
    auto* words = reinterpret_cast<std::int32_t*>(&d) + sizeof(mw_descriptor_head) / 4;
    constexpr int kWords = (sizeof d - sizeof(mw_descriptor_head)) / 4;
    for (int changes = dice.roll(1, 3); changes > 0; --changes) {
      const std::int32_t extremes[] = {INT32_MIN, -1, 0, 1, 2, 1 << 15, 1 << 20, INT32_MAX};
      words[dice.roll(0, kWords - 1)] = extremes[dice.roll(0, 7)];
    }
    const EngineShape shape = engine_of(600, 300);
    if (vector_fault(d, shape).empty() && vector_tiles(d) < 100000) {
      ++expanded;
      EXPECT_FALSE(expand_vector({d, 0, 0, 0}, shape).schedule.steps.empty());
    }
  }
  EXPECT_GT(expanded, 1000);
}

TEST(VectorTile, IsTheLargestThatFits) {
  Dice dice{34};
  for (int i = 0; i < 500; ++i) {
    const workloads::Graph graph = random_pool(dice);
    mw_vector_descriptor d =
        decode(*vector_task(graph, graph.operators[0], engine_of(1 << 16, 1 << 16)));
    const EngineShape shape = engine_of(static_cast<std::uint32_t>(dice.roll(0, 300)),
                                        static_cast<std::uint32_t>(dice.roll(0, 100)));
    const auto fits = [&](std::int32_t rows, std::uint32_t copies) {
      d.tile = rows;
      return vector_fault(
                 d, engine_of(shape.buffers[0].bytes / copies, shape.buffers[1].bytes / copies))
          .empty();
    };
    std::int32_t once = 0;
    std::int32_t twice = 0;
    for (std::int32_t rows = 1; rows <= d.geometry.output_h; ++rows) {
      once = fits(rows, 1) ? rows : once;
      twice = fits(rows, 2) ? rows : twice;
    }
    EXPECT_EQ(vector_tile(d, shape), twice > 0 ? twice : once);
  }
}

TEST(VectorTile, OfAdditionsIsAMultipleOf64OrAllThatFits) {
  const mw_vector_descriptor d = addition(1000, 0);
  EXPECT_EQ(vector_tile(d, engine_of(4096, 4096)), 1000);  // 1024 fit twice
  EXPECT_EQ(vector_tile(d, engine_of(2048, 4096)), 512);   // 2048 / 4
  EXPECT_EQ(vector_tile(d, engine_of(2044, 4096)), 448);   // 511, rounded down to 7 * 64
  EXPECT_EQ(vector_tile(d, engine_of(256, 128)), 64);
  EXPECT_EQ(vector_tile(d, engine_of(255, 128)), 127);  // 63 fit twice: as many as fit once
  EXPECT_EQ(vector_tile(d, engine_of(256, 127)), 127);
  EXPECT_EQ(vector_tile(d, engine_of(1, 128)), 0);
}

TEST(VectorRefuses, WhatDoesNotFitByASingleByte) {
  const workloads::Graph graph = [] {
    workloads::Pool2d pool;
    pool.window.kernel_h = pool.window.kernel_w = 2;
    pool.window.stride_h = pool.window.stride_w = 2;
    return testing::single(
        workloads::OperatorKind::kMaxPool2d, pool,
        {testing::int8_tensor({1, 8, 6, 3}), testing::int8_tensor({1, 4, 3, 3})});
  }();
  EXPECT_EQ(vector_refuses(graph, graph.operators[0], engine_of(36, 9)), std::nullopt);
  EXPECT_EQ(vector_refuses(graph, graph.operators[0], engine_of(35, 9)),
            "the vector unit cannot: no room for the operands of a tile of 36 bytes; "
            "accelerator.input: 35 B -> at least 36 B (1 byte more)");
  EXPECT_NE(vector_refuses(graph, graph.operators[0], engine_of(36, 8)), std::nullopt);
}

TEST(ForcedVectorTile, IsTakenAndReadBackOrRefusedByAByte) {
  const workloads::Graph graph =
      testing::single(workloads::OperatorKind::kAdd, workloads::Add{},
                      {testing::int8_tensor({1, 4, 4, 3}), testing::int8_tensor({1, 4, 4, 3}),
                       testing::int8_tensor({1, 4, 4, 3})},
                      2);
  const auto task_of = [&](const std::string& mapping, const EngineShape& shape) {
    return vector_task(graph, graph.operators[0], shape, base::parse_yaml_text(mapping, "plan"));
  };
  const auto task = task_of("{tile: 7}", engine_of(14, 7));
  EXPECT_EQ(decode(*task).tile, 7);
  EXPECT_EQ(base::write_yaml(task->parameters()), "tile: 7\n");
  EXPECT_EQ(decode(*task_of("{}", engine_of(14, 7))).tile, 7) << "the planner's own";
  const auto message = [&](const std::string& mapping, const EngineShape& shape) {
    try {
      task_of(mapping, shape);
    } catch (const base::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(
      message("{tile: 7}", engine_of(13, 7)),
      "plan:1:1: no room for the operands of a tile of 14 bytes; accelerator.input: 13 B -> at "
      "least 14 B (1 byte more), or a tile of at most 6");
  EXPECT_EQ(message("{tile: 6}", engine_of(13, 7)), "");
  EXPECT_EQ(message("{tile: 0}", engine_of(13, 7)),
            "plan:1:8: tile: found '0'; allowed: 1 .. 2147483647");
  EXPECT_EQ(message("{tiel: 2}", engine_of(13, 7)),
            "plan:1:2: tiel: unknown key; did you mean 'tile'? Allowed: tile");
}

TEST(VectorRefuses, Broadcasting) {
  const auto add = [](const std::vector<std::int32_t>& b) {
    return testing::single(workloads::OperatorKind::kAdd, workloads::Add{},
                           {testing::int8_tensor({1, 4, 4, 3}), testing::int8_tensor(b),
                            testing::int8_tensor({1, 4, 4, 3})},
                           2);
  };
  const workloads::Graph same = add({1, 4, 4, 3});
  const workloads::Graph broadcast = add({1, 1, 1, 3});
  EXPECT_EQ(vector_refuses(same, same.operators[0], engine_of(64, 64)), std::nullopt);
  EXPECT_EQ(vector_refuses(broadcast, broadcast.operators[0], engine_of(64, 64)),
            "the vector unit does not broadcast");
}

}  // namespace
}  // namespace milliwatt::dataflows
