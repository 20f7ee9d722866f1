// SPDX-License-Identifier: Apache-2.0
#include "sim/evaluate.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "sim/platform.h"
#include "sim/simulation.h"
#include "workloads/load.h"
#include "workloads/reference.h"

namespace milliwatt::sim {
namespace {

const std::string kConvolution = R"(layer_trace: 1
name: tiny
inputs:
  - {name: image, shape: [1, 4, 4, 3]}
layers:
  - {kind: conv2d, filters: 5, kernel: 3, activation: relu}
)";
const std::string kNetwork = kConvolution + "  - {kind: fully_connected, units: 4}\n";

class Evaluate : public testing::Test {
 protected:
  Evaluate() : graph_{load()}, prepared_{platform(), graph_} {}

  static Platform platform(const std::vector<std::string>& settings = {}) {
    return load_platform(MILLIWATT_SOURCE_DIR "/configs/platforms/systolic_16x16.yaml", settings);
  }
  static workloads::Graph load(const std::string& network = kNetwork) {
    const base::ScratchFolder scratch;
    scratch.write("tiny.yaml", network);
    return workloads::load_network(scratch.path("tiny.yaml"));
  }
  /// Images of seeds 1 to `count`, all labelled 0.
  workloads::Dataset images(std::uint32_t count) const {
    workloads::Dataset set;
    set.classes = 4;
    set.labels.assign(count, 0);
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
      set.images.push_back(workloads::seeded_input(graph_, seed).front());
    }
    return set;
  }

  workloads::Graph graph_;
  Prepared prepared_;
};

TEST_F(Evaluate, GivesEachImageTheResultOfARunOfItsOwn) {
  const workloads::Dataset set = images(6);
  const DatasetResult result = evaluate(prepared_, set, shell::Detail::kValues, true);
  ASSERT_EQ(result.images.size(), 6U);
  const auto output = static_cast<std::size_t>(graph_.outputs.front());
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    const Simulated alone =
        simulate(prepared_.platform, graph_, prepared_.plan, prepared_.program, {set.images[i]});
    EXPECT_EQ(
        result.images[i].predicted,
        workloads::predicted_class(graph_.tensor(graph_.outputs.front()), alone.tensors[output]));
    EXPECT_EQ(result.images[i].reference, result.images[i].predicted);
  }
  // 80 bytes of the convolution and 4 logits, six times.
  EXPECT_EQ(result.bytes, 6 * (80 + 4));
  EXPECT_TRUE(result.checked);
}

TEST_F(Evaluate, CountsWhatIsRightByClass) {
  workloads::Dataset set = images(3);
  const DatasetResult first = evaluate(prepared_, set, shell::Detail::kValues, false);
  EXPECT_FALSE(first.checked);
  EXPECT_EQ(first.images[0].reference, -1);
  // The answers as labels, but for the last image: two of three are right.
  for (std::size_t i = 0; i < 3; ++i) {
    set.labels[i] = first.images[i].predicted;
  }
  set.labels[2] = (set.labels[2] + 1) % set.classes;
  const DatasetResult second = evaluate(prepared_, set, shell::Detail::kValues, true);
  EXPECT_EQ(second.correct(), 2);
  EXPECT_EQ(second.reference_correct(), 2);
  EXPECT_DOUBLE_EQ(second.top1(), 2.0 / 3.0);
  std::int64_t sum = 0;
  for (const ClassResult& one : second.by_class()) {
    EXPECT_LE(one.correct, one.images);
    sum += one.images;
  }
  EXPECT_EQ(sum, 3);
}

TEST_F(Evaluate, NamesTheImageOnWhichTheSimulationFails) {
  // 27 products of up to 2^14 do not fit 16 bits; those of an image of zeros do.
  const Prepared narrow{platform({"accelerator.accumulator_bits=16 bit"}), load(kConvolution)};
  workloads::Dataset set = images(2);
  set.images[0].assign(set.images[0].size(), 0);
  set.images[1].assign(set.images[1].size(), 0x80);
  try {
    evaluate(narrow, set, shell::Detail::kValues, true);
    FAIL() << "an accumulator of 16 bits took everything";
  } catch (const base::SimulationError& error) {
    EXPECT_EQ(std::string(error.what()).rfind("image 1: accelerator", 0), 0U) << error.what();
  }
}

TEST_F(Evaluate, LevelsAgreeOnEveryImage) {
  const workloads::Dataset set = images(4);
  const DatasetResult values = evaluate(prepared_, set, shell::Detail::kValues, true);
  const DatasetResult exact = evaluate(prepared_, set, shell::Detail::kExact, true);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(values.images[i].predicted, exact.images[i].predicted);
    EXPECT_EQ(values.images[i].cycles, exact.images[i].cycles);
  }
}

}  // namespace
}  // namespace milliwatt::sim
