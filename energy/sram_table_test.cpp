// SPDX-License-Identifier: Apache-2.0
#include "energy/sram_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

using ::testing::HasSubstr;

/// read = size x (width + 8): a power of the size and a straight line in the width, which is what
/// interpolation reproduces exactly.
std::vector<SramPoint> ideal() {
  std::vector<SramPoint> points;
  for (const std::int64_t size : {1024, 4096}) {
    for (const std::int64_t width : {8, 32}) {
      const auto value = static_cast<double>(size * (width + 8));
      points.push_back({size, width, {value, 2 * value, 3 * value, 4 * value}});
    }
  }
  return points;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

SramTable table_45nm() {
  return SramTable::load(MILLIWATT_SOURCE_DIR "/configs/technologies/sram_cacti.csv");
}

TEST(SramSurface, GivesGridPointsAsTheyAre) {
  const Range range = SramSurface("t", ideal()).at(SramColumn::kRead, 4096, 8);
  EXPECT_EQ(range.low, 4096 * 16);
  EXPECT_EQ(range.nominal, 4096 * 16);
  EXPECT_EQ(range.high, 4096 * 16);
}

TEST(SramSurface, IsExactForPowersOfTheSizeAndLinesInTheWidth) {
  const Range range = SramSurface("t", ideal()).at(SramColumn::kArea, 2048, 16);
  // area = 4 x size x (width + 8); the neighbours bound it.
  EXPECT_NEAR(range.nominal, 4.0 * 2048 * 24, 1e-6);
  EXPECT_EQ(range.low, 4.0 * 1024 * 16);
  EXPECT_EQ(range.high, 4.0 * 4096 * 40);
}

TEST(SramSurface, RefusesToExtrapolateOnEverySide) {
  const SramSurface surface("t", ideal());
  EXPECT_NO_THROW(surface.at(SramColumn::kRead, 1024, 8));
  EXPECT_NO_THROW(surface.at(SramColumn::kRead, 4096, 32));
  EXPECT_THROW(surface.at(SramColumn::kRead, 1023, 8), base::UserError);
  EXPECT_THROW(surface.at(SramColumn::kRead, 4097, 8), base::UserError);
  EXPECT_THROW(surface.at(SramColumn::kRead, 1024, 7), base::UserError);
  EXPECT_THROW(surface.at(SramColumn::kRead, 1024, 33), base::UserError);
  const std::string message = message_of([&] { surface.at(SramColumn::kRead, 512, 16); });
  EXPECT_THAT(message, HasSubstr("512 B x 16 bit"));
  EXPECT_THAT(message, HasSubstr("1024 .. 4096 B"));
  EXPECT_THAT(message, HasSubstr("8 .. 32 bit"));
}

TEST(SramSurface, NeedsACompleteGridOfPositiveNumbers) {
  std::vector<SramPoint> hole = ideal();
  hole.pop_back();
  EXPECT_THROW(SramSurface("t", hole), base::UserError);
  std::vector<SramPoint> twice = ideal();
  twice.push_back(twice.front());
  EXPECT_THROW(SramSurface("t", twice), base::UserError);
  std::vector<SramPoint> zero = ideal();
  zero[1].values[2] = 0;
  EXPECT_THROW(SramSurface("t", zero), base::UserError);
  EXPECT_THROW(SramSurface("t", {}), base::UserError);
}

TEST(SramTable, ReadsTheBundledTable) {
  const SramTable table = table_45nm();
  EXPECT_EQ(table.conditions().size(), 12U) << "4 nodes x 3 cells";
  const SramSurface surface = table.select({45, "lstp", 300});
  EXPECT_EQ(surface.sizes(),
            (std::vector<std::int64_t>{1024, 2048, 8192, 16384, 65536, 131072, 1048576}));
  EXPECT_EQ(surface.widths(), (std::vector<std::int64_t>{8, 16, 32, 64, 128}));
  // Row 45,lstp,300,8192,32: 5.247 pJ, 4.7905 pJ, 0.17217 + 0.082819 uW, 0.02565 mm2.
  EXPECT_NEAR(surface.at(SramColumn::kRead, 8192, 32).nominal, 5'247'000, 1e-3);
  EXPECT_NEAR(surface.at(SramColumn::kWrite, 8192, 32).nominal, 4'790'500, 1e-3);
  EXPECT_NEAR(surface.at(SramColumn::kLeakage, 8192, 32).nominal, 254'989'000, 1e-3);
  EXPECT_NEAR(surface.at(SramColumn::kArea, 8192, 32).nominal, 25'650'000'000, 1);
}

TEST(SramTable, RefusesConditionsWithoutRows) {
  const SramTable table = table_45nm();
  EXPECT_NO_THROW(table.select({45, "hp", 300}));
  EXPECT_THROW(table.select({45, "lstp", 360}), base::UserError);
  EXPECT_THROW(table.select({28, "lstp", 300}), base::UserError);
  const std::string message = message_of([&] { table.select({45, "fast", 300}); });
  EXPECT_THAT(message, HasSubstr("no rows for 45 nm fast cells at 300 K"));
  EXPECT_THAT(message, HasSubstr("45 nm lop cells at 300 K"));
}

TEST(SramTable, RefusesOtherColumns) {
  const std::string path = ::testing::TempDir() + "other_columns.csv";
  std::ofstream(path) << "node_nm,cell\n45,lstp\n";
  EXPECT_THROW(SramTable::load(path), base::UserError);
}

}  // namespace
}  // namespace milliwatt::energy
