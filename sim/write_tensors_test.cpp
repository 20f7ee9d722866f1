// SPDX-License-Identifier: Apache-2.0
#include "sim/write_tensors.h"

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"
#include "sim/write_files.h"
#include "sim/write_testing.h"
#include "workloads/npy.h"

namespace milliwatt::sim {
namespace {

TEST(TensorFiles, HoldEveryTensorAndAnIndex) {
  const Files files = tensor_files(sample_result());
  ASSERT_EQ(files.size(), 3U);
  const workloads::NpyArray input = workloads::parse_npy(files.at("000-in_put.npy"), "input");
  EXPECT_EQ(input.type, workloads::ElementType::kInt8);
  EXPECT_EQ(input.shape, (std::vector<std::int32_t>{1, 4}));
  EXPECT_EQ(input.data, (std::vector<std::uint8_t>{1, 2, 3, 4}));
  const base::CsvTable index = base::CsvTable::parse(files.at("index.csv"), "index.csv");
  ASSERT_EQ(index.rows(), 2);
  EXPECT_EQ(index.text(0, "name"), "in/put");
  EXPECT_EQ(index.text(1, "file"), "007-classes.npy");
  EXPECT_EQ(index.text(1, "shape"), "1x2");
  EXPECT_EQ(index.integer(0, "output"), 0);
  EXPECT_EQ(index.integer(1, "output"), 1);
}

TEST(TensorFiles, OfASequenceStandInAFolderPerInvocation) {
  const RunResult result = sample_sequence();
  const Files outputs = output_files(result);
  ASSERT_EQ(outputs.size(), 3U);
  const std::string& second = outputs.at("invocation-1/007-classes.npy");
  EXPECT_EQ(workloads::parse_npy(second, "").data, (std::vector<std::uint8_t>{2, 0x7F}));
  const Files files = tensor_files(result);
  ASSERT_EQ(files.size(), 4U);
  const base::CsvTable index = base::CsvTable::parse(files.at("index.csv"), "index.csv");
  ASSERT_EQ(index.rows(), 3);
  EXPECT_EQ(index.text(2, "file"), "invocation-2/007-classes.npy");
  EXPECT_EQ(index.integer(2, "invocation"), 2);
}

TEST(TensorFiles, HoldAccumulatorsBesideTheirTensors) {
  RunResult result = sample_result();
  result.accumulators = {{7, "classes", "int32", {1, 2}, {1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF}}};
  const Files files = tensor_files(result);
  const workloads::NpyArray sums =
      workloads::parse_npy(files.at("007-classes.accumulators.npy"), "");
  EXPECT_EQ(sums.type, workloads::ElementType::kInt32);
  EXPECT_EQ(sums.shape, (std::vector<std::int32_t>{1, 2}));
  const base::CsvTable index = base::CsvTable::parse(files.at("index.csv"), "index.csv");
  ASSERT_EQ(index.rows(), 3);
  EXPECT_EQ(index.text(1, "content"), "values");
  EXPECT_EQ(index.text(1, "origin"), "simulation");
  EXPECT_EQ(index.text(1, "scale"), "0.5");
  EXPECT_EQ(index.text(1, "zero_point"), "-3");
  EXPECT_EQ(index.text(2, "content"), "accumulators");
  EXPECT_EQ(index.text(2, "origin"), "reference");
  EXPECT_EQ(index.text(2, "scale"), "0");
}

TEST(TensorFiles, OfOutputsAreThoseOfTheNetwork) {
  const Files files = output_files(sample_result());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.begin()->first, "007-classes.npy");
}

TEST(TensorFiles, OfAnEstimateAreNone) {
  RunResult result = sample_result();
  for (TensorResult& tensor : result.tensors) {
    tensor.bytes.clear();
  }
  EXPECT_TRUE(output_files(result).empty());
  EXPECT_EQ(tensor_files(result).size(), 1U);  // the index, without rows
}

TEST(TensorFiles, UnpackInt4WithItsSign) {
  RunResult result = sample_result();
  // Low nibble first: 0x8F, 0x07 are -1, -8, 7 and half a byte of padding.
  result.tensors = {{2, "w", "int4", {3}, "", {0x8F, 0x07}, true, 0, 0}};
  const workloads::NpyArray array = workloads::parse_npy(output_files(result).at("002-w.npy"), "w");
  EXPECT_EQ(array.type, workloads::ElementType::kInt8);
  EXPECT_EQ(array.data, (std::vector<std::uint8_t>{0xFF, 0xF8, 0x07}));
}

TEST(TensorFiles, HaveNamesThatEveryFileSystemTakes) {
  TensorResult tensor;
  tensor.id = 12;
  tensor.name = "model/conv 2d;\xC3\xA9.1";
  EXPECT_EQ(tensor_file_name(tensor), "012-model_conv_2d___.1.npy");
  tensor.name = std::string(300, 'a');
  EXPECT_EQ(tensor_file_name(tensor), "012-" + std::string(64, 'a') + ".npy");
  tensor.name = "../../etc";
  EXPECT_EQ(tensor_file_name(tensor), "012-.._.._etc.npy");
}

TEST(ResultFiles, AreEverythingThatOutHolds) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : result_files(sample_result())) {
    EXPECT_FALSE(bytes.empty()) << name;
    names.push_back(name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"energy.csv", "layers.csv", "outputs/007-classes.npy",
                                             "plan.txt", "platform.yaml", "results.json",
                                             "summary.csv", "table.txt"}));
}

}  // namespace
}  // namespace milliwatt::sim
