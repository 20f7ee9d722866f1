// SPDX-License-Identifier: Apache-2.0
// The milliwatt command as its users call it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/csv.h"
#include "base/files.h"
#include "base/scratch_folder.h"

namespace milliwatt {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kPlatform = "configs/platforms/systolic_16x16.yaml";
const std::string kNetwork = "workloads/networks/resnet8.yaml";

/// A network of a few cycles.
constexpr const char* kTinyNetwork = R"(layer_trace: 1
name: tiny
inputs:
  - {name: image, shape: [1, 4, 4, 3], scale: 0.01, zero_point: -3}
layers:
  - {kind: conv2d, name: conv, filters: 5, kernel: 3, activation: relu}
  - {kind: reshape, name: flat, shape: [1, 80]}
  - {kind: fully_connected, name: logits, units: 3}
)";

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs the command in the source folder, and gives each test a folder of its own.
class Milliwatt : public testing::Test {
 protected:
  Outcome run(const std::string& arguments) const {
    const std::string err = file("stderr.txt");
    const std::string command = "cd '" MILLIWATT_SOURCE_DIR "' && '" MILLIWATT_BINARY_DIR
                                "/milliwatt' " +
                                arguments + " 2>'" + err + "'";
    Outcome outcome;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      outcome.out.append(buffer.data(), n);
    }
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.err = base::read_file(err);
    return outcome;
  }

  std::string file(const std::string& name) const { return scratch_.path(name); }
  std::string write(const std::string& name, const std::string& text) const {
    scratch_.write(name, text);
    return file(name);
  }
  std::string tiny_network() const { return write("tiny.yaml", kTinyNetwork); }

  /// Bytes of every file below a folder, by relative name.
  std::map<std::string, std::string> contents(const std::string& name) const {
    return scratch_.contents(name);
  }

 private:
  base::ScratchFolder scratch_;
};

TEST_F(Milliwatt, HelpGoesToTheStandardOutput) {
  const Outcome program = run("--help");
  EXPECT_EQ(program.code, 0);
  EXPECT_THAT(program.err, IsEmpty());
  for (const char* command : {"run", "network", "check", "describe", "list"}) {
    EXPECT_THAT(program.out, HasSubstr(command));
    const Outcome help = run(std::string(command) + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, StartsWith(std::string("usage: milliwatt ") + command));
  }
  for (const char* option : {"--input", "--seed", "--set", "--level", "--tensors", "--out",
                             "--no-check", "--plan", "--quiet"}) {
    EXPECT_THAT(run("run -h").out, HasSubstr(option));
  }
}

TEST_F(Milliwatt, VersionIsThatOfTheProject) {
  const Outcome outcome = run("--version");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("milliwatt [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(Milliwatt, WithoutACommandShowsHelpAsAnError) {
  const Outcome outcome = run("");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("usage: milliwatt COMMAND"));
}

TEST_F(Milliwatt, UnknownNamesGetTheNearestOne) {
  const std::map<std::string, std::string> cases = {
      {"rnu", "milliwatt: error: unknown command 'rnu'; did you mean 'run'?"},
      {"--vresion", "milliwatt: error: unknown option '--vresion'; did you mean '--version'?"},
      {"run a b --tensor x",
       "milliwatt: error: unknown option '--tensor'; did you mean '--tensors'?"},
      {"run a b --level exat",
       "milliwatt: error: option '--level': 'exat' is no level; did you"
       " mean 'exact'?"},
      {"run systolic_16x61 resnet8",
       "milliwatt: error: 'systolic_16x61' is neither a file nor the name of a platform; did you "
       "mean 'systolic_16x16'? `milliwatt list` shows all names\n"},
      {"compare resnet9 minimal",
       "milliwatt: error: 'resnet9' is neither a file nor the name of a platform or network; did "
       "you mean 'resnet8'? `milliwatt list` shows all names\n"},
      {"network resnt8",
       "milliwatt: error: 'resnt8' is neither a file nor the name of a network; did you mean "
       "'resnet8'? `milliwatt list` shows all names\n"},
      {"describe systolc",
       "milliwatt: error: unknown component 'systolc'; did you mean 'systolic'?"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_THAT(outcome.err, StartsWith(message));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(Milliwatt, AnAccumulatorThatOverflowsNamesItsOperator) {
  // 144 products of 8-bit numbers do not fit 16 bits.
  const Outcome outcome =
      run("run " + kPlatform + " " + kNetwork + " --set 'accelerator.accumulator_bits=16 bit'");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              testing::ContainsRegex("^milliwatt: error: accelerator \\(host: invoke command "
                                     "[0-9]+ \\(WAIT\\)\\): layer [0-9]+ \\(conv2d [a-z0-9_]+\\), "
                                     "output channel .* does not fit accumulator_bits = 16\n"));
}

TEST_F(Milliwatt, HelpFitsIn100Columns) {
  for (const char* command :
       {"", "run", "sweep", "compare", "diff", "reprice", "network", "check", "describe", "list"}) {
    std::istringstream lines(run(std::string(command) + " --help").out);
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) {
      widest = std::max(widest, line.size());
    }
    EXPECT_GT(widest, 20U) << command;
    EXPECT_LE(widest, 100U) << command;
  }
}

TEST_F(Milliwatt, ArgumentsOfTheWrongKindGetOneLine) {
  const std::string technology = "configs/technologies/45nm.yaml";
  const std::map<std::string, std::string> cases = {
      {kNetwork + " " + kPlatform, "PLATFORM and NETWORK are swapped: '" + kNetwork +
                                       "' is a layer trace, '" + kPlatform + "' a platform"},
      {"resnet8 systolic_16x16", "PLATFORM and NETWORK are swapped: '" + kNetwork +
                                     "' is a layer trace, '" + kPlatform + "' a platform"},
      {kNetwork + " " + kNetwork, kNetwork + ": a layer trace, where a platform is expected"},
      {kPlatform + " " + kPlatform, kPlatform + ": a platform, where a network is expected"},
      {technology + " " + kNetwork, technology + ": a technology, where a platform is expected"},
      {kPlatform + " " + kNetwork + " --seed -1",
       "option '--seed': found '-1'; allowed: whole numbers from 0 to 4294967295"},
      {kPlatform + " " + kNetwork + " --out /",
       "output folder '/': holds the working directory, which a result would replace; name a new "
       "folder, for example '/result'"},
      {kPlatform + " " + kNetwork + " --out " + kPlatform + "/x",
       "output folder '" + kPlatform + "/x': '" MILLIWATT_SOURCE_DIR "/" + kPlatform +
           "' is a file"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run("run " + arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(outcome.err, "milliwatt: error: " + message + "\n");
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(Milliwatt, TheTableSaysWhatTheHostRunsAndWhy) {
  const std::string platform = write("host_only.yaml", "host: {mac: 1 cycle}\n");
  const Outcome alone = run("run '" + platform + "' '" + tiny_network() + "' --level estimate");
  EXPECT_THAT(alone.out, HasSubstr("\non the host       2 of 3 operators, "));
  EXPECT_THAT(alone.out, HasSubstr("\n                  1 conv2d, 1 fully_connected: there is no "
                                   "accelerator\n"));
  const Outcome beside = run("run " + kPlatform + " '" + tiny_network() + "' --level estimate");
  EXPECT_THAT(beside.out, Not(HasSubstr("on the host")));
}

TEST_F(Milliwatt, BadInputIsOneMessagePerFaultAndWritesNothing) {
  const std::string broken =
      write("broken.yaml", "accelerator: {kind: systolic, rowz: 16}\nbus: {width: 3}\n");
  const std::string out = " --out '" + file("out") + "' --tensors '" + file("out/t") + "'";
  const Outcome outcome = run("run '" + broken + "' " + kNetwork + out);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("milliwatt: error: " + broken +
                                     ":1:31: accelerator.rowz: "
                                     "unknown key; did you mean 'rows'?"));
  EXPECT_THAT(outcome.err, HasSubstr("milliwatt: error: " + broken + ":2:14: bus.width: "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_FALSE(fs::exists(file("out")));
  EXPECT_EQ(run("run nowhere.yaml " + kNetwork + out).code, 2);
  EXPECT_EQ(run("run " + kPlatform + " nowhere.tflite" + out).code, 2);
  EXPECT_EQ(run("run " + kPlatform + " " + kNetwork + out + " --input README.md").code, 2);
  EXPECT_EQ(run("run " + kPlatform + " " + kNetwork + out + " --set accelerator.rows=0").code, 2);
  EXPECT_FALSE(fs::exists(file("out")));
}

TEST_F(Milliwatt, LeavesAFolderAsItWasWhenTheRunFails) {
  const std::string run_tiny =
      "run " + kPlatform + " '" + tiny_network() + "' --quiet --out '" + file("out") + "'";
  ASSERT_EQ(run(run_tiny).code, 0);
  const auto before = contents("out");
  EXPECT_EQ(run(run_tiny + " --set accelerator.rows=x").code, 2);
  EXPECT_EQ(contents("out"), before);
}

TEST_F(Milliwatt, RefusesOptionsThatItWouldIgnore) {
  const std::string net = "run " + kPlatform + " '" + tiny_network() + "' ";
  EXPECT_EQ(run(net + "--level estimate --tensors '" + file("t") + "'").code, 2);
  EXPECT_EQ(run(net + "--level estimate --input x.npy").code, 2);
  EXPECT_EQ(run(net + "--level estimate --no-check").code, 2);
  EXPECT_EQ(run(net + "--input x.npy --seed 3").code, 2);
  EXPECT_EQ(run(net + "--dataset x.npy").err,
            "milliwatt: error: options '--dataset' and '--labels' go together\n");
  EXPECT_EQ(run(net + "--labels y.npy").code, 2);
  EXPECT_EQ(run(net + "--dataset x.npy --labels y.npy --seed 3").err,
            "milliwatt: error: options '--dataset' and '--seed' exclude each other\n");
  EXPECT_EQ(run(net + "--dataset x.npy --labels y.npy --level estimate").err,
            "milliwatt: error: option '--dataset': the level estimate computes no values\n");
  EXPECT_EQ(run(net + "--out '" + file("t/out") + "' --tensors '" + file("t") + "'").code, 2);
  EXPECT_EQ(run(net + "--out '" + file("t") + "' --tensors '" + file("t") + "'").code, 2);
  EXPECT_FALSE(fs::exists(file("t")));
}

TEST_F(Milliwatt, TheEffectiveConfigurationReproducesTheRunByteForByte) {
  const std::string set = " --set accelerator.rows=7 --set bus.width=\"4 B\"";
  const auto folders = [&](const std::string& name) {
    return " --quiet --out '" + file(name) + "' --tensors '" + file(name + "/tensors") + "'";
  };
  ASSERT_EQ(run("run " + kPlatform + " " + kNetwork + set + folders("first")).code, 0);
  ASSERT_EQ(run("run '" + file("first/platform.yaml") + "' " + kNetwork + folders("second")).code,
            0);
  const auto first = contents("first");
  EXPECT_EQ(first, contents("second"));
  for (const char* name : {"results.json", "layers.csv", "summary.csv", "energy.csv", "plan.txt",
                           "table.txt", "platform.yaml", "tensors/index.csv"}) {
    EXPECT_EQ(first.count(name), 1U) << name;
  }
  EXPECT_THAT(first.at("platform.yaml"), HasSubstr("rows: 7"));
}

TEST_F(Milliwatt, ANameGivesWhatItsFileGives) {
  const std::string out = " --level estimate --quiet --out '";
  ASSERT_EQ(
      run("run systolic_16x16 resnet8 --set technology.file=22nm" + out + file("a") + "'").code, 0);
  ASSERT_EQ(run("run " + kPlatform + " " + kNetwork +
                " --set technology.file=../technologies/22nm.yaml" + out + file("b") + "'")
                .code,
            0);
  EXPECT_EQ(contents("a"), contents("b"));
  EXPECT_EQ(run("network resnet8").out, run("network " + kNetwork).out);
  EXPECT_EQ(run("check systolic_16x16 45nm resnet8").out,
            run("check " + kPlatform + " configs/technologies/45nm.yaml " + kNetwork).out);
  const std::string csv = " --level estimate --out '" + file("c.csv") + "'";
  ASSERT_EQ(run("compare resnet8 minimal small_8x8" + csv).code, 0);
  const std::string by_name = base::read_file(file("c.csv"));
  ASSERT_EQ(run("compare '" MILLIWATT_SOURCE_DIR "/" + kNetwork +
                "' ./configs/platforms/minimal.yaml configs/platforms/small_8x8.yaml" + csv)
                .code,
            0);
  EXPECT_EQ(by_name, base::read_file(file("c.csv")));
  EXPECT_THAT(by_name, HasSubstr("\nconfigs/platforms/minimal.yaml,"));
}

TEST_F(Milliwatt, NotesBuffersThatAreSmallerThanTheTable) {
  const std::string platform = write("twelve.yaml",
                                     "accelerator: {kind: systolic, rows: 12, columns: 12, "
                                     "output_buffer: 6 KiB}\n");
  // 6 KiB in 12 banks.
  const std::string note =
      "accelerator.output_buffer: 12 banks of 512 B, less than the 1024 B from which there are "
      "prices of 'sram'; priced as 'small_sram'";
  EXPECT_EQ(run("check '" + platform + "'").out,
            platform + ": platform, no faults\n  note: " + note + "\n");
  EXPECT_THAT(run("run '" + platform + "' resnet8 --level estimate").out,
              HasSubstr("\nnote              accelerator.output_buffer: 12 banks of 512 B, less"));
}

TEST_F(Milliwatt, ResultsHoldNoPathOfTheMachine) {
  ASSERT_EQ(run("run '" MILLIWATT_SOURCE_DIR "/" + kPlatform + "' '" + tiny_network() +
                "' --quiet --out '" + file("out") + "'")
                .code,
            0);
  for (const auto& [name, bytes] : contents("out")) {
    EXPECT_THAT(bytes, Not(HasSubstr(MILLIWATT_SOURCE_DIR))) << name;
    EXPECT_THAT(bytes, Not(HasSubstr(file("")))) << name;
  }
}

/// The cells of a table but for those that count zeros.
std::string without_zeros(const std::string& csv) {
  const base::CsvTable table = base::CsvTable::parse(csv, "table");
  std::string cells;
  for (int row = 0; row < table.rows(); ++row) {
    for (const std::string& column : table.header()) {
      cells += column.find("zero") == std::string::npos ? table.text(row, column) + "\n" : "";
    }
  }
  return cells;
}

TEST_F(Milliwatt, LevelsAgreeAndOutputsFollowTheSeed) {
  const std::string net = "run " + kPlatform + " '" + tiny_network() + "' --quiet --out '";
  ASSERT_EQ(run(net + file("values") + "'").code, 0);
  ASSERT_EQ(run(net + file("exact") + "' --level exact").code, 0);
  ASSERT_EQ(run(net + file("other") + "' --seed 2").code, 0);
  EXPECT_EQ(contents("values").at("layers.csv"), contents("exact").at("layers.csv"));
  EXPECT_EQ(contents("values/outputs"), contents("exact/outputs"));
  // Only the zeros among the activations depend on the values.
  EXPECT_EQ(without_zeros(contents("values").at("layers.csv")),
            without_zeros(contents("other").at("layers.csv")));
  EXPECT_NE(contents("values/outputs"), contents("other/outputs"));
}

TEST_F(Milliwatt, AnInputFileGivesWhatItsValuesGive) {
  const std::string net = "run " + kPlatform + " '" + tiny_network() + "' --quiet ";
  ASSERT_EQ(run(net + "--seed 5 --tensors '" + file("t") + "'").code, 0);
  EXPECT_EQ(contents("t").count("results.json"), 1U);
  ASSERT_EQ(run(net + "--seed 5 --tensors '" + file("t") + "'").code, 0) << "replaces its own";
  ASSERT_EQ(
      run(net + "--input '" + file("t/000-image.npy") + "' --tensors '" + file("u") + "'").code, 0);
  EXPECT_EQ(contents("t"), contents("u"));
}

TEST_F(Milliwatt, ADataSetGivesAnAccuracyBesideTheResultsOfItsFirstImage) {
  const std::string glyphs = "workloads/networks/glyphs";
  const std::string net = "run " + kPlatform + " " + glyphs + ".yaml --quiet --dataset " + glyphs +
                          "/test_images.npy --labels " + glyphs;
  ASSERT_EQ(run(net + "/test_labels.npy --out '" + file("a") + "'").code, 0);
  ASSERT_EQ(run(net + "/test_labels.npy --no-check --out '" + file("b") + "'").code, 0);
  const auto checked = contents("a");
  const auto unchecked = contents("b");
  for (const char* name : {"classes.csv", "predictions.csv", "layers.csv"}) {
    EXPECT_EQ(checked.at(name), unchecked.at(name)) << name;
  }
  EXPECT_EQ(base::CsvTable::read_file(file("a/predictions.csv")).rows(), 600);
  EXPECT_EQ(base::CsvTable::read_file(file("a/classes.csv")).rows(), 12);
  EXPECT_THAT(checked.at("table.txt"), HasSubstr("\n  by reference    "));
  EXPECT_THAT(checked.at("results.json"), HasSubstr("\"correct_by_reference\": "));
  EXPECT_THAT(unchecked.at("results.json"), Not(HasSubstr("correct_by_reference")));
  const Outcome bad = run(net + "/logits_bias.npy");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err, "milliwatt: error: " + glyphs +
                         "/logits_bias.npy: has shape [12]; expected [600], one label per image\n");
}

TEST_F(Milliwatt, AnEstimateIsAnIntervalAroundTheTruth) {
  const std::string net =
      "run " + kPlatform + " " + kNetwork + " --set accelerator.separate_store_channel=true";
  const Outcome estimate = run(net + " --level estimate --out '" + file("low") + "'");
  ASSERT_EQ(estimate.code, 0) << estimate.err;
  EXPECT_THAT(estimate.out, HasSubstr("\nlow..high: "));
  ASSERT_EQ(run(net + " --quiet --out '" + file("true") + "'").code, 0);
  const auto low = base::CsvTable::read_file(file("low/summary.csv"));
  const auto truth = base::CsvTable::read_file(file("true/summary.csv"));
  EXPECT_LT(low.integer(0, "cycles_low"), low.integer(0, "cycles_high"));
  EXPECT_LE(low.integer(0, "cycles_low"), truth.integer(0, "cycles"));
  EXPECT_GE(low.integer(0, "cycles_high"), truth.integer(0, "cycles"));
  EXPECT_FALSE(fs::exists(file("low/outputs")));
}

TEST_F(Milliwatt, PrintsTheTableThePlanOrNothing) {
  const std::string net = "run " + kPlatform + " '" + tiny_network() + "'";
  const Outcome table = run(net);
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, StartsWith("tiny on systolic_16x16, level values, weights: seeded, 100 "
                                    "MHz, 45nm\n"));
  EXPECT_THAT(table.out, HasSubstr("checked: 3 tensors, 163 bytes"));  // 80 + 80 + 3
  EXPECT_THAT(table.err, IsEmpty());
  EXPECT_THAT(run(net + " --no-check").out, HasSubstr("not checked: --no-check"));
  EXPECT_THAT(run(net + " --quiet").out, IsEmpty());
  EXPECT_THAT(run(net + " --quiet --plan").out, StartsWith("operators\n"));
  EXPECT_THAT(run(net + " --plan").out, StartsWith(table.out + "\noperators\n"));
}

TEST_F(Milliwatt, CheckSaysWhichKindEachFileIs) {
  const Outcome good = run("check " + kPlatform + " configs/technologies/45nm.yaml " + kNetwork);
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.out, kPlatform + ": platform, no faults\n" +
                          "configs/technologies/45nm.yaml: technology, no faults\n" + kNetwork +
                          ": layer trace, no faults\n");
}

TEST_F(Milliwatt, CheckReportsTheFaultsOfAllFiles) {
  const std::string neither = write("neither.yaml", "kind: other\n");
  const std::string typo = write("typo.yaml", "layer_trace: 1\nlayrs: []\n");
  const Outcome bad = run("check nowhere.yaml '" + neither + "' '" + typo + "' " + kPlatform);
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("nowhere.yaml: no such file"));
  EXPECT_THAT(bad.err, HasSubstr(neither + ":1:1: neither a platform"));
  EXPECT_THAT(bad.err, HasSubstr(typo + ":2:1: layrs: unknown key; did you mean 'layers'?"));
  EXPECT_EQ(bad.out, kPlatform + ": platform, no faults\n");
}

TEST_F(Milliwatt, NotesOfATopologyAreNotesOfTheCheckAndWarningsElsewhere) {
  const std::string head =
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
      "Strides,\n";
  const std::string file = write("even.csv", head + "even, 8, 8, 1, 1, 4, 4, 2,\n");
  const std::string note = file + ":2: even: the output is 4 x 4; SCALE-Sim rounds up to 5 x 5";
  const Outcome check = run("check '" + file + "'");
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_THAT(check.out, StartsWith(file + ": SCALE-Sim topology, no faults\n  note: " + note));
  for (const std::string& command : std::vector<std::string>{"network", "run " + kPlatform}) {
    const Outcome used = run(command + " '" + file + "'");
    EXPECT_EQ(used.code, 0) << used.err;
    EXPECT_THAT(used.err, StartsWith("milliwatt: warning: " + note));
    EXPECT_THAT(used.out, Not(HasSubstr("rounds up")));
  }
}

TEST_F(Milliwatt, DescribesItsParts) {
  EXPECT_THAT(run("describe").out, HasSubstr("accelerator (systolic)"));
  const Outcome systolic = run("describe systolic");
  EXPECT_EQ(systolic.code, 0);
  EXPECT_THAT(systolic.out, HasSubstr("  rows "));
  EXPECT_EQ(systolic.out, run("describe 'accelerator (systolic)'").out);
  EXPECT_EQ(run("describe sram").out, run("describe memory.sram").out);
  EXPECT_THAT(run("describe host").out, HasSubstr("assumed, "));
}

TEST_F(Milliwatt, ListsWhatIsAtHand) {
  const Outcome here = run("list");
  EXPECT_EQ(here.code, 0);
  for (const char* text : {"\n  systolic_16x16      configs/platforms/systolic_16x16.yaml\n",
                           "\n  45nm                configs/technologies/45nm.yaml\n",
                           "\n  resnet8             workloads/networks/resnet8.yaml\n",
                           "\n  systolic ", "\n  emram               MRAM on the chip"}) {
    EXPECT_THAT(here.out, HasSubstr(text));
  }
}

TEST_F(Milliwatt, ShowsANetworkBeforeAnyMachineIsChosen) {
  const Outcome outcome = run("network " + kNetwork);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("network resnet8: 16 operators"));
}

TEST_F(Milliwatt, WritesANetworkAsALayerTrace) {
  const Outcome first = run("network " + kNetwork);
  const Outcome written = run("network " + kNetwork + " --export-trace " + file("a/b"));
  EXPECT_EQ(written.code, 0) << written.err;
  EXPECT_EQ(written.out, first.out);
  EXPECT_EQ(written.err, "wrote " + file("a/b/resnet8.yaml") + "\n");
  EXPECT_EQ(run("network " + file("a/b/resnet8.yaml")).out, first.out);
  const Outcome refused =
      run("network " + kNetwork + " --export-trace " + file("a/b/resnet8.yaml"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("resnet8.yaml: cannot be made a folder"));
}

TEST_F(Milliwatt, FailsWhenItsOutputCannotBeWritten) {
  const Outcome outcome = run("list >/dev/full");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("standard output"));
}

}  // namespace
}  // namespace milliwatt
