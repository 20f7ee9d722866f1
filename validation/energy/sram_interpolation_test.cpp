// SPDX-License-Identifier: Apache-2.0
// How far interpolated SRAM values are from CACTI, and CACTI from an independent source. Prints the
// tables of README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "base/csv.h"
#include "base/reference_testing.h"
#include "energy/sram_table.h"

namespace milliwatt::energy {
namespace {

constexpr SramColumn kColumns[] = {SramColumn::kRead, SramColumn::kWrite, SramColumn::kLeakage,
                                   SramColumn::kArea};

SramTable table() {
  return SramTable::load(MILLIWATT_SOURCE_DIR "/configs/technologies/sram_cacti.csv");
}

/// Relative errors of one column, and how many true values lie within the bounds given.
struct Errors {
  std::vector<double> values;
  int enclosed = 0;

  void add(const Range& ours, double truth) {
    values.push_back(std::abs(ours.nominal / truth - 1));
    enclosed += ours.low <= truth && truth <= ours.high ? 1 : 0;
  }
  double at(double quantile) const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted.at(static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1)));
  }
  int count() const { return static_cast<int>(values.size()); }
};

enum class LeftOut { kSize, kWidth };

/// Removes each inner grid line in turn and interpolates it from its neighbours.
void leave_out(const std::vector<SramPoint>& points, LeftOut what, SramColumn column,
               Errors& errors) {
  const auto line_of = [&](const SramPoint& p) {
    return what == LeftOut::kSize ? p.size_bytes : p.width_bits;
  };
  const SramSurface whole("whole", points);
  const auto& lines = what == LeftOut::kSize ? whole.sizes() : whole.widths();
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    std::vector<SramPoint> rest;
    std::copy_if(points.begin(), points.end(), std::back_inserter(rest),
                 [&](const SramPoint& p) { return line_of(p) != lines[i]; });
    const SramSurface surface("rest", rest);
    for (const SramPoint& p : points) {
      if (line_of(p) == lines[i]) {
        errors.add(surface.at(column, static_cast<double>(p.size_bytes),
                              static_cast<double>(p.width_bits)),
                   p.values[static_cast<std::size_t>(column)]);
      }
    }
  }
}

Errors leave_out_all(LeftOut what, SramColumn column, const std::string& cell) {
  const SramTable all = table();
  Errors errors;
  for (const SramConditions& conditions : all.conditions()) {
    if (cell.empty() || (conditions.cell == cell && conditions.node_nm == 45)) {
      leave_out(all.points(conditions), what, column, errors);
    }
  }
  return errors;
}

void print_errors(const char* left_out, SramColumn column, const Errors& errors) {
  std::printf("| %s | %s | %d | %.1f %% | %.1f %% | %.1f %% | %d |\n", left_out,
              sram_column_name(column), errors.count(), 100 * errors.at(0.5), 100 * errors.at(0.9),
              100 * errors.at(1), errors.enclosed);
}

struct Bar {
  SramColumn column;
  double median;
  double worst;
};

/// Errors may shrink when the table grows; they must not grow unnoticed.
void expect_within(LeftOut what, const std::string& cell, const std::vector<Bar>& bars) {
  std::printf("| left out | column | points | median | 90 %% | worst | within bounds |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  for (const Bar& bar : bars) {
    const Errors errors = leave_out_all(what, bar.column, cell);
    print_errors(what == LeftOut::kSize ? "size" : "width", bar.column, errors);
    EXPECT_GT(errors.count(), 0);
    EXPECT_LE(errors.at(0.5), bar.median) << sram_column_name(bar.column);
    EXPECT_LE(errors.at(1), bar.worst) << sram_column_name(bar.column);
  }
}

TEST(SramInterpolation, LeaveOneSizeOutAllConditions) {
  expect_within(LeftOut::kSize, "",
                {{SramColumn::kRead, 0.125, 0.486},
                 {SramColumn::kWrite, 0.052, 0.246},
                 {SramColumn::kLeakage, 0.031, 0.176},
                 {SramColumn::kArea, 0.039, 0.185}});
}

TEST(SramInterpolation, LeaveOneSizeOut45nmLstp) {
  expect_within(LeftOut::kSize, "lstp",
                {{SramColumn::kRead, 0.113, 0.285},
                 {SramColumn::kWrite, 0.059, 0.173},
                 {SramColumn::kLeakage, 0.023, 0.094},
                 {SramColumn::kArea, 0.053, 0.14}});
}

TEST(SramInterpolation, LeaveOneWidthOutAllConditions) {
  expect_within(LeftOut::kWidth, "",
                {{SramColumn::kRead, 0.011, 0.341},
                 {SramColumn::kWrite, 0.007, 0.282},
                 {SramColumn::kLeakage, 0.015, 0.178},
                 {SramColumn::kArea, 0.018, 0.273}});
}

TEST(SramInterpolation, LeaveOneWidthOut45nmLstp) {
  expect_within(LeftOut::kWidth, "lstp",
                {{SramColumn::kRead, 0.035, 0.204},
                 {SramColumn::kWrite, 0.003, 0.153},
                 {SramColumn::kLeakage, 0.013, 0.068},
                 {SramColumn::kArea, 0.017, 0.129}});
}

/// Runs of CACTI at a size that the table does not hold: 32 KB, 32 bit, total leakage.
TEST(SramInterpolation, LeakageBetweenSizesAgainstCacti) {
  struct Run {
    const char* cell;
    double microwatts;
  };
  for (const Run& run : {Run{"lstp", 0.94}, Run{"hp", 17200}}) {
    const Range ours = table().select({45, run.cell, 300}).at(SramColumn::kLeakage, 32768, 32);
    const double error = ours.nominal / 1e9 / run.microwatts - 1;
    std::printf("| 45 nm %s 32 KB leakage | %.4g uW | %.4g uW | %+.1f %% |\n", run.cell,
                ours.nominal / 1e9, run.microwatts, 100 * error);
    EXPECT_LT(std::abs(error), 0.05);
    EXPECT_LE(ours.low, run.microwatts * 1e9);
    EXPECT_GE(ours.high, run.microwatts * 1e9);
  }
}

/// Horowitz, ISSCC 2014: an 8 KB cache at 45 nm costs 10 pJ per 64 bit, 5 pJ per 32 bit.
TEST(SramTruth, CactiAgainstHorowitz) {
  const double ours = table().select({45, "hp", 300}).at(SramColumn::kRead, 8192, 32).nominal / 1e6;
  const double error = ours / 5.0 - 1;
  std::printf("| 45 nm hp 8 KB 32 bit read | %.3f pJ | 5 pJ | %+.1f %% |\n", ours, 100 * error);
  EXPECT_NEAR(ours, 4.6595, 1e-6);
  EXPECT_LT(std::abs(error), 0.07);
}

/// The bundled table is the reference table without the columns that are not used.
TEST(SramTruth, BundledTableEqualsTheReference) {
  const std::string path =
      (base::reference_folder(MILLIWATT_SOURCE_DIR) / "memory/sram/cacti_sram.csv").string();
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "reference data not found; set MILLIWATT_REFERENCE";
  }
  const auto ours =
      base::CsvTable::read_file(MILLIWATT_SOURCE_DIR "/configs/technologies/sram_cacti.csv");
  const auto reference = base::CsvTable::read_file(path);
  ASSERT_EQ(ours.rows(), reference.rows());
  for (int row = 0; row < ours.rows(); ++row) {
    for (const std::string& column : ours.header()) {
      EXPECT_EQ(ours.text(row, column), reference.text(row, column)) << ours.where(row);
    }
  }
}

}  // namespace
}  // namespace milliwatt::energy
