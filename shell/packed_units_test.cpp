// SPDX-License-Identifier: Apache-2.0
// Elements of 2 to 7 bits in the buffers of output stage and vector unit: goldens worked by hand.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "base/error.h"
#include "shell/elements.h"
#include "shell/engine_counters.h"
#include "shell/output_stage.h"
#include "shell/step_counts.h"
#include "shell/vector_unit.h"

namespace milliwatt::shell {
namespace {

using dataflows::AddJob;
using dataflows::ChannelParameters;
using dataflows::OutputJob;
using dataflows::PoolJob;
using Bytes = std::vector<std::uint8_t>;

constexpr std::int32_t kHalf = 1 << 30;  ///< the mantissa of 0.5

/// One buffer of 16-bit words with four slots of 16 bytes, all bits set.
struct Buffers {
  Buffers() : memory{shape}, counters{"engine", shape, {}} {
    memory.bind(slots);
    memory.buffer(0).assign(64, 0xff);
  }

  void put(dataflows::SlotId slot, const Bytes& bytes) {
    std::memcpy(memory.slot(slot), bytes.data(), bytes.size());
  }
  Bytes get(dataflows::SlotId slot, std::size_t bytes) {
    return {memory.slot(slot), memory.slot(slot) + bytes};
  }

  static dataflows::EngineShape one_buffer() {
    dataflows::EngineShape shape;
    shape.buffers = {{"buffer", 64, 1, 16}};
    return shape;
  }

  dataflows::EngineShape shape = one_buffer();
  std::vector<dataflows::Slot> slots{{0, 0, 16}, {0, 16, 16}, {0, 32, 16}, {0, 48, 16}};
  LocalMemory memory;
  EngineCounters counters;
};

TEST(Elements, ComeBackFromWhatTheyWerePackedTo) {
  std::mt19937 random(5);
  for (int bits = 2; bits <= 8; ++bits) {
    for (std::int64_t count = 1; count <= 40; ++count) {
      std::vector<std::int8_t> values(static_cast<std::size_t>(count));
      for (std::int8_t& value : values) {
        value = static_cast<std::int8_t>(static_cast<std::int8_t>(random()) >> (8 - bits));
      }
      Bytes bytes(static_cast<std::size_t>((count * bits + 7) / 8) + 1, 0xff);
      pack_elements(values.data(), count, bits, bytes.data());
      EXPECT_EQ(bytes.back(), 0xff) << "the byte behind";
      const int used = static_cast<int>(count * bits % 8);
      EXPECT_EQ(used == 0 ? 0 : bytes[bytes.size() - 2] >> used, 0) << "the bits behind";
      std::vector<std::int8_t> room;
      const std::int8_t* back = unpacked(bytes.data(), count, bits, room);
      EXPECT_EQ(std::vector<std::int8_t>(back, back + count), values) << bits << " bits";
      std::int8_t last = 0;
      unpack_elements(bytes.data(), count - 1, 1, bits, &last);
      EXPECT_EQ(last, values.back());
    }
  }
}

TEST(Elements, HaveTwoToEightBits) {
  std::uint8_t bytes[4] = {};
  std::int8_t value = 0;
  EXPECT_THROW(unpack_elements(bytes, 0, 1, 1, &value), base::InternalError);
  EXPECT_THROW(unpack_elements(bytes, 0, 1, 9, &value), base::InternalError);
  EXPECT_THROW(pack_elements(&value, 1, 1, bytes), base::InternalError);
}

/// Outputs sum / 2 of slot 0 by the table of slot 1 into slot 2.
struct OutputCase {
  OutputCase(std::int32_t pixels, std::int32_t channels, std::int32_t bits,
             const std::vector<std::int32_t>& sums) {
    job.sums = 0;
    job.parameters = 1;
    job.output = 2;
    job.pixels = pixels;
    job.channels = channels;
    job.output_pitch = static_cast<std::uint32_t>(channels);
    job.bits = bits;
    job.clamp_low = -(1 << (bits - 1));
    job.clamp_high = (1 << (bits - 1)) - 1;
    std::memcpy(b.memory.slot(0), sums.data(), sums.size() * sizeof sums[0]);
    const ChannelParameters half{0, kHalf, 0};
    std::memcpy(b.memory.slot(1), &half, sizeof half);
  }
  Bytes run(std::size_t bytes) {
    run_output_job(job, b.memory);
    return b.get(2, bytes);
  }

  Buffers b;
  OutputJob job;
};

TEST(PackedOutputs, LieOneBehindTheOther) {
  // 1, -2, 7 and 8, bounded to 7: 0x1, 0xe, 0x7, 0x7. One channel, so that pitch is an output.
  OutputCase c(1, 1, 4, {2});
  EXPECT_EQ(c.run(2), (Bytes{0x01, 0xff})) << "the rest of the byte is 0";
  c.job.output_offset = 1;
  const std::int32_t sum = -4;
  std::memcpy(c.b.memory.slot(0), &sum, sizeof sum);
  EXPECT_EQ(c.run(2), (Bytes{0xe1, 0xff})) << "beside what was there";
  c.job.output_offset = 2;
  const std::int32_t large = 100;
  std::memcpy(c.b.memory.slot(0), &large, sizeof large);
  EXPECT_EQ(c.run(3), (Bytes{0xe1, 0x07, 0xff}));
}

TEST(PackedOutputs, OfAStripOfEveryPixel) {
  // Pixels of 8 outputs of 3 bits, 3 bytes; their third one is written: bits 6 .. 8.
  OutputCase c(2, 1, 3, {6, -2});
  c.job.output_pitch = 8;
  c.job.output_offset = 2;
  // 3 = 0b011: bits 6 and 7, then 0s up to the end of byte 1. -1 = 0b111.
  EXPECT_EQ(c.run(6), (Bytes{0xff, 0x00, 0xff, 0xff, 0x01, 0xff}));
}

TEST(PackedOutputs, NeedRoomAndPixelsOfWholeBytes) {
  OutputCase c(2, 1, 4, {2, 2});
  c.job.output_pitch = 30;  // 31 outputs of 4 bits: 15.5 bytes
  EXPECT_NO_THROW(c.run(1));
  c.job.output_pitch = 32;
  EXPECT_THROW(c.run(1), base::SimulationError);  // 33 outputs
  c.job.output_pitch = 3;
  EXPECT_THROW(c.run(1), base::SimulationError);  // 12 bits
  c.job.pixels = 1;
  EXPECT_NO_THROW(c.run(1));
  for (const int bits : {0, 1, 9, 16}) {
    c.job.bits = bits;
    EXPECT_THROW(c.run(1), base::SimulationError) << bits;
  }
}

/// y = a + b: operands halved, the sum scaled by 2 * 2^-20.
AddJob addition(std::int32_t elements) {
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

TEST(PackedAddition, OfOperandsOfAnyBits) {
  Buffers b;
  b.put(0, {0x71, 0x0e});        // 4 bits: 1, 7, -2
  b.put(1, {0x01, 0xff, 0x05});  // 8 bits: 1, -1, 5
  AddJob job = addition(3);
  job.bits_a = 4;
  job.bits_output = 3;
  job.clamp_low = -4;
  job.clamp_high = 3;
  run_vector_job(job, b.memory);
  // 2, 6 bounded to 3, 3: 0b010, 0b011, 0b011 from the lowest bit: 0b011011010 = 0xda, 0.
  EXPECT_EQ(b.get(2, 3), (Bytes{0xda, 0x00, 0xff}));
}

TEST(PackedAddition, StaysInItsSlots) {
  Buffers b;
  AddJob job = addition(42);
  job.bits_a = job.bits_b = job.bits_output = 3;  // 126 bits of 128
  EXPECT_NO_THROW(run_vector_job(job, b.memory));
  job.elements = 43;
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
  job.elements = 16;
  job.bits_b = 8;
  EXPECT_NO_THROW(run_vector_job(job, b.memory));
  job.elements = 17;
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
  job.elements = 1;
  job.bits_b = 9;
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
}

TEST(PackedPool, OfThreeBits) {
  // A line of 3 pixels of 1 channel, windows of 2: -4, 3, 1 = 0b100, 0b011, 0b001: 0x5c, 0.
  Buffers b;
  b.put(0, {0x5c, 0x00});
  PoolJob job;
  job.input = 0;
  job.output = 2;
  job.bits_input = job.bits_output = 3;
  job.channels = job.input_h = job.output_rows = 1;
  job.input_w = 3;
  job.output_w = 2;
  job.kernel_w = 2;
  run_vector_job(job, b.memory);
  EXPECT_EQ(b.get(2, 2), (Bytes{0x1b, 0xff}));  // 3, 3
  job.average = true;
  run_vector_job(job, b.memory);
  // -1 / 2 and 4 / 2, halves away from zero: -1, 2 = 0b111, 0b010.
  EXPECT_EQ(b.get(2, 2), (Bytes{0x17, 0xff}));
  job.bits_output = 1;
  EXPECT_THROW(run_vector_job(job, b.memory), base::SimulationError);
}

TEST(PackedCounts, AreAccessesOfPackedBits) {
  Buffers b;
  StepCounts counts{b.shape, b.slots, b.counters};
  AddJob add = addition(10);
  add.bits_a = 3;  // 30 bits: 2 words
  add.bits_b = 8;  // 80 bits: 5
  add.bits_output = 2;
  counts.vector(add, 0);
  EXPECT_EQ(b.counters.buffers[0].total(kBufferRead), 2 + 5);
  EXPECT_EQ(b.counters.buffers[0].total(kBufferWrite), 2);
  EXPECT_EQ(b.counters.vector_unit.total(kAddElement), 10);
  OutputJob output;
  output.pixels = 5;
  output.channels = 2;
  output.bits = 5;
  counts.output(output, 0);  // 50 bits: 4 words; 10 sums of 2 words, 2 rows of 6
  EXPECT_EQ(b.counters.buffers[0].total(kBufferWrite), 2 + 4);
  EXPECT_EQ(b.counters.buffers[0].total(kBufferRead), 7 + 20 + 12);
}

}  // namespace
}  // namespace milliwatt::shell
