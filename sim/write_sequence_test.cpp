// SPDX-License-Identifier: Apache-2.0
#include "sim/write_sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "sim/read_results.h"
#include "sim/write_files.h"
#include "sim/write_json.h"
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Sequence, SumsAndThroughput) {
  const SequenceResult sequence = *sample_sequence().sequence;
  EXPECT_EQ(sequence.cycles().low, 1400 + 1200 + 1200);
  EXPECT_EQ(sequence.offchip_bytes(), 3 * 760);
  EXPECT_EQ(sequence.energy().nominal, 3 * 2'500'000'000);
  // Two inferences in the 2400 cycles from 1400 to 3800.
  EXPECT_DOUBLE_EQ(sequence.steady_inferences_per_s(2400), 2.0);
}

TEST(Sequence, OfAnEstimateKeepsBothEnds) {
  SequenceResult sequence = *sample_sequence().sequence;
  sequence.invocations.back().end_cycle.high = 5000;
  EXPECT_EQ(sequence.cycles().low, 3800);
  EXPECT_EQ(sequence.cycles().high, 5000);
}

TEST(Sequence, TableHasALinePerInvocation) {
  const RunResult result = sample_sequence();
  EXPECT_EQ(sequence_table(*result.sequence, result.system_clock_hz),
            R"(sequence          3 invocations, inputs: seed 1, one stream; above is the last one

invocation    begins  cycles    time  energy     off
            in cycle              ms       J  chip B
----------------------------------------------------
         0         0    1400  0.0140   2.50n     760
         1      1400    1200  0.0120   2.50n     760
         2      2600    1200  0.0120   2.50n     760
----------------------------------------------------
     total              3800  0.0380   7.50n    2280

steady state      83300 inferences/s from the end of the first to the end of the last
)");
}

TEST(Sequence, ALongTableLeavesOutItsMiddle) {
  RunResult result = sample_sequence();
  result.sequence->invocations.resize(16, result.sequence->invocations.back());
  EXPECT_THAT(sequence_table(*result.sequence, 1000), Not(HasSubstr("...")));
  result.sequence->invocations.resize(30, result.sequence->invocations.back());
  const std::string text = sequence_table(*result.sequence, 1000);
  // Lines of 0 to 7 and 26 to 29.
  EXPECT_THAT(text, HasSubstr("\n         7  "));
  EXPECT_THAT(text, Not(HasSubstr("\n         8  ")));
  EXPECT_THAT(text, HasSubstr("\n       ...\n        26  "));
}

TEST(Sequence, CsvHasTheTotalLast) {
  const RunResult result = sample_sequence();
  const base::CsvTable table =
      base::CsvTable::parse(sequence_csv(*result.sequence, result.system_clock_hz), "sequence.csv");
  ASSERT_EQ(table.rows(), 4);
  EXPECT_EQ(table.integer(1, "start_cycle"), 1400);
  EXPECT_EQ(table.integer(1, "end_cycle"), 2600);
  EXPECT_EQ(table.text(1, "energy_uJ"), "0.0025");
  EXPECT_EQ(table.text(3, "invocation"), "total");
  EXPECT_EQ(table.integer(3, "cycles"), 3800);
  EXPECT_EQ(table.integer(3, "offchip_bytes"), 2280);
}

TEST(Sequence, SurvivesItsFile) {
  const RunResult result = sample_sequence();
  const std::string text = results_json(result);
  const RunResult read = read_results(text, "results.json").result;
  ASSERT_TRUE(read.sequence);
  ASSERT_EQ(read.sequence->invocations.size(), 3U);
  const nlohmann::json first = nlohmann::json::parse(text).at("sequence");
  EXPECT_EQ(first, nlohmann::json::parse(results_json(read)).at("sequence"));
  EXPECT_EQ(first.at("invocations").at(2).at("counts").at("host").at("cycle"), 200);
  EXPECT_EQ(sequence_csv(*read.sequence, 1000), sequence_csv(*result.sequence, 1000));
  EXPECT_FALSE(read_results(results_json(sample_result()), "results.json").result.sequence);
}

TEST(Sequence, HasAFileOfItsOwn) {
  EXPECT_EQ(result_files(sample_sequence()).count("sequence.csv"), 1U);
  EXPECT_EQ(result_files(sample_result()).count("sequence.csv"), 0U);
}

TEST(Sequence, FoldersSortByNumber) {
  EXPECT_EQ(invocation_folder(3, 10), "invocation-3/");
  EXPECT_EQ(invocation_folder(3, 11), "invocation-03/");
}

}  // namespace
}  // namespace milliwatt::sim
