// SPDX-License-Identifier: Apache-2.0
// The bundled technology file as a whole: every entry can be priced and is explained in the docs.
#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "energy/technology.h"

namespace milliwatt::energy {
namespace {

/// Attributes that every class of the file accepts.
std::map<std::string, std::int64_t> sample_attributes(const ClassPrices& prices) {
  const std::map<std::string, std::int64_t> samples = {
      {"size_bytes", 8192}, {"width_bits", 32}, {"banks", 1}, {"count", 2}, {"lanes", 2}};
  std::map<std::string, std::int64_t> attributes;
  for (const std::string& name : prices.attributes) {
    attributes[name] = samples.at(name);
  }
  return attributes;
}

/// A class without variants, or each of its variants.
std::vector<const ClassPrices*> leaves(const ClassPrices& prices) {
  std::vector<const ClassPrices*> all;
  for (const auto& [name, variant] : prices.variants) {
    all.push_back(&variant);
  }
  return all.empty() ? std::vector<const ClassPrices*>{&prices} : all;
}

class BundledTechnology : public ::testing::Test {
 protected:
  void for_each_leaf(const std::function<void(const ClassPrices&)>& visit) {
    for (const std::string& name : technology_.class_names()) {
      for (const ClassPrices* leaf : leaves(*technology_.find(name))) {
        visit(*leaf);
      }
    }
  }

  const Technology technology_ =
      Technology::load(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml");
};

TEST_F(BundledTechnology, EveryEntryHasACostASourceAndBounds) {
  int entries = 0;
  const auto check = [&](const ClassPrices& owner, const std::string& name, const Entry& entry) {
    const Cost cost = technology_.cost(entry, sample_attributes(owner), owner.name + "." + name);
    EXPECT_FALSE(cost.source.empty()) << owner.name << "." << name;
    EXPECT_TRUE(cost.unknown || cost.bounds.high > 0) << owner.name << "." << name;
    if (cost.confidence == base::Confidence::kAssumed && !cost.unknown) {
      EXPECT_LT(cost.bounds.low, cost.bounds.high) << owner.name << "." << name;
    }
    ++entries;
  };
  for_each_leaf([&](const ClassPrices& leaf) {
    for (const auto& [name, entry] : leaf.actions) {
      check(leaf, name, entry);
    }
    for (const auto& [name, entry] : leaf.states) {
      check(leaf, name, entry);
    }
    check(leaf, "area", leaf.area);
  });
  EXPECT_GT(entries, 50);
}

TEST_F(BundledTechnology, EveryClassAndActionIsExplained) {
  const std::string page = base::read_file(MILLIWATT_SOURCE_DIR "/docs/energy.md");
  const auto expect_named = [&](const std::string& name) {
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name << " is not in the page";
  };
  for (const std::string& name : technology_.class_names()) {
    expect_named(name);
    for (const auto& [variant, prices] : technology_.find(name)->variants) {
      expect_named(variant);
    }
  }
  for_each_leaf([&](const ClassPrices& leaf) {
    for (const auto& [action, entry] : leaf.actions) {
      expect_named(action);
    }
  });
}

/// The sums that docs/energy.md writes out.
TEST_F(BundledTechnology, DerivedPricesAreTheSumsOfTheirParts) {
  const auto attojoules = [&](const char* class_name, const char* action) {
    const ClassPrices& prices = *technology_.find(class_name);
    for (const auto& [name, entry] : prices.actions) {
      if (name == action) {
        return technology_.cost(entry, sample_attributes(prices), name).bounds.nominal;
      }
    }
    return std::int64_t{-1};
  };
  EXPECT_EQ(attojoules("pe_int8", "mac"), 200'000 + 100'000 + 40 * 9'000);
  EXPECT_EQ(attojoules("pe_int8", "stationary_shift"), 8 * 9'000);
  EXPECT_EQ(attojoules("pe_int8", "sum_shift"), 32 * 9'000);
  EXPECT_EQ(attojoules("output_stage", "requantize"),
            3'100'000 + 3 * 100'000 + 416'520 + 2 * 29'015 + 8 * 9'000);
  EXPECT_EQ(attojoules("vector_unit", "add_element"),
            3 * 3'100'000 + 6 * 100'000 + 3 * 416'520 + 2 * 29'015 + 8 * 9'000);
  EXPECT_EQ(attojoules("vector_unit", "pool_tap"), 100'000 + 32 * 9'000);
  EXPECT_EQ(attojoules("dma", "beat"), 2 * 32 * 9'000 + 206'325);
  EXPECT_EQ(attojoules("bus", "beat"), 32 * 80'000);
}

}  // namespace
}  // namespace milliwatt::energy
