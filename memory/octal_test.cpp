// SPDX-License-Identifier: Apache-2.0
// Octal PSRAM and HyperRAM by their rules: each gate from both sides, each sum in a comment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/hyperram.h"
#include "memory/octal_psram.h"
#include "memory/serial_memory_testing.h"

namespace milliwatt::memory {
namespace {

using base::Cycles;
using ::testing::HasSubstr;

TEST(OctalPsram, TwoBytesPerClock) {
  // 3 command and address + 5 latency; bytes lie in words of 2.
  Device<OctalPsramConfig> psram{{}, 200};
  EXPECT_EQ(psram.clocks(0, read(0, 64)), 8 + 32);
  EXPECT_EQ(psram.clocks(kLater, read(0, 1)), 8 + 1);
  EXPECT_EQ(psram.clocks(2 * kLater, read(0, 2)), 8 + 1);
  EXPECT_EQ(psram.clocks(3 * kLater, read(1, 2)), 8 + 2);
}

TEST(OctalPsram, LatencyIsProgrammed) {
  OctalPsramConfig config;
  config.read_latency = 7;
  config.write_latency = 6;
  Device<OctalPsramConfig> psram{config, 200};
  EXPECT_EQ(psram.clocks(0, read(0, 2)), 3 + 7 + 1);
  EXPECT_EQ(psram.clocks(kLater, write(0, 2)), 3 + 6 + 1);
}

TEST(OctalPsram, PageWrapsUnlessReadsCrossRows) {
  OctalPsramConfig config;
  Device<OctalPsramConfig> psram{config, 200};
  EXPECT_EQ(psram.clocks(0, read(1020, 4)), 8 + 2);
  EXPECT_EQ(psram.clocks(kLater, read(1022, 4)), 9 + 1 + 9);
  config.row_crossing = true;
  Device<OctalPsramConfig> crossing{config, 200};
  EXPECT_EQ(crossing.clocks(0, read(1022, 4)), 8 + 2);
  EXPECT_EQ(crossing.clocks(kLater, write(1020, 4)), 8 + 2);
  EXPECT_EQ(crossing.clocks(2 * kLater, write(1022, 4)), 9 + 1 + 9);
  config.page = 2048;  // APS256XXN
  Device<OctalPsramConfig> large{config, 200};
  EXPECT_EQ(large.clocks(0, write(1022, 4)), 8 + 2);
  EXPECT_EQ(large.clocks(kLater, write(2046, 4)), 9 + 1 + 9);
}

TEST(OctalPsram, WrapEndsTheOpening) {
  OctalPsramConfig config;
  config.wrap = 16;
  config.row_crossing = true;
  Device<OctalPsramConfig> psram{config, 200};
  EXPECT_EQ(psram.clocks(0, read(16, 16)), 8 + 8);
  EXPECT_EQ(psram.clocks(kLater, read(16, 18)), 16 + 1 + 9);
}

TEST(OctalPsram, ChipSelectLimitWarmAndHot) {
  // 4 us at 100 MHz are 400 clocks, 392 of data: 784 bytes. 1 us: 100 clocks, 92 of data: 184.
  Device<OctalPsramConfig> warm{{}, 100};
  EXPECT_EQ(warm.clocks(0, read(0, 784)), 400);
  EXPECT_EQ(warm.clocks(kLater, read(0, 786)), 400 + 1 + 9);
  OctalPsramConfig config;
  config.select_limit = 1'000'000;
  Device<OctalPsramConfig> hot{config, 100};
  EXPECT_EQ(hot.clocks(0, read(0, 184)), 100);
  EXPECT_EQ(hot.clocks(kLater, read(0, 186)), 100 + 1 + 9);
}

TEST(OctalPsram, FastestClock) {
  EXPECT_EQ(fault_of(OctalPsramConfig{}, 200 * kMHz), "");
  EXPECT_THAT(fault_of(OctalPsramConfig{}, 201 * kMHz), HasSubstr("max_clock is 200 MHz"));
}

/// At 100 MHz a refresh is due at every multiple of 400 clocks, for 4.
HyperRamConfig at_100_mhz() {
  HyperRamConfig config;
  config.latency = 4;
  return config;
}

TEST(HyperRam, ReadAndWriteByHand) {
  // 3 command and address + 4 latency, 2 bytes per clock.
  Device<HyperRamConfig> ram{at_100_mhz(), 100};
  EXPECT_EQ(ram.clocks(10, read(0, 64)), 7 + 32);
  EXPECT_EQ(ram.clocks(100, write(0, 64)), 7 + 32);
  EXPECT_EQ(ram.clocks(200, read(3, 2)), 7 + 2);
}

TEST(HyperRam, LatencyCoversTheAccessTime) {
  // 35 ns: at 171 MHz 5.985 clocks, at 172 MHz 6.02; at 200 MHz exactly 7.
  HyperRamConfig config;
  EXPECT_EQ(fault_of(config, 166 * kMHz), "");
  EXPECT_EQ(fault_of(config, 171 * kMHz), "");
  EXPECT_THAT(fault_of(config, 172 * kMHz), HasSubstr("set latency to 7 cycles"));
  EXPECT_EQ(fault_of(config, 200 * kMHz),
            "device: a latency of 6 clocks at 200 MHz is shorter than the access time of 35 ns: "
            "set latency to 7 cycles");
  config.latency = 7;
  EXPECT_EQ(fault_of(config, 200 * kMHz), "");
  EXPECT_THAT(fault_of(config, 201 * kMHz), HasSubstr("max_clock is 200 MHz"));
}

TEST(HyperRam, CollisionDoublesTheLatency) {
  // Due at 400, over at 404.
  for (const auto& [at, latency] :
       {std::pair<Cycles, Cycles>{399, 4}, {400, 8}, {403, 8}, {404, 4}, {800, 8}}) {
    Device<HyperRamConfig> ram{at_100_mhz(), 100};
    EXPECT_EQ(ram.clocks(at, read(0, 2)), 3 + latency + 1) << "at " << at;
    Device<HyperRamConfig> written{at_100_mhz(), 100};
    EXPECT_EQ(written.clocks(at, write(0, 2)), 3 + latency + 1) << "at " << at;
  }
}

TEST(HyperRam, RefreshHappensOnce) {
  // The opening at 400 pays for the refresh; one at 402 would meet it, but it is over by then.
  HyperRamConfig config = at_100_mhz();
  config.refresh_window = 400'000;  // 40 clocks
  config.deselect = 1;
  Device<HyperRamConfig> ram{config, 100};
  EXPECT_EQ(ram.clocks(400, read(0, 2)), 12);
  EXPECT_EQ(ram.clocks(420, read(0, 2)), 8);
}

TEST(HyperRam, RefreshWaitsForChipSelect) {
  // An opening from 390 to 390 + 7 + 32 = 429 delays the refresh of 400 to 429 .. 433.
  for (const auto& [at, latency] :
       {std::pair<Cycles, Cycles>{430, 8}, {432, 8}, {433, 4}, {440, 4}}) {
    Device<HyperRamConfig> ram{at_100_mhz(), 100};
    EXPECT_EQ(ram.clocks(390, read(0, 64)), 39);
    EXPECT_EQ(ram.clocks(at, read(0, 2)), 3 + latency + 1) << "at " << at;
  }
}

TEST(HyperRam, FixedLatencyIsAlwaysTwice) {
  HyperRamConfig config = at_100_mhz();
  config.fixed_latency = true;
  Device<HyperRamConfig> ram{config, 100};
  EXPECT_EQ(ram.clocks(10, read(0, 2)), 3 + 8 + 1);
  EXPECT_EQ(ram.clocks(400, read(0, 2)), 3 + 8 + 1);
}

TEST(HyperRam, ChipSelectLimitSplits) {
  // 4 us at 150 MHz are 600 clocks. Latency 6: 591 of data, 1182 bytes. The second opening, a
  // clock later at 611, meets the refresh that was due at 600 and waited: 3 + 12 + 1.
  HyperRamConfig config;
  Device<HyperRamConfig> fits{config, 150};
  EXPECT_EQ(fits.clocks(10, read(0, 1182)), 600);
  EXPECT_EQ(fits.openings(), 1);
  Device<HyperRamConfig> splits{config, 150};
  EXPECT_EQ(splits.clocks(10, read(0, 1184)), 600 + 1 + 16);
  EXPECT_EQ(splits.openings(), 2);
}

TEST(HyperRam, CollisionLeavesLessRoomWithinTheLimit) {
  // From 600 on, within a refresh: 600 - 3 - 12 = 585 clocks of data, 1170 bytes.
  Device<HyperRamConfig> fits{{}, 150};
  EXPECT_EQ(fits.clocks(600, read(0, 1170)), 600);
  EXPECT_EQ(fits.openings(), 1);
  Device<HyperRamConfig> splits{{}, 150};
  splits.clocks(600, read(0, 1172));
  EXPECT_EQ(splits.openings(), 2);
}

TEST(HyperRam, DieBoundaryEndsTheOpening) {
  HyperRamConfig config = at_100_mhz();
  config.size = 16 * 1024 * 1024;  // two dies of 8 MiB
  const std::uint64_t end = 8 * 1024 * 1024;
  Device<HyperRamConfig> ram{config, 100};
  EXPECT_EQ(ram.clocks(10, read(end - 4, 4)), 7 + 2);
  EXPECT_EQ(ram.clocks(100, read(end - 2, 4)), 8 + 1 + 8);
}

TEST(HyperRam, WrapEndsTheOpening) {
  HyperRamConfig config = at_100_mhz();
  config.wrap = 64;
  Device<HyperRamConfig> ram{config, 100};
  EXPECT_EQ(ram.clocks(10, read(64, 64)), 7 + 32);
  EXPECT_EQ(ram.clocks(100, read(64, 66)), 39 + 1 + 8);
}

/// Chip select stays low behind a burst.
OctalPsramConfig kept() {
  OctalPsramConfig config;
  config.keep_selected = true;
  return config;
}

TEST(KeepSelected, NextAddressGoesOnWithData) {
  Device<OctalPsramConfig> psram{kept(), 100};
  EXPECT_EQ(psram.clocks(0, read(0, 64)), 8 + 32);
  EXPECT_EQ(psram.clocks(50, read(64, 64)), 32);
  EXPECT_EQ(psram.openings(), 1);
  // Another address, and another direction, open again after a clock of chip select high.
  EXPECT_EQ(psram.clocks(100, read(256, 2)), 1 + 9);
  EXPECT_EQ(psram.clocks(120, write(258, 2)), 1 + 9);
  EXPECT_EQ(psram.openings(), 3);
}

TEST(KeepSelected, EndsAtThePage) {
  Device<OctalPsramConfig> psram{kept(), 100};
  psram.clocks(0, read(1000, 22));
  EXPECT_EQ(psram.clocks(50, read(1022, 2)), 1);
  EXPECT_EQ(psram.clocks(60, read(1024, 2)), 1 + 9);
}

TEST(KeepSelected, EndsAtTheLimitThatWaitingUsesUpToo) {
  // Selected at 0, limit 400. One word at 399 still goes; at 400 chip select has risen, and at 401
  // it has been high for a clock.
  for (const auto& [at, clocks] : {std::pair<Cycles, Cycles>{399, 1}, {400, 1 + 9}, {401, 9}}) {
    Device<OctalPsramConfig> psram{kept(), 100};
    psram.clocks(0, read(0, 2));
    EXPECT_EQ(psram.clocks(at, read(2, 2)), clocks) << "at " << at;
  }
  // Two words at 399: one within the limit, one in an opening of its own.
  Device<OctalPsramConfig> psram{kept(), 100};
  psram.clocks(0, read(0, 2));
  EXPECT_EQ(psram.clocks(399, read(2, 4)), 1 + 1 + 9);
}

TEST(KeepSelected, DelaysTheRefresh) {
  HyperRamConfig config = at_100_mhz();
  config.keep_selected = true;
  config.select_limit = 8'000'000;
  Device<HyperRamConfig> ram{config, 100};
  EXPECT_EQ(ram.clocks(390, read(0, 2)), 8);
  EXPECT_EQ(ram.clocks(500, read(2, 2)), 1);        // still selected, the refresh of 400 waits
  EXPECT_EQ(ram.clocks(600, read(64, 2)), 1 + 12);  // and comes when chip select rises
}

}  // namespace
}  // namespace milliwatt::memory
