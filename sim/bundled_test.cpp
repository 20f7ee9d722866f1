// SPDX-License-Identifier: Apache-2.0
#include "sim/bundled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "sim/platform.h"

namespace milliwatt::sim {
namespace {

using testing::EndsWith;
using testing::StrEq;

const std::string kHome = MILLIWATT_SOURCE_DIR;

std::string fault_of(const std::string& word, const std::vector<Shelf>& wanted) {
  try {
    return "found " + find_file(word, wanted);
  } catch (const base::UserError& error) {
    return error.what();
  }
}

/// The test works in a folder of its own, which has no configs/ unless a test makes it.
class Bundled : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::current_path(scratch_.path("")); }
  void TearDown() override { std::filesystem::current_path(before_); }

  base::ScratchFolder scratch_;
  const std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_F(Bundled, NamesAreFoundOnTheirShelf) {
  EXPECT_EQ(find_file("systolic_16x16", {Shelf::kPlatforms}),
            kHome + "/configs/platforms/systolic_16x16.yaml");
  EXPECT_EQ(find_file("22nm", {Shelf::kTechnologies}), kHome + "/configs/technologies/22nm.yaml");
  EXPECT_EQ(find_file("resnet8", {Shelf::kPlatforms, Shelf::kNetworks}),
            kHome + "/workloads/networks/resnet8.yaml");
  EXPECT_EQ(find_file("resnet8", {Shelf::kPlatforms}, {Shelf::kNetworks}),
            kHome + "/workloads/networks/resnet8.yaml");
}

TEST_F(Bundled, PathsAndFilesStandForThemselves) {
  EXPECT_EQ(find_file("no/resnet8", {Shelf::kNetworks}), "no/resnet8");
  EXPECT_EQ(find_file("resnet8.yaml", {Shelf::kNetworks}), "resnet8.yaml");
  std::ofstream("resnet8") << "";
  EXPECT_EQ(find_file("resnet8", {Shelf::kNetworks}), "resnet8");
  std::filesystem::create_directory("dscnn");
  EXPECT_THAT(find_file("dscnn", {Shelf::kNetworks}), EndsWith("networks/dscnn.yaml"));
}

TEST_F(Bundled, UnknownNamesGetTheNearestOfTheShelvesThatAreWanted) {
  EXPECT_THAT(fault_of("resnet9", {Shelf::kNetworks}),
              StrEq("'resnet9' is neither a file nor the name of a network; did you mean "
                    "'resnet8'? `milliwatt list` shows all names"));
  EXPECT_THAT(
      fault_of("resnet9", {Shelf::kPlatforms}),
      StrEq("'resnet9' is neither a file nor the name of a platform; `milliwatt list` shows "
            "all names"));
  EXPECT_THAT(fault_of("small_8x9", {Shelf::kPlatforms, Shelf::kNetworks}),
              StrEq("'small_8x9' is neither a file nor the name of a platform or network; did you "
                    "mean 'small_8x8'? `milliwatt list` shows all names"));
}

TEST_F(Bundled, FilesOfTheWorkingDirectoryComeFirst) {
  std::filesystem::create_directories("configs/platforms");
  for (const char* name : {"mine.yaml", "minimal.yaml", "notes.txt"}) {
    std::ofstream(std::string("configs/platforms/") + name) << "";
  }
  EXPECT_EQ(find_file("mine", {Shelf::kPlatforms}), "configs/platforms/mine.yaml");
  EXPECT_EQ(find_file("minimal", {Shelf::kPlatforms}), "configs/platforms/minimal.yaml");
  EXPECT_EQ(find_file("small_8x8", {Shelf::kPlatforms}),
            kHome + "/configs/platforms/small_8x8.yaml");
  EXPECT_EQ(fault_of("notes", {Shelf::kPlatforms}).substr(0, 7), "'notes'");
}

TEST_F(Bundled, LabelsDoNotSayWhereMilliwattIs) {
  const std::string label = "configs/platforms/small_8x8.yaml";
  EXPECT_EQ(file_label(kHome + "/" + label), label);
  EXPECT_EQ(file_label(kHome + "/docs/../" + label), label);
  EXPECT_EQ(file_label(label), label);
  EXPECT_EQ(file_label("../p.yaml"), "../p.yaml");
  EXPECT_EQ(file_label(kHome + "/p.yaml"), kHome + "/p.yaml");
}

TEST_F(Bundled, ATechnologyGivenAsAFileIsCalledByItsName) {
  const std::string minimal = kHome + "/configs/platforms/minimal.yaml";
  const auto effective = [&](const std::string& file) {
    return load_platform(minimal, {"technology.file=" + file}).effective_yaml();
  };
  EXPECT_EQ(effective("../technologies/22nm.yaml"), effective("22nm"));
  EXPECT_EQ(effective(kHome + "/configs/technologies/22nm.yaml"), effective("22nm"));
  EXPECT_NE(effective("45nm"), effective("22nm"));
}

}  // namespace
}  // namespace milliwatt::sim
