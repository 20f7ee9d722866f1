// SPDX-License-Identifier: Apache-2.0
// Output stage and vector unit: small goldens worked by hand.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/error.h"
#include "shell/engine_counters.h"
#include "shell/output_stage.h"
#include "shell/step_counts.h"
#include "shell/vector_unit.h"

namespace milliwatt::shell {
namespace {

using dataflows::AddJob;
using dataflows::ChannelParameters;
using dataflows::EngineShape;
using dataflows::OutputJob;
using dataflows::PoolJob;
using dataflows::Slot;

constexpr std::int32_t kHalf = 1 << 30;  ///< the mantissa of 0.5

/// One buffer of 8-byte words with three slots: [0, 64), [64, 128), [128, 192).
struct Buffers {
  Buffers() : memory{shape}, counters{"engine", shape, {}} { memory.bind(slots); }

  template <typename T>
  void put(dataflows::SlotId slot, const std::vector<T>& values) {
    std::memcpy(memory.slot(slot), values.data(), values.size() * sizeof(T));
  }
  std::vector<int> get(dataflows::SlotId slot, std::size_t bytes) {
    const auto* begin = reinterpret_cast<const std::int8_t*>(memory.slot(slot));
    return std::vector<int>(begin, begin + bytes);
  }
  StepCounts counts() { return {shape, slots, counters}; }

  static EngineShape one_buffer() {
    EngineShape shape;
    shape.buffers = {{"buffer", 192, 1, 64}};
    return shape;
  }

  EngineShape shape = one_buffer();
  std::vector<Slot> slots{{0, 0, 64}, {0, 64, 64}, {0, 128, 64}};
  LocalMemory memory;
  EngineCounters counters;
};

OutputJob output_job(std::int32_t pixels, std::int32_t channels) {
  OutputJob job;
  job.sums = 0;
  job.parameters = 1;
  job.output = 2;
  job.output_pitch = static_cast<std::uint32_t>(channels);
  job.pixels = pixels;
  job.channels = channels;
  return job;
}

TEST(OutputStage, ScalesEachChannelByItsOwnMultiplier) {
  Buffers b;
  b.put<std::int32_t>(0, {100, 100, -7, -7});
  // x * 0.5, and (x + 10) * 0.25.
  b.put<ChannelParameters>(1, {{0, kHalf, 0}, {10, kHalf, -1}});
  OutputJob job = output_job(2, 2);
  job.zero_point = 1;
  run_output_job(job, b.memory);
  // 50 + 1; 110 / 4 = 27.5 -> 28 + 1. -3.5: the high multiply gives -3 (half goes up), + 1;
  // (-7 + 10) / 4: 1.5 -> 2, then 1 after the shift, + 1.
  EXPECT_EQ(b.get(2, 4), (std::vector<int>{51, 29, -2, 2}));
}

TEST(OutputStage, RoundsTwice) {
  Buffers b;
  b.put<std::int32_t>(0, {5, -5});
  b.put<ChannelParameters>(1, {{0, kHalf, -1}});
  run_output_job(output_job(2, 1), b.memory);
  // 5 / 4 = 1.25 would be 1, but 5 / 2 = 2.5 -> 3 and 3 / 2 = 1.5 -> 2.
  // -5 / 2 = -2.5 -> -2, -2 / 2 = -1.
  EXPECT_EQ(b.get(2, 2), (std::vector<int>{2, -1}));
}

TEST(OutputStage, ClampsAfterTheZeroPoint) {
  Buffers b;
  b.put<std::int32_t>(0, {2000, -2000, 10});
  b.put<ChannelParameters>(1, {{0, kHalf, 0}});
  OutputJob job = output_job(3, 1);
  job.zero_point = -10;
  job.clamp_low = -10;
  job.clamp_high = 100;
  run_output_job(job, b.memory);
  EXPECT_EQ(b.get(2, 3), (std::vector<int>{100, -10, -5}));
}

TEST(OutputStage, WritesAStripOfAWiderRow) {
  Buffers b;
  b.put<std::int32_t>(0, {2, 4, 6, 8});
  b.put<ChannelParameters>(1, {{99, 99, 0}, {0, kHalf, 0}, {0, kHalf, 0}});
  OutputJob job = output_job(2, 2);
  job.parameter_offset = sizeof(ChannelParameters);
  job.output_offset = 1;
  job.output_pitch = 4;
  run_output_job(job, b.memory);
  EXPECT_EQ(b.get(2, 8), (std::vector<int>{0, 1, 2, 0, 0, 3, 4, 0}));
}

TEST(OutputStage, StaysInItsSlots) {
  Buffers b;
  b.put<ChannelParameters>(1, std::vector<ChannelParameters>(5, {0, kHalf, 0}));
  EXPECT_NO_THROW(run_output_job(output_job(16, 1), b.memory));  // 64 bytes of sums
  EXPECT_THROW(run_output_job(output_job(17, 1), b.memory), base::SimulationError);
  EXPECT_NO_THROW(run_output_job(output_job(1, 5), b.memory));  // 60 bytes of parameters
  EXPECT_THROW(run_output_job(output_job(1, 6), b.memory), base::SimulationError);
  OutputJob job = output_job(2, 1);
  job.output_pitch = 63;  // 1 + 63
  EXPECT_NO_THROW(run_output_job(job, b.memory));
  job.output_pitch = 64;
  EXPECT_THROW(run_output_job(job, b.memory), base::SimulationError);
}

TEST(OutputStage, RefusesShiftsThatAreNone) {
  Buffers b;
  for (const auto& [exponent, good] :
       {std::pair{-31, true}, {-32, false}, {30, true}, {31, false}}) {
    b.put<ChannelParameters>(1, {{0, kHalf, exponent}});
    if (good) {
      EXPECT_NO_THROW(run_output_job(output_job(1, 1), b.memory));
    } else {
      EXPECT_THROW(run_output_job(output_job(1, 1), b.memory), base::SimulationError);
    }
  }
}

TEST(OutputStage, CountsSumsAndWords) {
  Buffers b;
  b.counts().output(output_job(5, 3), 2);
  EXPECT_EQ(b.counters.output_stage.value(kRequantize, 2), 15);
  // 60 bytes of sums are 8 words, 36 of parameters 5; 15 of outputs 2.
  EXPECT_EQ(b.counters.buffers[0].value(kBufferRead, 2), 13);
  EXPECT_EQ(b.counters.buffers[0].value(kBufferWrite, 2), 2);
}

/// y = a + b with equal scales: each operand is halved at 20 more bits, the sum comes back.
AddJob add_job(std::int32_t elements) {
  AddJob job;
  job.a = 0;
  job.b = 1;
  job.output = 2;
  job.elements = elements;
  job.left_shift = 20;
  job.multiplier_a = job.multiplier_b = job.multiplier = kHalf;
  job.exponent = -18;
  return job;
}

TEST(VectorUnit, AddsAndClamps) {
  Buffers b;
  b.put<std::int8_t>(0, {1, 100, -100, -128});
  b.put<std::int8_t>(1, {2, 100, -100, 127});
  run_vector_job(add_job(4), b.memory);
  EXPECT_EQ(b.get(2, 4), (std::vector<int>{3, 127, -128, -1}));
}

TEST(VectorUnit, TakesZeroPointsOffAndPutsTheOutputsOn) {
  Buffers b;
  b.put<std::int8_t>(0, {10, 10});
  b.put<std::int8_t>(1, {-20, 20});
  AddJob job = add_job(2);
  job.zero_point_a = 4;
  job.zero_point_b = -20;
  job.zero_point = -5;
  job.clamp_high = 40;
  run_vector_job(job, b.memory);
  EXPECT_EQ(b.get(2, 2), (std::vector<int>{1, 40}));  // 6 + 0 - 5; 6 + 40 - 5 = 41
}

TEST(VectorUnit, AddRefusesWhatDoesNotFit) {
  Buffers b;
  EXPECT_NO_THROW(run_vector_job(add_job(64), b.memory));
  EXPECT_THROW(run_vector_job(add_job(65), b.memory), base::SimulationError);
  AddJob job = add_job(1);
  job.left_shift = 21;
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
}

/// 3 x 3 windows, stride 2, padding 1, on a 3 x 3 image of one channel: four outputs of 4 taps.
PoolJob pool_job(bool average) {
  PoolJob job;
  job.input = 0;
  job.output = 2;
  job.average = average;
  job.channels = 1;
  job.input_h = job.input_w = 3;
  job.output_rows = job.output_w = 2;
  job.kernel_h = job.kernel_w = 3;
  job.stride_h = job.stride_w = 2;
  job.pad_top = job.pad_left = 1;
  return job;
}

TEST(VectorUnit, AveragesTheTapsInsideTheImageAndRoundsHalvesAway) {
  Buffers b;
  b.put<std::int8_t>(0, {1, 2, -3, 3, 4, -3, -1, -2, 127});
  run_vector_job(pool_job(true), b.memory);
  // (1+2+3+4)/4 = 2.5 -> 3; (2-3+4-3)/4 = 0; (3+4-1-2)/4 = 1; (4-3-2+127)/4 = 31.5 -> 32.
  EXPECT_EQ(b.get(2, 4), (std::vector<int>{3, 0, 1, 32}));
  b.put<std::int8_t>(0, {-1, -2, 0, -3, -4, 0, 0, 0, 0});
  run_vector_job(pool_job(true), b.memory);
  EXPECT_EQ(b.get(2, 4), (std::vector<int>{-3, -2, -2, -1}));  // -2.5, -1.5, -1.75, -1
}

TEST(VectorUnit, TakesTheGreatestTap) {
  Buffers b;
  b.put<std::int8_t>(0, {-9, -2, -3, -3, -4, -3, -1, -2, 127});
  PoolJob job = pool_job(false);
  job.clamp_high = 100;
  run_vector_job(job, b.memory);
  EXPECT_EQ(b.get(2, 4), (std::vector<int>{-2, -2, -1, 100}));
}

TEST(VectorUnit, PoolsSomeRowsOfTheImage) {
  Buffers b;
  b.put<std::int8_t>(0, {3, 4, -3, -1, -2, 127});  // rows 1 and 2
  PoolJob job = pool_job(true);
  job.input_y = 1;
  job.output_y = 1;
  job.output_rows = 1;
  run_vector_job(job, b.memory);
  EXPECT_EQ(b.get(2, 2), (std::vector<int>{1, 32}));
  job.input_y = 2;  // row 1 is missing
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
}

TEST(VectorUnit, AnAverageNeedsATap) {
  Buffers b;
  PoolJob job = pool_job(true);
  job.kernel_h = 1;  // output row 0 looks at row -1 only
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
}

TEST(VectorUnit, CountsElementsTapsAndWords) {
  Buffers b;
  b.counts().vector(pool_job(true), 1);
  EXPECT_EQ(b.counters.vector_unit.value(kPoolTap, 1), 16);    // 4 outputs of 4 taps
  EXPECT_EQ(b.counters.buffers[0].value(kBufferRead, 1), 2);   // 16 bytes
  EXPECT_EQ(b.counters.buffers[0].value(kBufferWrite, 1), 1);  // 4 bytes
  b.counts().vector(add_job(9), 0);
  EXPECT_EQ(b.counters.vector_unit.value(kAddElement, 0), 9);
  EXPECT_EQ(b.counters.buffers[0].value(kBufferRead, 0), 4);  // twice 9 bytes
  EXPECT_EQ(b.counters.buffers[0].value(kBufferWrite, 0), 2);
}

TEST(StepCounts, BeatsAreTheAlignedWordsOfABurst) {
  Buffers b;
  StepCounts counts = b.counts();
  counts.burst({16, 8, false, {4, base::TensorClass::kIfmap}}, 8);  // 1 word
  counts.burst({15, 8, false, {4, base::TensorClass::kIfmap}}, 8);  // 8..15 and 16..23
  counts.descriptor({0, 64, false, {}}, 8);
  EXPECT_EQ(b.counters.dma.value(kDmaBurst, 4), 2);
  EXPECT_EQ(b.counters.dma.value(kDmaBeat, 4), 3);
  EXPECT_EQ(b.counters.dma.value(kDmaBeat, base::kNoLayer), 8);
  EXPECT_EQ(b.counters.control.value(kDescriptorByte, base::kNoLayer), 64);
}

}  // namespace
}  // namespace milliwatt::shell
