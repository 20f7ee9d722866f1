// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "sim/sweep_table.h"

namespace milliwatt::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kIdentity = R"({"level":"values","vary":[1]})";

PointOutcome ok(std::int64_t point, const std::vector<std::string>& columns,
                const std::vector<std::string>& cells) {
  return {point, PointStatus::kOk, "", columns, cells};
}

class Journal : public testing::Test {
 protected:
  std::vector<PointOutcome> finished() const {
    return SweepJournal(path(), kIdentity).take_finished();
  }
  std::vector<std::int64_t> points() const {
    std::vector<std::int64_t> numbers;
    for (const PointOutcome& outcome : finished()) {
      numbers.push_back(outcome.point);
    }
    return numbers;
  }
  std::string fault() const {
    try {
      finished();
    } catch (const base::UserError& error) {
      return error.what();
    }
    return "no fault";
  }
  /// Two points that are ok and one that failed.
  void write_three() const {
    SweepJournal journal{path(), kIdentity};
    journal.append(ok(5, {"a", "b"}, {"1", "2"}));
    journal.append(ok(3, {"a", "b"}, {"3", "\"4\n"}));
    journal.append({4, PointStatus::kFailed, "no luck", {}, {}});
  }
  std::string path() const { return scratch_.path("journal"); }
  std::string bytes() const { return scratch_.read("journal"); }
  void write(const std::string& text) const { scratch_.write("journal", text); }

 private:
  base::ScratchFolder scratch_;
};

TEST_F(Journal, GivesBackWhatWasAppended) {
  write_three();
  const std::vector<PointOutcome> outcomes = finished();
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0].point, 5);
  EXPECT_EQ(outcomes[0].status, PointStatus::kOk);
  EXPECT_THAT(outcomes[1].columns, ElementsAre("a", "b"));
  EXPECT_THAT(outcomes[1].cells, ElementsAre("3", "\"4\n"));
  EXPECT_EQ(outcomes[2].status, PointStatus::kFailed);
  EXPECT_EQ(outcomes[2].error, "no luck");
  EXPECT_THAT(outcomes[2].cells, IsEmpty());
}

TEST_F(Journal, GoesOnWhereItEnded) {
  write_three();
  const std::string before = bytes();
  {
    SweepJournal journal{path(), kIdentity};
    journal.append(ok(6, {"a", "b"}, {"5", "6"}));
  }
  EXPECT_EQ(bytes().substr(0, before.size()), before);
  EXPECT_THAT(points(), ElementsAre(5, 3, 4, 6));
}

TEST_F(Journal, DropsALineThatWasCutOffAnywhere) {
  write_three();
  const std::string whole = bytes();
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t size = last; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    ASSERT_THAT(points(), ElementsAre(5, 3)) << size;
    ASSERT_EQ(bytes(), whole.substr(0, last)) << size;
  }
  write(whole);
  EXPECT_THAT(points(), ElementsAre(5, 3, 4));
}

TEST_F(Journal, SurvivesEveryCutAndThenTakesTheMissingPoints) {
  write_three();
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write(whole.substr(0, size));
    const std::size_t known = points().size();
    SweepJournal(path(), kIdentity).append(ok(9, {"c"}, {"1"}));
    const std::vector<PointOutcome> now = finished();
    ASSERT_EQ(now.size(), known + 1) << size;
    EXPECT_THAT(now.back().columns, ElementsAre("c")) << size;
  }
}

TEST_F(Journal, DropsALastLineOfWrongBytes) {
  write_three();
  std::string text = bytes();
  text[text.size() - 5] ^= 1;
  write(text);
  EXPECT_THAT(points(), ElementsAre(5, 3));
}

TEST_F(Journal, RefusesDamageBeforeTheLastLine) {
  write_three();
  std::string text = bytes();
  text[text.find("\"point\":3") + 8] = '2';
  write(text);
  // Lines: identity, columns a b, point 5, point 3.
  EXPECT_THAT(fault(), HasSubstr("line 4 is damaged"));
  EXPECT_EQ(bytes(), text);
}

TEST_F(Journal, BelongsToOneSweep) {
  write_three();
  try {
    SweepJournal(path(), R"({"level":"exact","vary":[1]})");
    FAIL() << "another level was accepted";
  } catch (const base::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("differs in: level;"));
  }
}

TEST_F(Journal, IsWrittenByOneProcessAtATime) {
  const SweepJournal journal{path(), kIdentity};
  EXPECT_THAT(fault(), HasSubstr("another process runs this sweep"));
}

TEST(OutcomeTable, PutsNewColumnsBehindTheirNeighbours) {
  const PointOutcome plain = ok(0, {"a", "energy", "z"}, {"1", "2", "3"});
  const PointOutcome wide =
      ok(1, {"a", "energy", "energy_dma", "z", "end"}, {"4", "5", "6", "7", "8"});
  const PointOutcome bad{2, PointStatus::kTimedOut, "no result, within 1 s", {}, {}};
  EXPECT_EQ(outcome_table({"point"}, {{"0"}, {"1"}, {"2"}}, {&plain, &wide, &bad}),
            "point,a,energy,energy_dma,z,end,status,error\n"
            "0,1,2,,3,,ok,\n"
            "1,4,5,6,7,8,ok,\n"
            "2,,,,,,timed_out,\"no result, within 1 s\"\n");
  EXPECT_THROW(outcome_table({"point"}, {}, {&plain}), base::InternalError);
}

TEST(OutcomeTable, HoldsErrorsInOneLine) {
  EXPECT_EQ(one_line("a\nb\r\n\nc\n"), "a; b; c");
  EXPECT_EQ(one_line(""), "");
}

}  // namespace
}  // namespace milliwatt::sim
