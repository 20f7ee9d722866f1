// SPDX-License-Identifier: Apache-2.0
// Plan files and advice on sizes as users of the milliwatt command meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "base/files.h"
#include "base/scratch_folder.h"

namespace milliwatt {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPlatform = "configs/platforms/systolic_16x16.yaml";
const std::string kResnet = "workloads/networks/resnet8.yaml";

struct Outcome {
  int code = -1;
  std::string out;  ///< both streams
};

class PlanFiles : public testing::Test {
 protected:
  Outcome run(const std::string& arguments) const {
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
  std::string file(const std::string& name) const { return scratch_.path(name); }
  std::string write(const std::string& name, const std::string& text) const {
    scratch_.write(name, text);
    return file(name);
  }

  base::ScratchFolder scratch_;
};

class BundledNetwork : public PlanFiles, public testing::WithParamInterface<const char*> {};

TEST_P(BundledNetwork, RunsAgainByteForByteFromItsPlan) {
  const std::string net = std::string("workloads/networks/") + GetParam() + ".yaml";
  const auto command = [&](const std::string& options, const std::string& out) {
    return "run " + kPlatform + " " + net + " --quiet " + options + " --out '" + file(out) + "'";
  };
  const Outcome first = run(command("--plan-out '" + file("plan.yaml") + "'", "first"));
  ASSERT_EQ(first.code, 0) << first.out;
  const Outcome second = run(command("--use-plan '" + file("plan.yaml") + "'", "second"));
  ASSERT_EQ(second.code, 0) << second.out;
  EXPECT_EQ(scratch_.contents("first"), scratch_.contents("second"));
  EXPECT_EQ(scratch_.contents("first").at("plan.yaml"), base::read_file(file("plan.yaml")));
  EXPECT_EQ(run("check '" + file("plan.yaml") + "'").out,
            file("plan.yaml") + ": plan, no faults\n");
}

INSTANTIATE_TEST_SUITE_P(All, BundledNetwork,
                         testing::Values("autoencoder", "dscnn", "dscnn1d", "mobilenetv1_025_96",
                                         "resnet8"));

TEST_F(PlanFiles, ForceWhatTheySayAndTheOutputsStay) {
  const std::string plan = write("plan.yaml",
                                 "operators:\n"
                                 "  stem: {mapping: {tile_h: 3, weights_per_fold: true}}\n"
                                 "  stack1_sum: {runner: host}\n"
                                 "tensors:\n"
                                 "  stem: {memory: external}\n"
                                 "  0: {memory: sram, offset: 100 KiB}\n");
  const Outcome forced = run("run " + kPlatform + " " + kResnet + " --quiet --plan --use-plan '" +
                             plan + "' --out '" + file("forced") + "'");
  ASSERT_EQ(forced.code, 0) << forced.out;
  EXPECT_THAT(forced.out, HasSubstr("accelerator: tiles of 3x"));
  EXPECT_THAT(forced.out, HasSubstr("host: software kernel, because the plan file says so"));
  EXPECT_THAT(forced.out, HasSubstr("sram     offset  102400 bytes    3072"));
  ASSERT_EQ(run("run " + kPlatform + " " + kResnet + " --quiet --out '" + file("free") + "'").code,
            0);
  EXPECT_EQ(scratch_.contents("forced/outputs"), scratch_.contents("free/outputs"));
  EXPECT_NE(scratch_.contents("forced").at("layers.csv"),
            scratch_.contents("free").at("layers.csv"));
  EXPECT_EQ(
      run("compare " + kResnet + " " + kPlatform + " --level estimate --use-plan '" + plan + "'")
          .code,
      0);
}

TEST_F(PlanFiles, ThatCannotBeAreRefusedInOneGo) {
  const std::string plan = write("plan.yaml",
                                 "operators:\n"
                                 "  stem: {mapping: {tile_h: 32, tile_w: 32, filter_tile: 16}}\n"
                                 "  classes: {runner: accelerator}\n");
  const Outcome refused = run("run " + kPlatform + " " + kResnet + " --use-plan '" + plan +
                              "' --out '" + file("out") + "'");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(
      refused.out,
      HasSubstr("plan.yaml:2:19: operators.stem.mapping: no room for the sums of a tile of "));
  EXPECT_THAT(refused.out, HasSubstr("accelerator.accumulator_buffer: "));
  EXPECT_THAT(refused.out, HasSubstr("; or leave "));
  EXPECT_THAT(refused.out, HasSubstr("plan.yaml:3:21: operators.classes.runner: the accelerator "
                                     "does not run it: "));
  EXPECT_EQ(run("run " + kPlatform + " " + kResnet + " --use-plan nowhere.yaml").code, 2);
  EXPECT_EQ(run("run " + kPlatform + " '" + plan + "'").code, 2) << "no network";
  EXPECT_THAT(run("sweep " + kPlatform + " " + kResnet + " --use-plan x --dry-run").out,
              HasSubstr("unknown option '--use-plan'"));
}

TEST_F(PlanFiles, WhoseFileCannotBeAreRefusedBeforeTheRun) {
  const std::string command =
      "run " + kPlatform + " " + kResnet + " --level estimate --out '" + file("out") + "' ";
  const Outcome nowhere = run(command + "--plan-out '" + file("nowhere") + "/plan.yaml'");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.out, HasSubstr("does not exist"));
  const Outcome folder = run(command + "--plan-out '" + file("") + "'");
  EXPECT_EQ(folder.code, 2);
  EXPECT_THAT(folder.out, HasSubstr("is a folder"));
  EXPECT_TRUE(scratch_.contents("").empty()) << "nothing is written";
}

/// The bytes of the advice about `key` in the reason why the host runs an operator.
std::int64_t advised(const std::string& plan, const std::string& key) {
  const std::string before = "accelerator." + key + ": ";
  const std::size_t at = plan.find(before);
  if (at == std::string::npos) {
    return 0;
  }
  return std::stoll(plan.substr(plan.find('(', at) + 1));
}

TEST_F(PlanFiles, APlanSaysWhichBufferWouldBringAnOperatorToTheAccelerator) {
  const std::string network = write("tiny.yaml",
                                    "layer_trace: 1\nname: tiny\n"
                                    "inputs:\n  - {name: image, shape: [1, 8, 8, 40]}\n"
                                    "layers:\n"
                                    "  - {kind: conv2d, name: conv, filters: 20, kernel: 3}\n");
  const auto plan_with = [&](std::int64_t bytes) {
    const Outcome outcome = run("run configs/platforms/minimal.yaml '" + network +
                                "' --level estimate --quiet --plan --set "
                                "accelerator.input_buffer='" +
                                std::to_string(bytes) + " B'");
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    return outcome.out;
  };
  constexpr std::int64_t kSmall = 100;  // a window of 3 x 3 x 40 needs 360
  const std::string small = plan_with(kSmall);
  EXPECT_THAT(small, HasSubstr("host: software kernel, because no mapping fits: no room for "));
  const std::int64_t more = advised(small, "input_buffer");
  ASSERT_EQ(more, 260) << small;
  EXPECT_THAT(plan_with(kSmall + more), HasSubstr("accelerator: tiles of "));
  EXPECT_THAT(plan_with(kSmall + more - 1), Not(HasSubstr("accelerator: tiles of ")));
}

TEST_F(PlanFiles, TheirPartsAreDescribed) {
  EXPECT_THAT(run("describe systolic_mapping").out, HasSubstr("  tile_h  "));
  EXPECT_THAT(run("describe vector_mapping").out, HasSubstr("  tile  "));
  EXPECT_THAT(run("describe operators").out, HasSubstr("accelerator, host, alias"));
  EXPECT_THAT(run("describe tensors").out, HasSubstr("sram, external"));
  EXPECT_THAT(run("describe").out, HasSubstr("systolic_mapping"));
  EXPECT_THAT(run("list").out, HasSubstr("\nmemories beyond the SRAM\n  psram "));
}

}  // namespace
}  // namespace milliwatt
