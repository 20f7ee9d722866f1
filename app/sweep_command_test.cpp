// SPDX-License-Identifier: Apache-2.0
// sweep, compare, diff and reprice as their users call them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "base/csv.h"
#include "base/files.h"
#include "base/scratch_folder.h"

namespace milliwatt {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kPlatform = "configs/platforms/systolic_16x16.yaml";
const std::string kMinimal = "configs/platforms/minimal.yaml";
const std::string kNetwork = "workloads/networks/dscnn1d.yaml";

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

/// Most lines below one heading.
std::size_t longest_section(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  std::size_t length = 0;
  for (std::string line; std::getline(lines, line);) {
    length = line.rfind("  ", 0) == 0 ? length + 1 : 0;
    longest = std::max(longest, length);
  }
  return longest;
}

class Commands : public testing::Test {
 protected:
  Outcome run(const std::string& arguments) const {
    const std::string err = file("stderr.txt");
    FILE* pipe = popen((command(arguments) + " 2>'" + err + "'").c_str(), "r");
    Outcome outcome;
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      outcome.out.append(buffer.data(), n);
    }
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.err = base::read_file(err);
    return outcome;
  }

  /// Starts the command and sends it a signal as soon as its journal has `lines` lines. Returns how
  /// it ended, in the form of waitpid.
  int run_until(const std::string& arguments, const std::string& out, int lines,
                int signal_number) const {
    const std::string text = command("exec", arguments);
    const pid_t child = fork();
    if (child == 0) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);
      execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    while (journal_lines(out) < lines && waitpid(child, &status, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, signal_number);
    waitpid(child, &status, 0);
    return status;
  }

  int journal_lines(const std::string& out) const {
    const std::string journal = file(out + "/sweep.journal");
    if (!fs::exists(journal)) {
      return 0;
    }
    const std::string bytes = base::read_file(journal);
    return static_cast<int>(std::count(bytes.begin(), bytes.end(), '\n'));
  }

  std::string file(const std::string& name) const { return scratch_.path(name); }
  void write(const std::string& name, const std::string& text) const { scratch_.write(name, text); }
  /// What a copy of 45nm.yaml in `folder` needs beside it.
  void copy_parts_of_technologies(const std::string& folder) const {
    const std::string from = MILLIWATT_SOURCE_DIR "/configs/technologies/";
    fs::copy(from + "sram_cacti.csv", file(folder + "sram_cacti.csv"));
    fs::copy(from + "shared", file(folder + "shared"));
  }
  std::string summary(const std::string& out) const { return scratch_.read(out + "/summary.csv"); }

  std::map<std::string, std::string> contents(const std::string& name) const {
    return scratch_.contents(name);
  }

 private:
  static std::string command(const std::string& arguments) { return command("", arguments); }
  static std::string command(const std::string& before, const std::string& arguments) {
    return "cd '" MILLIWATT_SOURCE_DIR "' && " + before + " '" MILLIWATT_BINARY_DIR "/milliwatt' " +
           arguments;
  }

  base::ScratchFolder scratch_;
};

/// 2 platforms, 2 networks, 4 x 3 x 4 values: 192 points.
std::string many_points(const std::string& out) {
  return "sweep " + kPlatform + " " + kMinimal + " " + kNetwork +
         " workloads/networks/autoencoder.yaml --level estimate"
         " --vary 'memory.sram.size=64 KiB,128 KiB,256 KiB,100 B' --vary "
         "accelerator.columns=4,8,16 --vary 'bus.latency=0 cycles,1 cycle,2 cycles,3 "
         "cycles' --out '" +
         out + "'";
}

TEST_F(Commands, ASweepHasARowPerPoint) {
  const Outcome done = run(many_points(file("out")) + " --jobs 2");
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, IsEmpty());
  // At a quarter of the 192 points the SRAM holds no whole number of words.
  EXPECT_EQ(done.out, "192 points: 144 ok, 48 infeasible; " + file("out") + "/summary.csv\n");
  const base::CsvTable rows = base::CsvTable::read_file(file("out/summary.csv"));
  ASSERT_EQ(rows.rows(), 192);
  // The last axis turns fastest: point 1 differs from point 0 in bus.latency alone.
  EXPECT_EQ(rows.text(1, "platform_file"), kPlatform);
  EXPECT_EQ(rows.text(1, "memory.sram.size"), "64 KiB");
  EXPECT_EQ(rows.text(1, "bus.latency"), "1 cycle");
  EXPECT_EQ(rows.text(191, "platform_file"), kMinimal);
  EXPECT_GT(rows.integer(1, "cycles"), rows.integer(0, "cycles"));
}

TEST_F(Commands, ASweepDoesNotDependOnItsJobs) {
  EXPECT_EQ(run(many_points(file("one")) + " --jobs 1").code, 0);
  EXPECT_EQ(run(many_points(file("four")) + " --jobs 4").code, 0);
  EXPECT_EQ(summary("one"), summary("four"));
}

TEST_F(Commands, AKilledSweepContinues) {
  EXPECT_EQ(run(many_points(file("undisturbed"))).code, 0);
  for (const int lines : {1, 20, 60}) {
    const std::string out = "killed" + std::to_string(lines);
    const int status = run_until(many_points(file(out)) + " --jobs 2", out, lines, SIGKILL);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended before it was killed";
    EXPECT_FALSE(fs::exists(file(out + "/summary.csv")));
    EXPECT_EQ(run(many_points(file(out)) + " --jobs 4").code, 0);
    EXPECT_EQ(summary(out), summary("undisturbed"));
  }
}

TEST_F(Commands, AnInterruptedSweepSaysHowToContinue) {
  const int status = run_until(many_points(file("out")) + " --jobs 2", "out", 20, SIGINT);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_FALSE(fs::exists(file("out/summary.csv")));
  const std::string begun = base::read_file(file("out/sweep.journal"));
  // No point of the interrupted sweep counts as crashed.
  EXPECT_EQ(begun.find("crashed"), std::string::npos);
  EXPECT_EQ(run(many_points(file("out"))).code, 0);
  EXPECT_EQ(base::read_file(file("out/sweep.journal")).substr(0, begun.size()), begun);
}

TEST_F(Commands, ASweepOverTechnologiesPricesTheSameCycles) {
  const std::string other = file("other.yaml");
  std::string text = base::read_file(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml");
  text.replace(text.find("0.2 pJ"), 6, "0.3 pJ");
  write("other.yaml", text);
  copy_parts_of_technologies("");
  const Outcome done = run("sweep " + kPlatform + " " + kNetwork + " --vary technology.file=45nm," +
                           other + " --out '" + file("out") + "'");
  EXPECT_EQ(done.code, 0) << done.err;
  const base::CsvTable rows = base::CsvTable::read_file(file("out/summary.csv"));
  EXPECT_EQ(rows.text(0, "cycles"), rows.text(1, "cycles"));
  EXPECT_LT(rows.real(0, "energy_uJ"), rows.real(1, "energy_uJ"));
}

TEST_F(Commands, ASweepCountsBeforeItStarts) {
  EXPECT_EQ(run("sweep " + kPlatform + " " + kNetwork +
                " --vary accelerator.rows=1,2,3 --vary accelerator.columns=1,2 --dry-run")
                .out,
            "6 points\n");
}

TEST_F(Commands, ASweepExplainsBadInput) {
  const std::string files = kPlatform + " " + kNetwork;
  const std::string out = " --out '" + file("out") + "'";
  const std::string bad_network = file("bad.yaml");
  write("bad.yaml",
        "layer_trace: 1\nname: bad\ninputs: [{name: a, shape: [1, 8]}]\n"
        "layers: [{kind: softmx}]\n");
  const std::map<std::string, std::string> cases = {
      {"sweep " + files, "option '--out' is missing"},
      {"sweep " + kPlatform + " " + kMinimal + out, "at least one network"},
      {"sweep nowhere.yaml " + kNetwork + out, "nowhere.yaml: no such file"},
      {"sweep configs/technologies/45nm.yaml " + kNetwork + out, "45nm.yaml: a technology"},
      {"sweep " + files + out + " --vary accelerator.rows=4,4", "takes the value '4' twice"},
      {"sweep " + files + out + " --vary acelerator.rows=4,8",
       "error: --vary acelerator.rows=4: acelerator: unknown key; did you mean 'accelerator'?"},
      {"sweep " + files + out + " --vary accelerator.rows=4,0",
       "error: --vary accelerator.rows=0: accelerator.rows: found '0'; allowed: 1 .. 256\n"},
      {"sweep " + files + out + " --vary technology.file=45nm,46nm",
       "error: --vary technology.file=46nm: technology.file: '46nm' is no technology; did you "
       "mean '45nm'?"},
      {"sweep " + files + " " + bad_network + out, "layers[0].kind: found 'softmx'; did you mean"},
      {"sweep " + files + out + " --jobs 0", "option '--jobs': 0 is not 1 .. 1024"},
      {"sweep " + files + out + " --level valeus", "did you mean 'values'?"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome bad = run(arguments);
    EXPECT_EQ(bad.code, 2) << arguments;
    EXPECT_THAT(bad.err, HasSubstr(message)) << arguments;
    EXPECT_FALSE(fs::exists(file("out"))) << arguments;
  }
}

TEST_F(Commands, ASweepTellsEachBadKeyOnce) {
  const Outcome bad =
      run("sweep " + kPlatform + " " + kMinimal + " " + kNetwork +
          " --vary bogus=1,2,3 --vary 'bus.width=3 B,4 B' --out '" + file("out") + "'");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("--vary bogus=1: bogus: unknown key. Allowed: name, clocks"));
  EXPECT_THAT(bad.err, HasSubstr("--vary bus.width=3 B: bus.width: found '3 B'; allowed: "));
  EXPECT_EQ(std::count(bad.err.begin(), bad.err.end(), '\n'), 2);
  EXPECT_FALSE(fs::exists(file("out")));
}

TEST_F(Commands, ASweepTellsAllBadAxesAtOnce) {
  const Outcome bad = run("sweep " + kPlatform + " " + kNetwork +
                          " --vary accelerator.rows --vary bus.width= --vary a=1,1");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(std::count(bad.err.begin(), bad.err.end(), '\n'), 3);
}

TEST_F(Commands, ASweepMayVaryKeysThatNeedEachOther) {
  // psram has no key `wrap`: at half of the points it is at fault, with hyperram it is not.
  write("psram.yaml", "memory: {external: {kind: psram}}\n");
  const std::string sweep = "sweep '" + file("psram.yaml") + "' " + kNetwork +
                            " --level estimate --vary 'memory.external.wrap=16 B,32 B' --out '" +
                            file("out") + "'";
  EXPECT_EQ(run(sweep).code, 2);
  const Outcome done = run(sweep + " --vary memory.external.kind=psram,hyperram");
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("4 points: 2 ok, 2 infeasible"));
}

TEST_F(Commands, ASweepMayMendSeveralKeysTogether) {
  write("broken.yaml", "accelerator: {kind: systolic, rows: 0, columns: 0, input_buffer: 0 B}\n");
  const auto sweep = [&](const std::string& axes) {
    return run("sweep '" + file("broken.yaml") + "' " + kNetwork + " --level estimate --dry-run " +
               axes);
  };
  const std::string two = "--vary accelerator.rows=4,8 --vary accelerator.columns=4,8 ";
  const Outcome three = sweep(two + "--vary 'accelerator.input_buffer=8 KiB,16 KiB'");
  EXPECT_EQ(three.code, 0) << three.err;
  EXPECT_EQ(sweep(two + "--set 'accelerator.input_buffer=8 KiB'").code, 0);
  const Outcome left = sweep(two);
  EXPECT_EQ(left.code, 2) << "nothing mends the buffer";
  EXPECT_THAT(left.err, HasSubstr("accelerator.input_buffer"));
  // A bad value among good ones of several axes is still found.
  const Outcome bad = sweep(
      "--vary accelerator.rows=4,0 --vary accelerator.columns=4,8 "
      "--set 'accelerator.input_buffer=8 KiB'");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("--vary accelerator.rows=0: accelerator.rows: "));
}

/// 65540 bytes are a multiple of width x banks for 4 x 1 alone: neither width nor banks mend it by
/// themselves.
TEST_F(Commands, ASweepMayVaryThreeKeysThatNeedEachOther) {
  write("p.yaml", "memory: {sram: {size: 64 KiB, width: 8 B, banks: 4}}\n");
  const Outcome done = run("sweep '" + file("p.yaml") + "' " + kNetwork +
                           " --dry-run --vary 'memory.sram.size=36 KiB,65540 B' "
                           "--vary 'memory.sram.width=4 B,16 B' --vary memory.sram.banks=1,2");
  EXPECT_EQ(done.code, 0) << done.err;
}

TEST_F(Commands, OtherArgumentsDoNotContinueASweep) {
  const std::string sweep = "sweep " + kPlatform + " " + kNetwork + " --level estimate --out '" +
                            file("out") + "' --vary accelerator.rows=4";
  EXPECT_EQ(run(sweep).code, 0);
  const std::string before = base::read_file(file("out/sweep.journal"));
  const Outcome other = run(sweep + ",8 --set 'bus.latency=2 cycles'");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("differs in: set, vary;"));
  EXPECT_EQ(base::read_file(file("out/sweep.journal")), before);
}

TEST_F(Commands, CompareShowsTheRunsSideBySide) {
  const Outcome table = run("compare " + kNetwork + " " + kPlatform + " " + kMinimal + " --out '" +
                            file("compare.csv") + "'");
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_EQ(run("run " + kMinimal + " " + kNetwork + " --quiet --out '" + file("run") + "'").code,
            0);
  const base::CsvTable rows = base::CsvTable::read_file(file("compare.csv"));
  const base::CsvTable alone = base::CsvTable::read_file(file("run/summary.csv"));
  ASSERT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.text(1, "platform_file"), kMinimal);
  for (const std::string& column : alone.header()) {
    EXPECT_EQ(rows.text(1, column), alone.text(0, column)) << column;
  }
  for (const char* name : {"systolic_16x16", "minimal", "energy_uJ", "bound_by", "TOPS_per_W"}) {
    EXPECT_THAT(table.out, HasSubstr(name));
  }
  EXPECT_THAT(table.out, HasSubstr(alone.text(0, "cycles")));
}

TEST_F(Commands, CompareNamesThePlatformAtFault) {
  const Outcome bad = run("compare " + kNetwork + " " + kPlatform + " --set accelerator.rows=0");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("error: " + kPlatform + ": --set accelerator.rows=0"));
  EXPECT_THAT(
      run("compare " + kNetwork + " " + kPlatform + " --out '" + file("no/a.csv") + "'").err,
      HasSubstr("/no/a.csv': the folder '" + file("no") + "' does not exist"));
  EXPECT_THAT(run("compare " + kNetwork + " " + kPlatform + " --out '" + file("") + "'").err,
              HasSubstr("': is a folder"));
  // Both are read before one of them runs.
  const Outcome both =
      run("compare " + kNetwork + " " + kPlatform + " " + kMinimal + " --set accelerator.rows=0");
  EXPECT_EQ(std::count(both.err.begin(), both.err.end(), '\n'), 2);
  EXPECT_THAT(run("compare " + kPlatform + " " + kMinimal).err,
              HasSubstr("compare takes one network, found 0"));
}

TEST_F(Commands, DiffFindsEveryChange) {
  const std::string run_one = "run " + kPlatform + " " + kNetwork + " --quiet --out '";
  EXPECT_EQ(run(run_one + file("a") + "'").code, 0);
  EXPECT_EQ(run(run_one + file("b") + "'").code, 0);
  EXPECT_EQ(run(run_one + file("c") + "' --set 'bus.latency=3 cycles'").code, 0);
  const Outcome equal = run("diff '" + file("a") + "' '" + file("b") + "'");
  EXPECT_EQ(equal.code, 0);
  EXPECT_EQ(equal.out, "equal\n");
  const std::string short_text = run("diff '" + file("a") + "' '" + file("c") + "'").out;
  EXPECT_LE(longest_section(short_text), 11U) << "ten differences and the number of the others";
  EXPECT_THAT(short_text, HasSubstr(" more; --all shows them\n"));
  const Outcome different = run("diff '" + file("a") + "' '" + file("c/results.json") + "' --all");
  EXPECT_GT(longest_section(different.out), 11U);
  EXPECT_EQ(different.code, 1);
  EXPECT_THAT(different.out, HasSubstr("configuration: 1 different\n  bus.latency: 1"));
  const base::CsvTable a = base::CsvTable::read_file(file("a/layers.csv"));
  const base::CsvTable c = base::CsvTable::read_file(file("c/layers.csv"));
  const std::int64_t before = a.integer(0, "cycles");
  const std::int64_t after = c.integer(0, "cycles");
  ASSERT_GT(after, before);
  EXPECT_THAT(different.out,
              HasSubstr("\n  0 block1_depth.cycles: " + std::to_string(before) + " -> " +
                        std::to_string(after) + "  (+" + std::to_string(after - before) + ","));
}

TEST_F(Commands, DiffSeesOneDigitOfOneCount) {
  EXPECT_EQ(run("run " + kPlatform + " " + kNetwork + " --quiet --out '" + file("a") + "'").code,
            0);
  std::string text = base::read_file(file("a/results.json"));
  const std::size_t at = text.find("\"count_system\": ", text.find("\"counters\"")) + 16;
  text[at] = text[at] == '7' ? '8' : '7';
  write("b.json", text);
  const Outcome different = run("diff '" + file("a") + "' '" + file("b.json") + "'");
  EXPECT_EQ(different.code, 1);
  EXPECT_THAT(different.out, HasSubstr("counters: 1 different"));
  write("c.json", "{}");
  EXPECT_EQ(run("diff '" + file("a") + "' '" + file("c.json") + "'").code, 2);
}

class Reprice : public Commands, public testing::WithParamInterface<const char*> {};

TEST_P(Reprice, EqualsAFreshRun) {
  write("technologies/other.yaml", [] {
    std::string text = base::read_file(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml");
    text.replace(text.find("name: 45nm"), 10, "name: other");
    text.replace(text.find("0.2 pJ"), 6, "0.3 pJ");
    text.replace(text.find("power: 2.4 uW"), 13, "power: 4.8 uW");
    return text;
  }());
  copy_parts_of_technologies("technologies/");
  fs::copy(MILLIWATT_SOURCE_DIR "/" + kPlatform, file("platform.yaml"));
  const std::string level = GetParam();
  const std::string run_one =
      "run '" + file("platform.yaml") + "' " + kNetwork + " --quiet --level " + level + " --out '";
  const std::string tensors = level == "estimate" ? "" : " --tensors '";
  const auto below = [&](const char* out) {
    return tensors.empty() ? "" : tensors + file(out) + "/tensors'";
  };
  ASSERT_EQ(run(run_one + file("stored") + "'" + below("stored")).code, 0);
  ASSERT_EQ(run(run_one + file("fresh") + "' --set technology.file=other" + below("fresh")).code,
            0);
  const Outcome again =
      run("reprice '" + file("stored") + "' --technology other --out '" + file("again") + "'");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(contents("again"), contents("fresh"));
  EXPECT_NE(contents("again"), contents("stored"));
  EXPECT_EQ(again.out, base::read_file(file("fresh/table.txt")));
}

INSTANTIATE_TEST_SUITE_P(Levels, Reprice, testing::Values("estimate", "values", "exact"));

TEST_F(Commands, RepriceKeepsAResultWithItsOwnTechnology) {
  ASSERT_EQ(run("run " + kPlatform + " " + kNetwork + " --quiet --out '" + file("a") + "'").code,
            0);
  ASSERT_EQ(run("reprice '" + file("a") + "' --technology 45nm --out '" + file("b") + "'").code, 0);
  EXPECT_EQ(contents("a"), contents("b"));
}

TEST_F(Commands, RepriceRefusesWhatIsNoResult) {
  write("a/results.json", "{}");
  const Outcome bad = run("reprice '" + file("a") + "' --technology 45nm");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("results.json: not a result of milliwatt"));
}

}  // namespace
}  // namespace milliwatt
