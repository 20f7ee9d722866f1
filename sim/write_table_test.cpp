// SPDX-License-Identifier: Apache-2.0
#include "sim/write_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/error.h"
#include "sim/write_grid.h"
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) {
    widest = std::max(widest, line.size());
  }
  return widest;
}

TEST(Table, ShowsTheSampleAsPeopleReadIt) {
  // SRAM: 2000 + 1024 + 10 + 10. Off chip: 600 weights + 80 program; 80 more in the system. 760 /
  // 600 = 1.27. 12 us, 2.36 nJ: 0.197 mW, 2 * 128000 / 2.36 nJ = 108 TOPS/W.
  EXPECT_EQ(format_table(sample_result()),
            R"(small_net on small_chip, level values, weights: file, 100 MHz, 45nm

#  operator  output    runner       MACs  cycles   time  util  bound by  cmp/vec/mem      off  least  energy
                                                      %     %            /hst/ctl  %   chip B      B       J
------------------------------------------------------------------------------------------------------------
0  conv2d    1x8x8x16  accelerator  128k   1.00k   83.3  50.0  compute   60/10/25/0/5     680    600   2.06n
1  softmax   1x10      host                  200   16.7        host      0/0/0/100/0        0      0    220p
   system                                      0    0.0                                    80      0   80.0p
------------------------------------------------------------------------------------------------------------
   total                            128k   1.20k  100.0  41.7  compute   50/8/21/17/4     760    600   2.36n

latency_ms        0.0120  (1.20k cycles at 100 MHz; set-up, once: 30)
inferences_per_s  83300
energy_uJ         0.00236  (0.00188 .. 0.00332)
  by confidence   published 5.1 %, derived 54.2 %, assumed 40.7 %
  by component    accelerator.array 54.2 %, external 32.2 %, host 13.6 %
average_power_mW  0.197
TOPS_per_W        108
EDP_uJ_ms         2.83e-05
off chip          760 B, compulsory 600 B, 1.27 times as much
on chip           sram 3.04 kB
area_mm2          0.500  (0.400 .. 0.600)  without external: unknown
outputs           checked: 2 tensors, 1034 bytes equal to the reference
on the host       1 of 2 operators, 16.7 % of the cycles
                  1 softmax: the array knows no exponentials
)");
}

TEST(Table, ShowsZerosInPlaceOfTheCauses) {
  const std::string text = format_table(sample_result(), Columns::kZeros);
  // 154 of 600 + 0 weights, 54 of 210 inputs, 512 of 1034 outputs.
  EXPECT_THAT(text, HasSubstr("  bound by  zeros  zeros  zeros     off"));
  EXPECT_THAT(text, HasSubstr("  compute    25.0   25.0   50.0     680"));
  EXPECT_THAT(text, HasSubstr("  host              40.0    0.0       0"));
  EXPECT_THAT(text, HasSubstr("  compute    25.0   25.7   49.5     760"));
  EXPECT_THAT(text, Not(HasSubstr("hst/ctl")));
}

TEST(Table, IsPlainTextOf120ColumnsAtMost) {
  RunResult result = sample_result();
  for (int i = 0; i < 40; ++i) {
    result.layers[1].reason += " one more word";
  }
  LayerResult& layer = result.layers[0];
  layer.kind = "depthwise_conv2d";
  layer.output_shape = "1x128x128x32";
  layer.cycles = {1'234'567, 2'345'678};
  layer.cycles_by_cause = {10, 0, 1'234'537, 10, 10};
  layer.macs = 123'456'789;
  const std::string text = format_table(result);
  EXPECT_LE(widest_line(text), 120U);
  for (const char c : text) {
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  }
}

TEST(Table, ShowsAnEstimateAsAnInterval) {
  RunResult result = sample_result();
  result.level = Level::kEstimate;
  result.check = {};
  result.layers[0].cycles.high = 1300;
  result.cycles.high = 1500;
  const std::string text = format_table(result);
  EXPECT_THAT(text, HasSubstr("1.00k..1.30k"));
  EXPECT_THAT(text, HasSubstr("latency_ms        0.0120..0.0150  (1.20k..1.50k cycles"));
  EXPECT_THAT(text, HasSubstr("inferences_per_s  66700..83300"));
  EXPECT_THAT(text, HasSubstr("not checked: an estimate has no values"));
  EXPECT_THAT(text, HasSubstr("low..high: the cycles of the run lie inside"));
}

TEST(Table, ShowsAnExactEstimateAsNumbers) {
  RunResult result = sample_result();
  result.level = Level::kEstimate;
  EXPECT_THAT(format_table(result), Not(HasSubstr("low..high")));
}

TEST(Table, SaysWhenNothingWasChecked) {
  RunResult result = sample_result();
  result.check = {};
  EXPECT_THAT(format_table(result), HasSubstr("not checked: --no-check"));
}

TEST(Table, EndsWithTheNotesOfThePrices) {
  RunResult result = sample_result();
  result.notes = {"a.buffer: 4 banks of 8 B"};
  EXPECT_THAT(format_table(result), HasSubstr("\nnote              a.buffer: 4 banks of 8 B\n"));
}

TEST(Table, OfAnEmptyResultHoldsNoNan) {
  const std::string text = format_table(RunResult{});
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("inf ")));
}

TEST(Grid, AlignsNamesLeftAndNumbersRight) {
  Grid grid({{"name", "", true}, {"n", "B"}});
  grid.add({"a", "100"});
  grid.rule();
  grid.add({"total", "5"});
  EXPECT_EQ(grid.text(),
            "name     n\n"
            "         B\n"
            "----------\n"
            "a      100\n"
            "----------\n"
            "total    5\n");
}

TEST(Grid, ClosesItsGapsWhenItWouldBeTooWide) {
  const std::vector<GridColumn> columns = {{"a", ""}, {"b", ""}};
  Grid fits(columns, 10);
  fits.add({"1234", "5678"});  // 4 + 2 + 4
  EXPECT_THAT(fits.text(), HasSubstr("1234  5678\n"));
  Grid tight(columns, 9);
  tight.add({"1234", "5678"});
  EXPECT_THAT(tight.text(), HasSubstr("1234 5678\n"));
}

TEST(Grid, CutsTheWidestNamesButNoNumbers) {
  Grid grid({{"a", "", true}, {"b", "", true}, {"n", ""}}, 20);
  grid.add({"depthwise_conv2d", "engine", "12345"});
  // 20 = 7 + 1 + 6 + 1 + 5 would need 7 letters; names of up to 8 are kept: 8 + 1 + 6 + 1 + 5.
  EXPECT_THAT(grid.text(), HasSubstr("depthwi~ engine 12345\n"));
  Grid wider({{"a", "", true}, {"n", ""}}, 16);
  wider.add({"depthwise_conv2d", "12345"});
  EXPECT_THAT(wider.text(), HasSubstr("depthwise~ 12345\n"));
}

TEST(Grid, TakesOnlyWholeRows) {
  Grid grid({{"a", ""}, {"b", ""}});
  EXPECT_THROW(grid.add({"1"}), base::InternalError);
}

}  // namespace
}  // namespace milliwatt::sim
