// SPDX-License-Identifier: Apache-2.0
// The bundled technology files as a whole: every entry can be priced and is explained in the docs,
// and what is scaled from another node is scaled as the docs say.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>

#include "base/files.h"
#include "energy/technology.h"

namespace milliwatt::energy {
namespace {

/// Attributes that every class of the file accepts; banks as small as the class is for.
std::map<std::string, std::int64_t> sample_attributes(const ClassPrices& prices) {
  const std::map<std::string, std::int64_t> samples = {
      {"size_bytes", 8192}, {"width_bits", 32}, {"banks", 1}, {"count", 2}, {"lanes", 2}};
  std::map<std::string, std::int64_t> attributes;
  for (const std::string& name : prices.attributes) {
    attributes[name] = samples.at(name);
  }
  if (prices.name == "small_sram") {
    attributes["size_bytes"] = 512;
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

constexpr const char* kFolder = MILLIWATT_SOURCE_DIR "/configs/technologies/";

std::vector<std::string> bundled_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Technology bundled(const std::string& name) { return Technology::load(kFolder + name + ".yaml"); }

class BundledTechnology : public ::testing::TestWithParam<std::string> {
 protected:
  void for_each_leaf(const std::function<void(const ClassPrices&)>& visit) {
    for (const std::string& name : technology_.class_names()) {
      for (const ClassPrices* leaf : leaves(*technology_.find(name))) {
        visit(*leaf);
      }
    }
  }

  const Technology technology_ = bundled(GetParam());
};

TEST_P(BundledTechnology, IsNamedAsItsFileAndItsNode) {
  EXPECT_EQ(technology_.name(), GetParam());
  EXPECT_EQ(std::to_string(technology_.conditions().node_nm) + "nm", GetParam());
  EXPECT_EQ(technology_.conditions().temperature_k, 300);
}

TEST_P(BundledTechnology, EveryEntryHasACostASourceAndBounds) {
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

TEST_P(BundledTechnology, EveryClassAndActionIsExplained) {
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

INSTANTIATE_TEST_SUITE_P(Technologies, BundledTechnology, ::testing::ValuesIn(bundled_names()),
                         [](const auto& name) { return "node_" + name.param; });

std::int64_t attojoules(const Technology& technology, const char* class_name, const char* action) {
  const ClassPrices& prices = *technology.find(class_name);
  for (const auto& [name, entry] : prices.actions) {
    if (name == action) {
      return technology.cost(entry, sample_attributes(prices), name).bounds.nominal;
    }
  }
  return -1;
}

/// The sums that docs/energy.md writes out.
TEST(Technology45nm, DerivedPricesAreTheSumsOfTheirParts) {
  const Technology technology = bundled("45nm");
  const auto price = [&](const char* class_name, const char* action) {
    return attojoules(technology, class_name, action);
  };
  EXPECT_EQ(price("pe_int8", "mac"), 100'000 + 32 * 9'000);
  EXPECT_EQ(64 * price("pe_int8", "product_bit"), 200'000);  // 8 x 8 bits
  EXPECT_EQ(price("pe_int8", "moving_bit"), 9'000);
  EXPECT_EQ(price("pe_int8", "stationary_bit"), 9'000);
  EXPECT_EQ(price("pe_int8", "idle_bit"), 900);
  EXPECT_EQ(price("pe_int8", "sum_shift"), 32 * 9'000);
  EXPECT_EQ(price("output_stage", "requantize"),
            3'100'000 + 3 * 100'000 + 416'520 + 2 * 29'015 + 8 * 9'000);
  EXPECT_EQ(price("vector_unit", "add_element"),
            3 * 3'100'000 + 6 * 100'000 + 3 * 416'520 + 2 * 29'015 + 8 * 9'000);
  EXPECT_EQ(price("vector_unit", "pool_tap"), 100'000 + 32 * 9'000);
  EXPECT_EQ(price("dma", "beat"), 2 * 32 * 9'000 + 206'325);
  EXPECT_EQ(price("bus", "beat"), 32 * 80'000);
}

/// A quadratic of Stillmaker and Baas 2017, table of energy factors: a V^2 + b V + c.
struct EnergyFit {
  double a, b, c;
  double at(double volts) const { return a * volts * volts + b * volts + c; }
};

/// Fits of the paper for high-performance and low-power transistors.
struct NodeFits {
  EnergyFit high_performance, low_power;
};
const NodeFits k65 = {{3.755, -4.398, 1.975}, {3.755, -4.398, 1.975}};
const NodeFits k45 = {{1.018, -0.3107, 0.1539}, {1.103, -0.362, 0.2767}};
const NodeFits k32 = {{0.8367, -0.4341, 0.1701}, {0.9559, -0.7823, 0.471}};
const NodeFits k20 = {{0.373, -0.1582, 0.04104}, {0.2632, -0.14, 0.06841}};

/// A node that the paper lacks lies on the straight line between its neighbours: 22 nm is at 2/12
/// of the way from 20 to 32.
constexpr double kWay = 2.0 / 12.0;

double between(double at_20, double at_32) { return at_20 + (at_32 - at_20) * kWay; }

struct Scaling {
  std::string node;
  double volts;
  double paper_area;  ///< factor from 45 nm in the paper's table
  std::function<double(EnergyFit NodeFits::*)> fit;
};

std::vector<Scaling> scalings() {
  return {{"65nm", 1.0, 1.5, [](auto flavour) { return (k65.*flavour).at(1.0); }},
          {"32nm", 0.9, 0.46, [](auto flavour) { return (k32.*flavour).at(0.9); }},
          {"22nm", 0.8, between(0.21, 0.46),
           [](auto flavour) { return between((k20.*flavour).at(0.8), (k32.*flavour).at(0.8)); }}};
}

std::array<double, 3> sorted(std::array<double, 3> values) {
  std::sort(values.begin(), values.end());
  return values;
}

double bank_of_64_kib(std::int64_t node, const char* cell, SramColumn column) {
  return SramTable::load(std::string(kFolder) + "sram_cacti.csv")
      .select({node, cell, 300})
      .at(column, 65536, 32)
      .nominal;
}

class ScaledTechnology : public ::testing::TestWithParam<Scaling> {
 protected:
  /// Cost of some register bits, of which the control consists.
  Bounds bit(const Technology& technology, Dimension dimension) const {
    const ClassPrices& registers = *technology.find("control");
    const std::map<std::string, std::int64_t> one;
    Entry entry = dimension == Dimension::kEnergy  ? registers.actions[1].second
                  : dimension == Dimension::kPower ? registers.states[0].second
                                                   : registers.area;
    entry.low.reset();
    entry.high.reset();
    return technology.cost(entry, one, "bit").bounds;
  }

  /// Files keep four digits.
  void expect_factors(Dimension dimension, const std::array<double, 3>& factors) const {
    const double from = static_cast<double>(bit(bundled("45nm"), dimension).nominal);
    const Bounds to = bit(scaled_, dimension);
    EXPECT_NEAR(static_cast<double>(to.low) / from, factors[0], 1e-3 * factors[0]);
    EXPECT_NEAR(static_cast<double>(to.nominal) / from, factors[1], 1e-3 * factors[1]);
    EXPECT_NEAR(static_cast<double>(to.high) / from, factors[2], 1e-3 * factors[2]);
  }

  /// The paper's two fits and classical scaling, capacitance x V^2; the middle one is taken.
  std::array<double, 3> energy_factors() const {
    const auto fit = [&](EnergyFit NodeFits::*flavour) {
      return GetParam().fit(flavour) / (k45.*flavour).at(0.9);
    };
    return sorted({fit(&NodeFits::high_performance), fit(&NodeFits::low_power),
                   shrink_ * std::pow(GetParam().volts / 0.9, 2)});
  }

  const Technology scaled_ = bundled(GetParam().node);
  const std::int64_t node_ = scaled_.conditions().node_nm;
  const double shrink_ = static_cast<double>(node_) / 45;
};

TEST_P(ScaledTechnology, HoldsAtItsVoltage) {
  EXPECT_EQ(scaled_.conditions().voltage_mv, std::lround(1000 * GetParam().volts));
}

TEST_P(ScaledTechnology, EnergyIsTheMiddleOfThreeRules) {
  expect_factors(Dimension::kEnergy, energy_factors());
}

TEST_P(ScaledTechnology, AreaIsTheMiddleOfThreeRules) {
  const double sram = bank_of_64_kib(node_, "lstp", SramColumn::kArea) /
                      bank_of_64_kib(45, "lstp", SramColumn::kArea);
  expect_factors(Dimension::kArea, sorted({GetParam().paper_area, shrink_ * shrink_, sram}));
}

TEST_P(ScaledTechnology, LeakageFollowsHighPerformanceCells) {
  const double sram = bank_of_64_kib(node_, "hp", SramColumn::kLeakage) /
                      bank_of_64_kib(45, "hp", SramColumn::kLeakage);
  const double dynamic = energy_factors()[1];
  expect_factors(Dimension::kPower, {std::min(sram, dynamic), sram, std::max(sram, dynamic)});
}

/// CACTI solves every node by itself, so that its ratio is a check from outside.
TEST_P(ScaledTechnology, EnergyScalesAsThatOfSramWithinAQuarter) {
  const double sram = bank_of_64_kib(node_, "lstp", SramColumn::kRead) /
                      bank_of_64_kib(45, "lstp", SramColumn::kRead);
  EXPECT_NEAR(energy_factors()[1], sram, 0.25 * sram);
}

TEST_P(ScaledTechnology, ClaimsNoMoreThanThatItIsDerived) {
  for (const char* name : {"bus", "dma", "pe_int8", "output_stage", "vector_unit", "control"}) {
    for (const auto& [action, entry] : scaled_.find(name)->actions) {
      EXPECT_GE(entry.confidence, base::Confidence::kDerived) << name << "." << action;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nodes, ScaledTechnology, ::testing::ValuesIn(scalings()),
                         [](const auto& scaling) { return "to_" + scaling.param.node; });

/// Smaller nodes cost less, in all that is logic.
TEST(Technologies, LogicGetsCheaperFromNodeToNode) {
  for (const auto& [class_name, action] :
       std::vector<std::pair<const char*, const char*>>{{"pe_int8", "mac"},
                                                        {"output_stage", "requantize"},
                                                        {"sram", "read"},
                                                        {"host_core", "active_cycle"}}) {
    std::int64_t above = INT64_MAX;
    for (const char* name : {"65nm", "45nm", "32nm", "22nm"}) {
      const std::int64_t price = attojoules(bundled(name), class_name, action);
      EXPECT_LT(price, above) << name << " " << class_name << "." << action;
      above = price;
    }
  }
}

}  // namespace
}  // namespace milliwatt::energy
