// SPDX-License-Identifier: Apache-2.0
#include "shell/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/traffic.h"

namespace milliwatt::shell {
namespace {

using ::testing::HasSubstr;

dataflows::EngineShape two_units() {
  dataflows::EngineShape shape;
  shape.units = {{"load", dataflows::UnitKind::kDma}, {"array", dataflows::UnitKind::kMachine}};
  return shape;
}

/// Unit 0: 10 busy, 90 idle. Unit 1: 20 stalled, 30 and 10 busy, 40 idle.
struct Books {
  AccountBook book{2};
  Timeline timeline;

  Books() {
    using dataflows::StepKind;
    timeline = {{0, 3, StepKind::kLoad, 0, 10},
                {1, 3, StepKind::kCompute, 20, 50},
                {1, 4, StepKind::kCompute, 50, 60}};
    book.add_busy(0, 3, 10);
    book.add_idle(0, 90);
    book.add_stall(1, 3, StallCause::kOperand, 20);
    book.add_busy(1, 3, 30);
    book.add_busy(1, 4, 10);
    book.add_idle(1, 40);
  }
  void check(base::Cycles elapsed = 100) { check_accounts(book, timeline, elapsed, two_units()); }
  std::string fault() {
    try {
      check();
    } catch (const base::SimulationError& error) {
      return error.what();
    }
    return "";
  }
};

TEST(Accounts, CloseWhenEveryCycleIsSomewhere) {
  Books books;
  EXPECT_NO_THROW(books.check());
  EXPECT_EQ(books.book.total(1).busy, 40);
  EXPECT_EQ(books.book.account(1, 3).stalls[0], 20);
  EXPECT_EQ(books.book.account(1, 4).busy, 10);
  EXPECT_EQ(books.book.account(1, base::kNoLayer).idle, 40);
  EXPECT_EQ(books.book.account(1, 9).total(), 0);
}

TEST(Accounts, ALostOrAnInventedCycleIsCaught) {
  EXPECT_THROW(Books().check(99), base::SimulationError);
  EXPECT_THROW(Books().check(101), base::SimulationError);
  Books books;
  books.book.add_stall(1, 4, StallCause::kOrder, 1);
  EXPECT_THAT(books.fault(), HasSubstr("array: busy 40 + stalled 21 + idle 40 cycles are 101"));
  EXPECT_THAT(books.fault(), ::testing::Not(HasSubstr("load:")));
}

TEST(Accounts, BusyMustBeWhatTheStepsTake) {
  Books books;
  books.book.add_busy(0, 3, 5);
  books.book.add_idle(0, -5);  // the sum is right
  EXPECT_THAT(books.fault(), HasSubstr("load: busy 15 cycles, but its steps take 10"));
}

TEST(Accounts, StepsOfAUnitDoNotOverlap) {
  Books books;
  books.timeline[1].end = 51;
  books.timeline[2].start = 49;  // busy is 31 + 11
  books.book.add_busy(1, 3, 2);
  books.book.add_idle(1, -2);
  EXPECT_THAT(books.fault(), HasSubstr("overlap"));
}

}  // namespace
}  // namespace milliwatt::shell
