// SPDX-License-Identifier: Apache-2.0
// QSPI NOR and QSPI PSRAM by their rules: each gate from both sides, each sum in a comment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/interconnect.h"
#include "memory/qspi_nor.h"
#include "memory/qspi_psram.h"
#include "memory/serial_memory_testing.h"

namespace milliwatt::memory {
namespace {

using base::Cycles;
using ::testing::HasSubstr;

TEST(QspiNor, EbhReadByHand) {
  // 6 address + 2 mode + 4 dummy, then 2 clocks per byte; the very first read has 8 clocks of
  // command before it, which ask for continuous read.
  Device<QspiNorConfig> flash{{}};
  EXPECT_EQ(flash.clocks(0, read(0, 4)), 8 + 12 + 8);
  EXPECT_EQ(flash.clocks(kLater, read(0, 4)), 12 + 8);
  EXPECT_EQ(flash.clocks(2 * kLater, read(0x123, 1)), 12 + 2);
  EXPECT_EQ(flash.clocks(3 * kLater, read(0, 64)), 12 + 128);
}

TEST(QspiNor, EveryReadHasItsCommandWithoutContinuousRead) {
  QspiNorConfig config;
  config.continuous_read = false;
  Device<QspiNorConfig> flash{config};
  EXPECT_EQ(flash.clocks(0, read(0, 4)), 8 + 12 + 8);
  EXPECT_EQ(flash.clocks(kLater, read(0, 4)), 8 + 12 + 8);
}

TEST(QspiNor, LinearBurstsCrossPages) {
  Device<QspiNorConfig> flash{{}};
  flash.clocks(0, read(0, 1));
  EXPECT_EQ(flash.clocks(kLater, read(255, 2)), 12 + 4);
  EXPECT_EQ(flash.clocks(2 * kLater, read(0, 4096)), 12 + 8192);  // and no limit of chip select
  EXPECT_EQ(flash.openings(), 3);
}

TEST(QspiNor, WrapEndsTheOpening) {
  // Wraps of 32 bytes: 32 bytes in a block are one opening; one more byte is a second one, a clock
  // of chip select high later: (12 + 64) + 1 + (12 + 2).
  QspiNorConfig config;
  config.wrap = 32;
  Device<QspiNorConfig> flash{config};
  flash.clocks(0, read(0, 1));
  EXPECT_EQ(flash.clocks(kLater, read(32, 32)), 12 + 64);
  EXPECT_EQ(flash.clocks(2 * kLater, read(32, 33)), 76 + 1 + 14);
}

TEST(QspiNor, IsReadOnly) {
  Device<QspiNorConfig> flash{{}};
  EXPECT_FALSE(flash.core().writable());
  EXPECT_EQ(flash.core().counters().actions(), 2);  // no write_byte to be priced
  EXPECT_THROW(flash.clocks(0, write(0, 4)), base::InternalError);
  const base::Clock clock{"bus", 50 * kMHz};
  Interconnect bus{{8, 1, Arbitration::kRoundRobin}, clock};
  bus.add_target("external", 0, flash.core());
  const InitiatorId dma = bus.add_initiator("dma", 0);
  EXPECT_NO_THROW(bus.uncontended(dma, 0, read(0x40, 8)));
  try {
    bus.offer(dma, 0, write(0x40, 8));
    FAIL() << "no error";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "dma: write of 8 bytes at 0x40: external cannot be written");
  }
}

TEST(QspiNor, FastestClock) {
  EXPECT_EQ(fault_of(QspiNorConfig{}, 133 * kMHz), "");
  EXPECT_EQ(
      fault_of(QspiNorConfig{}, 134 * kMHz),
      "device: a clock of 134 MHz is too fast for this qspi_nor, whose max_clock is 133 MHz: lower "
      "clocks.device");
}

TEST(QspiPsram, WordAccessesByHand) {
  // 0Bh in QPI: 2 command + 6 address + 4 dummy = 12 clocks before data, 20 for a word of 32 bits;
  // a write has no dummy: 8 + 8 = 16. EBh has 6 dummies: 22.
  QspiPsramConfig config;
  config.read = QspiRead::kFast;
  Device<QspiPsramConfig> fast{config};
  EXPECT_EQ(fast.clocks(0, read(0x40, 4)), 20);
  EXPECT_EQ(fast.clocks(kLater, write(0x40, 4)), 16);
  Device<QspiPsramConfig> quad{{}};
  EXPECT_EQ(quad.clocks(0, read(0x40, 4)), 22);
  EXPECT_EQ(quad.clocks(kLater, write(0x40, 4)), 16);
}

TEST(QspiPsram, CommandLimitsTheClock) {
  QspiPsramConfig config;
  config.read = QspiRead::kFast;
  EXPECT_EQ(fault_of(config, 66 * kMHz), "");
  EXPECT_EQ(fault_of(config, 67 * kMHz),
            "device: a clock of 67 MHz is too fast for the read command 0Bh, which serves up to "
            "66 MHz: take read: EBh");
  EXPECT_EQ(fault_of(QspiPsramConfig{}, 67 * kMHz), "");
  EXPECT_EQ(fault_of(QspiPsramConfig{}, 144 * kMHz), "");
  EXPECT_THAT(fault_of(QspiPsramConfig{}, 145 * kMHz), HasSubstr("max_clock is 144 MHz"));
}

TEST(QspiPsram, PageIsCrossedAtAReducedClockOnly) {
  // Pages of 1024 bytes. Two bytes in a page: 14 + 4. Across its end, at 84 MHz the same; at
  // 85 MHz two openings with a clock between: (14 + 2) + 1 + (14 + 2).
  Device<QspiPsramConfig> slow{{}, 84};
  EXPECT_EQ(slow.clocks(0, read(1022, 2)), 18);
  EXPECT_EQ(slow.clocks(kLater, read(1023, 2)), 18);
  Device<QspiPsramConfig> fast{{}, 85};
  EXPECT_EQ(fast.clocks(0, read(1022, 2)), 18);
  EXPECT_EQ(fast.clocks(kLater, read(1023, 2)), 33);
  EXPECT_EQ(fast.clocks(2 * kLater, write(1022, 2)), 12);
  EXPECT_EQ(fast.clocks(3 * kLater, write(1023, 2)), 10 + 1 + 10);
}

TEST(QspiPsram, PageOfTheSmallerPart) {
  QspiPsramConfig config;  // APS1604M: 512 bytes
  config.page = 512;
  Device<QspiPsramConfig> psram{config, 144};
  EXPECT_EQ(psram.clocks(0, read(510, 2)), 18);
  EXPECT_EQ(psram.clocks(kLater, read(511, 2)), 33);
}

TEST(QspiPsram, WrapHoldsAtEveryClock) {
  QspiPsramConfig config;
  config.wrap = 32;
  Device<QspiPsramConfig> psram{config, 84};
  EXPECT_EQ(psram.clocks(0, read(0, 32)), 14 + 64);
  EXPECT_EQ(psram.clocks(kLater, read(1, 32)), (14 + 62) + 1 + (14 + 2));
}

TEST(QspiPsram, ChipSelectLimitSplits) {
  // 8 us at 50 MHz are 400 clocks; 14 of them open, 386 carry 193 bytes. A byte more opens again.
  // A write opens in 8 clocks and has room for 196 bytes.
  Device<QspiPsramConfig> psram{{}, 50};
  EXPECT_EQ(psram.clocks(0, read(0, 193)), 400);
  EXPECT_EQ(psram.openings(), 1);
  EXPECT_EQ(psram.clocks(kLater, read(0, 194)), 400 + 1 + 16);
  EXPECT_EQ(psram.openings(), 3);
  EXPECT_EQ(psram.clocks(2 * kLater, write(0, 196)), 400);
  EXPECT_EQ(psram.clocks(3 * kLater, write(0, 197)), 400 + 1 + 10);
}

TEST(QspiPsram, ChipSelectLimitOfTheHotGrade) {
  QspiPsramConfig config;
  config.select_limit = 4'000'000;  // 200 clocks: (200 - 14) / 2 = 93 bytes
  Device<QspiPsramConfig> psram{config, 50};
  EXPECT_EQ(psram.clocks(0, read(0, 93)), 200);
  EXPECT_EQ(psram.clocks(kLater, read(0, 94)), 200 + 1 + 16);
}

TEST(QspiPsram, LimitMustLeaveRoomForAByte) {
  // At 2 MHz 8 us are 16 clocks: 14 to open and 2 for one byte. At 1.99 MHz they are 15.
  EXPECT_EQ(fault_of(QspiPsramConfig{}, 2 * kMHz), "");
  EXPECT_EQ(
      fault_of(QspiPsramConfig{}, 1'990'000),
      "device: chip select may stay low for 15 clocks, which leaves no data behind an opening "
      "of 14: raise the clock or select_limit");
}

TEST(QspiPsram, ChipSelectIsHighBetweenOpenings) {
  // The first burst ends at 22. With 3 clocks of chip select high the next may open at 25: one that
  // arrives at 24 waits for 1 clock, one at 25 for none.
  QspiPsramConfig config;
  config.deselect = 3;
  for (const auto& [at, wait] : {std::pair<Cycles, Cycles>{22, 3}, {24, 1}, {25, 0}, {26, 0}}) {
    Device<QspiPsramConfig> psram{config};
    EXPECT_EQ(psram.clocks(0, read(0, 4)), 22);
    EXPECT_EQ(psram.clocks(at, read(0, 4)), wait + 22) << "at " << at;
  }
}

}  // namespace
}  // namespace milliwatt::memory
