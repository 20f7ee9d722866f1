// SPDX-License-Identifier: Apache-2.0
#include "sim/write_dataset.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/write_json.h"
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

/// Three images of class 0, one of them taken for 2, and one of class 2; none of class 1.
DatasetResult four_images() {
  DatasetResult set;
  set.checked = true;
  set.bytes = 40;
  set.classes = 3;
  set.images = {{0, 0, 0, 100}, {0, 2, 2, 100}, {2, 2, 2, 100}, {0, 0, 0, 100}};
  return set;
}

TEST(WriteDataset, ShowsTotalsAndClasses) {
  EXPECT_EQ(dataset_table(four_images()),
            "data set          4 images, 3 right: top-1 75.00 %\n"
            "  by reference    3 right; 40 bytes of tensors compared, all equal\n"
            "cycles per image  100, the same for every image\n"
            "\n"
            "class  images  right   top-1  mistaken\n"
            "                           %\n"
            "--------------------------------------\n"
            "    0       3      2   66.67  1 as 2\n"
            "    1       0      0\n"
            "    2       1      1  100.00\n");
}

TEST(WriteDataset, ShowsTheSpreadOfCyclesWhereThereIsOne) {
  DatasetResult set = four_images();
  set.images[1].cycles = 110;
  set.images[2].cycles = 95;
  EXPECT_NE(dataset_table(set).find("\ncycles per image  95 to 110, mean 101.2\n"),  // 405 / 4
            std::string::npos);
}

TEST(WriteDataset, SaysWhenNothingWasChecked) {
  DatasetResult set = four_images();
  set.checked = false;
  EXPECT_NE(dataset_table(set).find("\n  by reference    not checked: --no-check\n"),
            std::string::npos);
}

TEST(WriteDataset, WritesOneRowPerClass) {
  EXPECT_EQ(classes_csv(four_images()),
            "class,images,correct,top1\n"
            "0,3,2,0.6666666666666666\n"
            "1,0,0,0\n"
            "2,1,1,1\n");
}

TEST(WriteDataset, WritesOneRowPerImage) {
  EXPECT_EQ(predictions_csv(four_images()),
            "image,label,predicted,correct,cycles\n"
            "0,0,0,1,100\n"
            "1,0,2,0,100\n"
            "2,2,2,1,100\n"
            "3,0,0,1,100\n");
}

TEST(WriteDataset, IsPartOfTheResults) {
  RunResult result = sample_result();
  EXPECT_FALSE(nlohmann::json::parse(results_json(result)).contains("dataset"));
  result.dataset = four_images();
  const auto json = nlohmann::json::parse(results_json(result)).at("dataset");
  EXPECT_EQ(json.at("images"), 4);
  EXPECT_EQ(json.at("correct"), 3);
  EXPECT_EQ(json.at("correct_by_reference"), 3);
  EXPECT_EQ(json.at("top1"), 0.75);
  EXPECT_EQ(json.at("cycles_mean"), 100.0);
  EXPECT_EQ(json.at("classes").size(), 3U);
  EXPECT_EQ(json.at("classes")[2], (nlohmann::json{{"class", 2}, {"images", 1}, {"correct", 1}}));
}

}  // namespace
}  // namespace milliwatt::sim
