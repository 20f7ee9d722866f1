// SPDX-License-Identifier: Apache-2.0
// The bundled classifier of glyphs: its accuracy on simulated hardware.
#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/files.h"
#include "sim/run.h"
#include "workloads/npy.h"

namespace milliwatt::sim {
namespace {

const std::string kFolder = MILLIWATT_SOURCE_DIR "/workloads/networks/glyphs/";

RunResult classify(const std::string& platform) {
  RunOptions options;
  options.platform_path = MILLIWATT_SOURCE_DIR "/configs/platforms/" + platform + ".yaml";
  options.network_path = MILLIWATT_SOURCE_DIR "/workloads/networks/glyphs.yaml";
  options.dataset_path = kFolder + "test_images.npy";
  options.labels_path = kFolder + "test_labels.npy";
  return run(options);
}

TEST(Glyphs, HaveTheAccuracyOfTheScriptAndTheReferenceKernels) {
  const base::CsvTable stored = base::CsvTable::read_file(kFolder + "accuracy.csv");
  ASSERT_EQ(stored.text(0, "arithmetic"), "float");
  ASSERT_EQ(stored.text(1, "arithmetic"), "int8");
  const DatasetResult set = classify("systolic_16x16").dataset.value();
  EXPECT_EQ(static_cast<std::int64_t>(set.images.size()), stored.integer(1, "images"));
  EXPECT_EQ(set.correct(), stored.integer(1, "correct"));
  EXPECT_EQ(set.correct(), set.reference_correct());
  const workloads::NpyArray answers = workloads::parse_npy(
      base::read_file(kFolder + "test_answers.npy"), "the answers of the script");
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    EXPECT_EQ(set.images[i].predicted, set.images[i].reference) << "image " << i;
    EXPECT_EQ(set.images[i].predicted, answers.data.at(i)) << "image " << i;
  }
}

TEST(Glyphs, LoseLessThanAPointToQuantization) {
  const base::CsvTable stored = base::CsvTable::read_file(kFolder + "accuracy.csv");
  const double floating = stored.real(0, "top1");
  EXPECT_GE(floating, 0.92);
  EXPECT_LE(floating, 0.97);
  EXPECT_NEAR(stored.real(1, "top1"), floating, 0.01);
}

TEST(Glyphs, TakeTheSameTimeForEveryImage) {
  const RunResult result = classify("teaching_4x4");
  const DatasetResult& set = result.dataset.value();
  EXPECT_EQ(set.least_cycles(), result.cycles.low);
  EXPECT_EQ(set.most_cycles(), result.cycles.low);
  EXPECT_EQ(set.by_class().size(), 12U);
  for (const ClassResult& one : set.by_class()) {
    EXPECT_EQ(one.images, 50);  // 600 images of 12 classes in turn
  }
}

}  // namespace
}  // namespace milliwatt::sim
