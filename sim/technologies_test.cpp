// SPDX-License-Identifier: Apache-2.0
// Every bundled technology with every bundled platform: nothing lacks a price, and pricing a stored
// result again equals a fresh run.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/scratch_folder.h"
#include "energy/pricing.h"
#include "memory/external_kinds.h"
#include "sim/reprice.h"
#include "sim/run.h"
#include "sim/testing/bundled.h"

namespace milliwatt::sim {
namespace {

RunResult run_on(const std::string& platform, const std::string& technology, Level level,
                 const std::string& dataflow = "ws") {
  RunOptions options;
  options.platform_path = MILLIWATT_SOURCE_DIR "/configs/platforms/" + platform + ".yaml";
  options.network_path = MILLIWATT_SOURCE_DIR "/workloads/networks/dscnn1d.yaml";
  options.settings = {"technology.file=" + technology, "accelerator.dataflow=" + dataflow};
  options.level = level;
  return run(options);
}

bool is_off_chip(const std::string& component) {
  return component == "external" || component == "flash";
}

void expect_all_priced(const RunResult& result, const std::string& technology) {
  EXPECT_EQ(result.technology, technology);
  EXPECT_GT(result.area.rows.size(), 8U);
  EXPECT_GT(result.area.total.nominal, 0);
  EXPECT_TRUE(std::all_of(result.area.unknown.begin(), result.area.unknown.end(), is_off_chip));
  for (const LayerResult& layer : result.layers) {
    EXPECT_GT(layer.dynamic_energy.nominal, 0) << layer.name;
    EXPECT_GT(layer.static_energy.nominal, 0) << layer.name;
  }
}

class EveryTechnology : public ::testing::TestWithParam<std::string> {};

/// A run throws when an action or a power state has no price; areas alone may be unknown.
TEST_P(EveryTechnology, PricesEveryComponentOfEveryPlatform) {
  const std::vector<std::string> platforms = testing::bundled_names("configs/platforms");
  ASSERT_GE(platforms.size(), 8U);
  for (const std::string& platform : platforms) {
    for (const char* dataflow : {"ws", "os", "is"}) {
      SCOPED_TRACE(platform + " " + dataflow);
      expect_all_priced(run_on(platform, GetParam(), Level::kEstimate, dataflow), GetParam());
    }
  }
}

TEST_P(EveryTechnology, PricesEveryKindOfMemory) {
  const Platform platform = load_platform(MILLIWATT_SOURCE_DIR "/configs/platforms/minimal.yaml",
                                          {"technology.file=" + GetParam()});
  const energy::ClassPrices& prices = *platform.technology->find("external_memory");
  for (const memory::ExternalKind& kind : memory::external_kinds()) {
    const bool found = std::any_of(prices.variants.begin(), prices.variants.end(),
                                   [&](const auto& variant) { return variant.first == kind.name; });
    EXPECT_EQ(found, kind.name != "generic") << kind.name << ", which takes its prices by name";
  }
}

/// Counts and times come from the stored result, prices from the other technology.
TEST_P(EveryTechnology, PricesAStoredResultLikeAFreshRun) {
  for (const Level level : {Level::kEstimate, Level::kValues}) {
    const Files fresh = result_files(run_on("systolic_16x16", GetParam(), level));
    for (const std::string& stored_with : testing::bundled_names("configs/technologies")) {
      SCOPED_TRACE(stored_with + " at " + level_name(level));
      const base::ScratchFolder folder;
      std::string names;
      for (const auto& [name, bytes] : result_files(run_on("systolic_16x16", stored_with, level))) {
        folder.write("stored/" + name, bytes);
        names += name + "\n";
      }
      folder.write("stored/files.txt", names);
      EXPECT_EQ(reprice(folder.path("stored"), GetParam()), fresh);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Bundled, EveryTechnology,
                         ::testing::ValuesIn(testing::bundled_names("configs/technologies")),
                         [](const auto& name) { return "node_" + name.param; });

/// What is on the chip gets cheaper from node to node, what is beside it does not change.
TEST(Technologies, OnlyTheChipScales) {
  const auto energy_of = [](const RunResult& result, const std::string& component) {
    std::int64_t sum = 0;
    for (const energy::EnergyRow& row : result.energy.rows) {
      sum += row.kind == energy::EnergyKind::kDynamic && row.component == component
                 ? row.energy.nominal
                 : 0;
    }
    return sum;
  };
  std::int64_t array = INT64_MAX;
  for (const char* technology : {"65nm", "45nm", "32nm", "22nm"}) {
    const RunResult result = run_on("systolic_16x16", technology, Level::kEstimate);
    EXPECT_LT(energy_of(result, "accelerator.array"), array) << technology;
    array = energy_of(result, "accelerator.array");
    EXPECT_GT(array, 0);
    EXPECT_EQ(energy_of(result, "flash"),
              energy_of(run_on("systolic_16x16", "45nm", Level::kEstimate), "flash"));
  }
}

}  // namespace
}  // namespace milliwatt::sim
