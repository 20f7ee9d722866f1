// SPDX-License-Identifier: Apache-2.0
#include "energy/technology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

using ::testing::HasSubstr;

const char* const kBundled = MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml";

/// A small file without an SRAM table; tests replace parts of it.
const char* const kSmall = R"(name: toy
conditions: {node_nm: 45, voltage_mv: 900, temperature_k: 300, cell: lstp}
primitives:
  bit: {energy: 1 pJ, power: 1 uW, area: 2 um2, source: a table, confidence: published}
  guess: {energy: 3 pJ, source: another table, confidence: borrowed}
classes:
  latch:
    attributes: [width_bits]
    actions:
      write: {energy: width_bits * bit, source: sum, confidence: derived}
    static_power:
      on: {power: width_bits * bit, source: sum, confidence: derived}
    area: {area: width_bits * bit, source: sum, confidence: derived}
)";

Technology load_text(const std::string& text) {
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = ::testing::TempDir() + "technology_" + name + ".yaml";
  std::ofstream(path) << text;
  return Technology::load(path);
}

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kSmall;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::vector<std::string> faults_of(const std::string& text) {
  try {
    load_text(text);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

void expect_fault(const std::string& from, const std::string& to, const std::string& message) {
  const std::vector<std::string> faults = faults_of(replaced(from, to));
  ASSERT_EQ(faults.size(), 1U) << ::testing::PrintToString(faults);
  EXPECT_THAT(faults.front(), HasSubstr(message));
  EXPECT_THAT(faults.front(), ::testing::ContainsRegex("\\.yaml:[0-9]+:[0-9]+: "));
}

TEST(Technology, EvaluatesEntriesForTheAttributes) {
  const Technology technology = load_text(kSmall);
  const ClassPrices& latch = *technology.find("latch");
  const Cost write = technology.cost(latch.actions[0].second, {{"width_bits", 8}}, "write");
  EXPECT_EQ(write.bounds, (Bounds{8'000'000, 8'000'000, 8'000'000})) << "8 x 1 pJ";
  EXPECT_EQ(write.confidence, base::Confidence::kDerived);
  const Cost area = technology.cost(latch.area, {{"width_bits", 8}}, "area");
  EXPECT_EQ(area.bounds.nominal, 16'000'000) << "8 x 2 um2";
}

TEST(Technology, UnknownAndMissingKeysAreFaults) {
  expect_fault("attributes: [width_bits]\n", "attributes: [width_bits]\n    colour: red\n",
               "colour");
  expect_fault("name: toy\n", "", "'name' is missing");
  expect_fault("source: sum, confidence: derived}\n    static", "confidence: derived}\n    static",
               "'source' is missing");
  expect_fault("on: {power", "off: {power", "'on' is missing");
  expect_fault("confidence: borrowed", "confidence: borowed", "did you mean 'borrowed'?");
}

TEST(Technology, FormulasMayOnlyUseWhatExists) {
  expect_fault("energy: width_bits * bit", "energy: width_bit * bit", "'width_bit' is neither");
  expect_fault("energy: width_bits * bit", "energy: width_bits", "exactly one energy");
  expect_fault("power: width_bits * bit", "power: guess", "nor a primitive with power");
  expect_fault("energy: width_bits * bit", "energy: sram.read", "SRAM table");
  expect_fault("energy: width_bits * bit", "energy: 3 pF", "3 pF");
}

TEST(Technology, AssumedNumbersNeedBoundsAndTrustIsNotInvented) {
  expect_fault("sum, confidence: derived}\n    static", "sum, confidence: assumed}\n    static",
               "needs low and high");
  expect_fault("energy: width_bits * bit,", "energy: width_bits * bit, low: 0 pJ,", "together");
  expect_fault("energy: width_bits * bit", "energy: guess",
               "claims to be derived, but 'guess' is only borrowed");
  EXPECT_NO_THROW(
      load_text(replaced("energy: width_bits * bit, source: sum, confidence: derived",
                         "energy: guess, low: bit, high: 9 pJ, source: none, confidence: "
                         "assumed")));
}

TEST(Technology, SmallBanksNeedAClassThatTakesTheSameAttributes) {
  const std::string sized =
      "latch:\n    small_banks: {below_bytes: 8, priced_as: OTHER}\n    attributes: [width_bits, "
      "size_bytes, banks]";
  expect_fault("latch:\n    attributes: [width_bits]", sized, "'OTHER' must be a class");
  expect_fault("latch:\n    attributes: [width_bits]",
               "latch:\n    small_banks: {below_bytes: 8, priced_as: latch}\n    attributes: "
               "[width_bits, size_bytes, banks]",
               "'latch' must be a class");
}

TEST(Technology, ReportsAllFaultsAtOnce) {
  std::string text = replaced("name: toy\n", "name: toy\nflavour: 3\n");
  text.replace(text.find("area: width_bits * bit"), 22, "area: width_bits * nob");
  EXPECT_EQ(faults_of(text).size(), 2U);
}

TEST(Technology, BoundsMustEncloseTheValue) {
  const Technology technology = load_text(replaced("energy: width_bits * bit, source",
                                                   "energy: 4 pJ, low: 2 pJ, high: width_bits * "
                                                   "bit, source"));
  const Entry& write = technology.find("latch")->actions[0].second;
  EXPECT_EQ(technology.cost(write, {{"width_bits", 4}}, "write").bounds,
            (Bounds{2'000'000, 4'000'000, 4'000'000}));
  EXPECT_THROW(technology.cost(write, {{"width_bits", 3}}, "write"), base::UserError);
}

TEST(Technology, UnknownAreasAreAllowedAndMarked) {
  const Technology technology =
      load_text(replaced("area: {area: width_bits * bit, source: sum, confidence: derived}",
                         "area: {area: unknown, source: not published}"));
  EXPECT_TRUE(technology.cost(technology.find("latch")->area, {}, "area").unknown);
}

TEST(Technology, OverridesAreTakenOrRefusedNeverScaled) {
  ConditionOverrides overrides;
  overrides.cell = "hp";
  overrides.node_nm = 45;
  EXPECT_EQ(Technology::load(kBundled, overrides).conditions().cell, "hp");
  overrides.cell = "gold";
  EXPECT_THROW(Technology::load(kBundled, overrides), base::UserError);
  for (const auto member : {&ConditionOverrides::node_nm, &ConditionOverrides::voltage_mv,
                            &ConditionOverrides::temperature_k}) {
    ConditionOverrides other;
    other.*member = 1000;
    EXPECT_THROW(Technology::load(kBundled, other), base::UserError);
  }
}

}  // namespace
}  // namespace milliwatt::energy
