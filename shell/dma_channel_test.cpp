// SPDX-License-Identifier: Apache-2.0
#include "shell/dma_channel.h"

#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

#include "base/error.h"

namespace milliwatt::shell {
namespace {

using dataflows::Length;
using dataflows::Transfer;
using Pieces = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

Pieces walk(const Transfer& transfer, std::uint32_t max_bytes) {
  BurstWalk walk(transfer, max_bytes);
  Pieces pieces;
  for (BurstWalk::Piece piece; walk.next(piece);) {
    pieces.emplace_back(piece.address, piece.bytes);
  }
  return pieces;
}

Transfer rows(std::uint64_t address, std::uint32_t row_bytes, std::uint32_t count,
              std::uint32_t stride) {
  Transfer t;
  t.address = address;
  t.row_bytes = row_bytes;
  t.rows = count;
  t.row_stride = stride;
  return t;
}

TEST(BurstWalk, AnAlignedRowIsOneBurstAndOneByteMoreIsTwo) {
  EXPECT_EQ(walk(rows(128, 64, 1, 0), 64), (Pieces{{128, 64}}));
  EXPECT_EQ(walk(rows(128, 65, 1, 0), 64), (Pieces{{128, 64}, {192, 1}}));
}

TEST(BurstWalk, NoBurstCrossesAMultipleOfItsLength) {
  // 60 is 4 below 64: 4 + 64 + 32.
  EXPECT_EQ(walk(rows(60, 100, 1, 0), 64), (Pieces{{60, 4}, {64, 64}, {128, 32}}));
}

TEST(BurstWalk, RowsApartAreRunsOfTheirOwn) {
  EXPECT_EQ(walk(rows(0, 8, 3, 16), 64), (Pieces{{0, 8}, {16, 8}, {32, 8}}));
}

TEST(BurstWalk, RowsThatTouchAreOneRun) {
  EXPECT_EQ(walk(rows(0, 8, 3, 8), 64), (Pieces{{0, 24}}));
  EXPECT_EQ(walk(rows(0, 8, 3, 9), 64), (Pieces{{0, 8}, {9, 8}, {18, 8}}));
}

TEST(BurstWalk, PlanesThatTouchAreOneRunToo) {
  Transfer t = rows(0, 8, 2, 8);
  t.planes = 2;
  t.plane_stride = 16;
  EXPECT_EQ(walk(t, 64), (Pieces{{0, 32}}));
  t.plane_stride = 32;
  EXPECT_EQ(walk(t, 64), (Pieces{{0, 16}, {32, 16}}));
}

TEST(BurstWalk, RowsOfPlanesKeepTheirOrder) {
  Transfer t = rows(100, 4, 2, 10);
  t.planes = 2;
  t.plane_stride = 50;
  EXPECT_EQ(walk(t, 64), (Pieces{{100, 4}, {110, 4}, {150, 4}, {160, 4}}));
}

TEST(BurstWalk, NothingMovesNothing) {
  EXPECT_EQ(walk(rows(5, 0, 3, 16), 64), Pieces{});
  EXPECT_EQ(walk(rows(5, 4, 0, 16), 64), Pieces{});
  EXPECT_EQ(walk(Transfer{}, 64), Pieces{});
}

/// A memory that answers a channel's bursts at once.
class Memory {
 public:
  Memory() : bytes(1024) {}

  Pieces serve(DmaChannel& channel) {
    Pieces pieces;
    while (channel.next()) {
      const DmaChannel::Request& r = channel.request();
      pieces.emplace_back(r.burst.address, r.burst.bytes);
      for (std::uint32_t i = 0; i < r.burst.bytes; ++i) {
        std::uint8_t& place = bytes.at(r.burst.address + i);
        (r.burst.write ? place : r.data[i]) = r.burst.write ? r.data[i] : place;
      }
    }
    return pieces;
  }

  std::vector<std::uint8_t> bytes;
};

TEST(DmaChannel, PacksRowsIntoTheSlotAndBack) {
  Memory memory;
  std::iota(memory.bytes.begin(), memory.bytes.end(), static_cast<std::uint8_t>(0));
  std::vector<std::uint8_t> slot(6);
  DmaChannel channel(64);
  channel.begin_load(rows(10, 2, 3, 20), slot.data(), 6, 3);
  memory.serve(channel);
  EXPECT_EQ(slot, (std::vector<std::uint8_t>{10, 11, 30, 31, 50, 51}));
  EXPECT_EQ(channel.payload(), 6u);
  EXPECT_EQ(channel.request().burst.tag.layer, 3);
  channel.begin_store(rows(200, 3, 2, 8), slot.data(), 6, 4);
  memory.serve(channel);
  EXPECT_EQ(memory.bytes[202], 30);
  EXPECT_EQ(memory.bytes[208], 31);
}

Transfer counted(std::uint64_t address, std::uint32_t bytes) {
  Transfer t = rows(address, bytes, 1, 0);
  t.length = Length::kCounted;
  return t;
}

TEST(DmaChannel, ACountedStoreIsOneRunOfCountAndPayload) {
  Memory memory;
  std::vector<std::uint8_t> slot{7, 8, 9, 1, 1};
  DmaChannel channel(16);
  channel.begin_store(counted(12, 5), slot.data(), 3, 0);
  // 4 + 3 bytes from 12 on: up to 16, and the rest.
  EXPECT_EQ(memory.serve(channel), (Pieces{{12, 4}, {16, 3}}));
  EXPECT_EQ(std::vector<std::uint8_t>(memory.bytes.begin() + 12, memory.bytes.begin() + 20),
            (std::vector<std::uint8_t>{3, 0, 0, 0, 7, 8, 9, 0}));
  EXPECT_EQ(channel.payload(), 3u);
}

TEST(DmaChannel, ACountedLoadReadsTheCountAloneAndThenThePayload) {
  Memory memory;
  memory.bytes[16] = 5;
  std::iota(memory.bytes.begin() + 20, memory.bytes.begin() + 25, static_cast<std::uint8_t>(40));
  std::vector<std::uint8_t> slot(8);
  DmaChannel channel(64);
  channel.begin_load(counted(16, 8), slot.data(), 8, 0);
  EXPECT_EQ(memory.serve(channel), (Pieces{{16, 4}, {20, 5}}));
  EXPECT_EQ(channel.payload(), 5u);
  EXPECT_EQ(slot, (std::vector<std::uint8_t>{40, 41, 42, 43, 44, 0, 0, 0}));
}

TEST(DmaChannel, AnEmptyPayloadTakesItsCountOnly) {
  Memory memory;
  std::uint8_t slot = 0;
  DmaChannel channel(64);
  channel.begin_load(counted(16, 1), &slot, 1, 0);
  EXPECT_EQ(memory.serve(channel), (Pieces{{16, 4}}));
  EXPECT_EQ(channel.payload(), 0u);
  channel.begin_store(counted(32, 1), &slot, 0, 0);
  EXPECT_EQ(memory.serve(channel), (Pieces{{32, 4}}));
}

TEST(DmaChannel, ACountAboveTheBoundIsAnError) {
  Memory memory;
  std::vector<std::uint8_t> slot(8);
  DmaChannel channel(64);
  memory.bytes[16] = 8;
  channel.begin_load(counted(16, 8), slot.data(), 8, 0);
  EXPECT_NO_THROW(memory.serve(channel));
  memory.bytes[16] = 9;
  channel.begin_load(counted(16, 8), slot.data(), 8, 0);
  EXPECT_THROW(memory.serve(channel), base::SimulationError);
}

}  // namespace
}  // namespace milliwatt::shell
