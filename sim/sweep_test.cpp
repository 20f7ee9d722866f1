// SPDX-License-Identifier: Apache-2.0
// Sweeps with points that fail, crash and hang.
#include "sim/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <systemc>

#include "base/csv.h"
#include "base/error.h"
#include "base/scratch_folder.h"
#include "sim/sweep_evaluator.h"
#include "sim/write_csv.h"

namespace milliwatt::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kNetwork = R"(layer_trace: 1
name: tiny
inputs:
  - {name: image, shape: [1, 6, 6, 3], scale: 0.01, zero_point: -3}
layers:
  - {kind: conv2d, name: conv, filters: 5, kernel: 3, activation: relu}
)";

constexpr const char* kPlatform =
    "name: small\naccelerator: {kind: systolic, rows: 4, columns: 4}\n";

class Sweep : public testing::Test {
 protected:
  Sweep() {
    scratch_.write("tiny.yaml", kNetwork);
    scratch_.write("platform.yaml", kPlatform);
  }

  SweepOptions options(const std::string& out, const std::string& values) const {
    SweepOptions options{PointSpace{{path("platform.yaml")},
                                    {path("tiny.yaml")},
                                    {parse_axis("accelerator.rows=" + values)},
                                    {}}};
    options.out = path(out);
    options.jobs = 2;
    return options;
  }
  std::string summary(const std::string& out) const { return scratch_.read(out + "/summary.csv"); }
  base::CsvTable table(const std::string& out) const {
    return base::CsvTable::read_file(path(out) + "/summary.csv");
  }
  std::string path(const std::string& name) const { return scratch_.path(name); }
  void write(const std::string& name, const std::string& text) const { scratch_.write(name, text); }

 private:
  base::ScratchFolder scratch_;
};

/// Point 1 crashes, 2 hangs, 3 leaves, 4 throws nothing known; the others are ok.
PointOutcome misbehave(const Point& point) {
  if (point.index == 1) {
    raise(SIGKILL);
  }
  while (point.index == 2) {
    pause();
  }
  if (point.index == 3) {
    _exit(7);
  }
  if (point.index == 4) {
    throw std::runtime_error("nobody catches this");
  }
  return {point.index, PointStatus::kOk, "", {"rows"}, {point.values[0]}};
}

TEST_F(Sweep, LosesOnlyThePointsThatCrashOrHang) {
  SweepOptions sick = options("out", "4,5,6,7,8,9,10,11");
  sick.timeout_seconds = 1;
  const SweepProgress progress = sweep(sick, [] { return misbehave; });
  EXPECT_TRUE(progress.complete());
  EXPECT_THAT(progress.by_status, ElementsAre(4, 0, 0, 3, 1));
  const base::CsvTable rows = table("out");
  ASSERT_EQ(rows.rows(), 8);
  std::vector<std::string> states;
  for (int i = 0; i < rows.rows(); ++i) {
    states.push_back(rows.text(i, "status"));
    EXPECT_EQ(rows.integer(i, "point"), i);
    EXPECT_EQ(rows.integer(i, "accelerator.rows"), i + 4);
  }
  EXPECT_THAT(states,
              ElementsAre("ok", "crashed", "timed_out", "crashed", "crashed", "ok", "ok", "ok"));
  EXPECT_EQ(rows.text(1, "error"), "killed by signal 9 (Killed)");
  EXPECT_EQ(rows.text(2, "error"), "no result within 1 s");
  EXPECT_EQ(rows.text(3, "error"), "the process ended with exit code 7");
  EXPECT_EQ(rows.integer(7, "rows"), 11);
}

TEST_F(Sweep, GivesTheSameBytesWithAnyNumberOfJobs) {
  for (const int jobs : {1, 2, 4}) {
    SweepOptions sick = options("out" + std::to_string(jobs), "4,5,6,7,8,9,10,11");
    sick.timeout_seconds = 1;
    sick.jobs = jobs;
    sweep(sick, [] { return misbehave; });
  }
  EXPECT_EQ(summary("out1"), summary("out2"));
  EXPECT_EQ(summary("out1"), summary("out4"));
}

TEST_F(Sweep, LeavesNoProcessBehind) {
  SweepOptions sick = options("out", "4,5,6,7,8");
  sick.timeout_seconds = 1;
  sweep(sick, [] { return misbehave; });
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Sweep, HasARowForWhatCannotBe) {
  const SweepOptions some = options("out", "4,0,8");
  const SweepProgress progress = sweep(some);
  EXPECT_THAT(progress.by_status, ElementsAre(2, 1, 0, 0, 0));
  const base::CsvTable rows = table("out");
  EXPECT_EQ(rows.text(0, "status"), "ok");
  EXPECT_EQ(rows.text(1, "status"), "infeasible");
  EXPECT_THAT(rows.text(1, "error"), HasSubstr("--set accelerator.rows=0"));
  EXPECT_EQ(rows.text(1, "cycles"), "");
  EXPECT_GT(rows.integer(0, "cycles"), rows.integer(2, "cycles"));
}

TEST_F(Sweep, CallsANetworkThatCannotBeReadAFailure) {
  write("tiny.yaml", "layer_trace: 1\nname: tiny\n");
  const SweepProgress progress = sweep(options("out", "4,8"));
  EXPECT_THAT(progress.by_status, ElementsAre(0, 0, 2, 0, 0));
  EXPECT_THAT(table("out").text(1, "error"), HasSubstr("tiny.yaml"));
}

TEST_F(Sweep, GivesEachPointTheSummaryOfItsRun) {
  sweep(options("out", "4,8"));
  RunOptions alone;
  alone.platform_path = path("platform.yaml");
  alone.network_path = path("tiny.yaml");
  alone.settings = {"accelerator.rows=8"};
  const base::CsvTable run_table = base::CsvTable::parse(summary_csv(run(alone)), "run");
  const base::CsvTable rows = table("out");
  for (const std::string& column : run_table.header()) {
    EXPECT_EQ(rows.text(1, column), run_table.text(0, column)) << column;
  }
}

TEST_F(Sweep, EvaluatesNothingTwice) {
  const auto count = [this] {
    const std::string marks = path("marks");
    return [marks]() -> EvaluatePoint {
      return [marks](const Point& point) {
        std::ofstream(marks, std::ios::app) << point.index << "\n";
        return PointOutcome{point.index, PointStatus::kOk, "", {"rows"}, {point.values[0]}};
      };
    };
  };
  SweepOptions all = options("out", "4,5,6,7,8,9");
  all.jobs = 1;
  sweep(all, count());
  const SweepProgress again = sweep(all, count());
  EXPECT_EQ(again.resumed, 6);
  std::ifstream marks(path("marks"));
  const std::string text((std::istreambuf_iterator<char>(marks)), {});
  EXPECT_EQ(text, "0\n1\n2\n3\n4\n5\n");
}

TEST_F(Sweep, ContinuesAfterAnInterruption) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const MakeEvaluator good = [] {
    return [](const Point& point) {
      return PointOutcome{point.index, PointStatus::kOk, "", {"rows"}, {point.values[0]}};
    };
  };
  SweepOptions all = options("out", "4,5,6,7,8,9,10,11,12,13");
  all.jobs = 1;
  all.interrupt = pipe_ends[0];
  all.progress = [&](const SweepProgress& progress) {
    if (progress.finished == 3) {
      ASSERT_EQ(::write(pipe_ends[1], "x", 1), 1);
    }
  };
  const SweepProgress first = sweep(all, good);
  EXPECT_FALSE(first.complete());
  EXPECT_GE(first.finished, 3);
  EXPECT_FALSE(std::filesystem::exists(path("out/summary.csv")));
  all.interrupt = -1;
  const SweepProgress second = sweep(all, good);
  EXPECT_TRUE(second.complete());
  EXPECT_EQ(second.resumed, first.finished);
  all.out = path("undisturbed");
  sweep(all, good);
  EXPECT_EQ(summary("out"), summary("undisturbed"));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(Sweep, RefusesTheFolderOfSomethingElse) {
  write("full/notes.txt", "mine");
  EXPECT_THROW(sweep(options("full", "4")), base::UserError);
  sweep(options("out", "4"));
  EXPECT_THROW(sweep(options("out", "4,8")), base::UserError);
  write("platform.yaml", std::string(kPlatform) + "# changed\n");
  EXPECT_THROW(sweep(options("out", "4")), base::UserError);
}

/// SystemC makes a context as soon as anything of it is used while there is none.
bool uses_systemc(const SweepOptions& options) {
  sc_core::sc_simcontext* const current = sc_core::sc_curr_simcontext;
  sc_core::sc_simcontext* const global = sc_core::sc_default_global_context;
  sc_core::sc_curr_simcontext = nullptr;
  sc_core::sc_default_global_context = nullptr;
  const PointOutcome outcome =
      SweepEvaluator{options.space, options.level}.evaluate(options.space.point(0));
  EXPECT_EQ(outcome.status, PointStatus::kOk) << outcome.error;
  const bool used = sc_core::sc_curr_simcontext != nullptr;
  sc_core::sc_curr_simcontext = current;
  sc_core::sc_default_global_context = global;
  return used;
}

TEST_F(Sweep, StartsNoKernelForAnEstimate) {
  SweepOptions one = options("out", "4");
  one.level = Level::kEstimate;
  EXPECT_FALSE(uses_systemc(one));
  one.level = Level::kValues;
  EXPECT_TRUE(uses_systemc(one));
}

}  // namespace
}  // namespace milliwatt::sim
