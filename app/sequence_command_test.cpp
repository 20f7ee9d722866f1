// SPDX-License-Identifier: Apache-2.0
// Sequences, inputs and dumps as users of the milliwatt command meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "base/csv.h"
#include "base/scratch_folder.h"

namespace milliwatt {
namespace {

using testing::HasSubstr;

constexpr const char* kNetwork = R"(layer_trace: 1
name: tiny
inputs:
  - {name: image, shape: [1, 4, 4, 3], scale: 0.01, zero_point: -3}
layers:
  - {kind: conv2d, name: conv, filters: 5, kernel: 3, activation: relu}
  - {kind: fully_connected, name: logits, units: 3}
)";
constexpr const char* kTwoInputs = R"(layer_trace: 1
name: pair
inputs:
  - {name: left, shape: [1, 2, 2, 2]}
  - {name: right, shape: [1, 2, 2, 2]}
layers:
  - {kind: add, name: sum, inputs: [left, right]}
)";

struct Outcome {
  int code = -1;
  std::string out;  ///< both streams
};

class Sequences : public testing::Test {
 protected:
  Sequences() {
    scratch_.write("tiny.yaml", kNetwork);
    scratch_.write("pair.yaml", kTwoInputs);
  }

  /// `arguments` hold files of the test's folder as @name.
  Outcome run(std::string arguments) const {
    for (std::size_t at = 0; (at = arguments.find('@')) != std::string::npos;) {
      arguments.replace(at, 1, scratch_.path(""));
    }
    const std::string command = "cd '" MILLIWATT_SOURCE_DIR "' && '" MILLIWATT_BINARY_DIR
                                "/milliwatt' " +
                                arguments + " 2>&1";
    Outcome outcome;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      outcome.out.append(buffer.data(), n);
    }
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }

  base::CsvTable table(const std::string& name) const {
    return base::CsvTable::read_file(scratch_.path(name));
  }

  base::ScratchFolder scratch_;
};

TEST_F(Sequences, GiveEachInvocationAndTheirTotal) {
  const Outcome outcome =
      run("run systolic_16x16 @tiny.yaml --invocations 3 --out @out --tensors @out/tensors");
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("\nsequence          3 invocations, inputs: seed 1, one"));
  EXPECT_THAT(outcome.out, HasSubstr("\nsteady state      "));
  // 4*4*5 bytes of conv and 3 logits, three times.
  EXPECT_THAT(outcome.out, HasSubstr("checked: 6 tensors, 249 bytes equal to the reference"));
  const base::CsvTable sequence = table("out/sequence.csv");
  ASSERT_EQ(sequence.rows(), 4);
  const std::int64_t total = sequence.integer(3, "cycles");
  EXPECT_EQ(
      sequence.integer(0, "cycles") + sequence.integer(1, "cycles") + sequence.integer(2, "cycles"),
      total);
  // The files of one run are those of its last invocation.
  EXPECT_EQ(table("out/summary.csv").integer(0, "cycles"), sequence.integer(2, "cycles"));
  // Image, conv and logits, and the sums of the latter two.
  EXPECT_EQ(table("out/tensors/index.csv").rows(), 3 * 5);
  EXPECT_NE(scratch_.read("out/outputs/invocation-0/006-logits.npy"),
            scratch_.read("out/outputs/invocation-1/006-logits.npy"));
}

TEST_F(Sequences, OfOneAreARun) {
  ASSERT_EQ(run("run minimal @tiny.yaml --quiet --out @a").code, 0);
  ASSERT_EQ(run("run minimal @tiny.yaml --quiet --out @b --invocations 1").code, 0);
  EXPECT_EQ(scratch_.contents("a"), scratch_.contents("b"));
}

TEST_F(Sequences, AnEstimateHasTheCyclesOfTheTruthWhereItKnowsThem) {
  const std::string net = "run minimal @tiny.yaml --invocations 3 --quiet --out @";
  ASSERT_EQ(run(net + "estimate --level estimate").code, 0);
  ASSERT_EQ(run(net + "values").code, 0);
  EXPECT_EQ(scratch_.read("estimate/sequence.csv"), scratch_.read("values/sequence.csv"));
}

TEST_F(Sequences, ArePricedAgain) {
  const std::string net = "run systolic_16x16 @tiny.yaml --invocations 3 --quiet --out @";
  ASSERT_EQ(run(net + "first").code, 0);
  ASSERT_EQ(run(net + "direct --set technology.file=22nm").code, 0);
  ASSERT_EQ(run("reprice @first --technology 22nm --out @priced").code, 0);
  const auto direct = scratch_.contents("direct");
  const auto priced = scratch_.contents("priced");
  for (const char* name : {"sequence.csv", "results.json", "energy.csv"}) {
    EXPECT_EQ(direct.at(name), priced.at(name)) << name;
  }
  EXPECT_NE(direct.at("sequence.csv"), scratch_.read("first/sequence.csv"));
  EXPECT_EQ(run("diff @first @first").code, 0);
  EXPECT_THAT(run("diff @first @direct --all").out, HasSubstr("invocations.2.energy_aJ.nominal"));
}

TEST_F(Sequences, AFileMayHoldEveryInput) {
  const std::string net = "run minimal @tiny.yaml --quiet ";
  std::string two;
  for (int i = 0; i < 2 * 48; ++i) {
    two += static_cast<char>(i);
  }
  scratch_.write("two.bin", two);
  scratch_.write("second.bin", two.substr(48));
  ASSERT_EQ(run(net + "--input @two.bin --out @two").code, 0);
  ASSERT_EQ(run(net + "--input @second.bin --out @second").code, 0);
  EXPECT_EQ(table("two/sequence.csv").rows(), 3);
  EXPECT_EQ(scratch_.read("two/outputs/invocation-1/006-logits.npy"),
            scratch_.read("second/outputs/006-logits.npy"));
  const Outcome bad = run(net + "--input @two.bin --invocations 3");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.out, HasSubstr("two.bin: holds the input of 2 invocations, but option "
                                 "'--invocations' asks for 3; "));
}

TEST_F(Sequences, SeveralInputsHaveAFileEach) {
  scratch_.write("l", "12345678");
  scratch_.write("r", std::string("\0\0\0\0\0\0\0\1", 8));
  const std::string net = "run minimal @pair.yaml --quiet ";
  ASSERT_EQ(run(net + "--input @l --input @r --tensors @a").code, 0);
  ASSERT_EQ(run(net + "--input right=@r --input left=@l --tensors @b").code, 0);
  EXPECT_EQ(scratch_.contents("a"), scratch_.contents("b"));
  EXPECT_THAT(run(net + "--input @l").out,
              HasSubstr("option '--input': the network has 2 inputs, 1 files given"));
}

TEST_F(Sequences, RefuseWhatMakesNoSense) {
  EXPECT_THAT(run("run minimal @tiny.yaml --invocations 0").out, HasSubstr("allowed: 1 to 65536"));
  EXPECT_EQ(run("run minimal @tiny.yaml --invocations 0 --level estimate").code, 2);
  EXPECT_THAT(run("run minimal @tiny.yaml --dataset x --labels y --invocations 2").out,
              HasSubstr("options '--dataset' and '--invocations' exclude each other"));
}

TEST_F(Sequences, TheTableShowsZerosOnRequest) {
  EXPECT_THAT(run("run minimal @tiny.yaml --sparsity").out, HasSubstr(" zeros zeros zeros "));
}

TEST_F(Sequences, ANetworkIsAFileAsWell) {
  ASSERT_EQ(run("network @tiny.yaml --out @net.csv").code, 0);
  const base::CsvTable rows = table("net.csv");
  ASSERT_EQ(rows.rows(), 3);
  EXPECT_EQ(rows.integer(0, "macs"), 4 * 4 * 5 * 27);
  EXPECT_EQ(rows.integer(0, "live_bytes"), 48 + 80);
  EXPECT_EQ(rows.text(2, "operator"), "total");
  EXPECT_EQ(rows.integer(2, "live_bytes"), 48 + 80);
  EXPECT_EQ(run("network @tiny.yaml --out /no/such/folder/net.csv").code, 2);
}

}  // namespace
}  // namespace milliwatt
