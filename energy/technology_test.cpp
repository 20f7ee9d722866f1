// SPDX-License-Identifier: Apache-2.0
#include "energy/technology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/scratch_folder.h"

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

TEST(Technology, BoundsOfPrimitivesReachTheEntriesThatUseThem) {
  const Technology technology = load_text(
      replaced("energy: 1 pJ, power: 1 uW, area: 2 um2,",
               "energy: 1 pJ, power: 1 uW, area: 2 um2, low: {energy: 0.5 pJ, power: 1 uW, area: "
               "2 um2}, high: {energy: 3 pJ, power: 4 uW, area: 2 um2},"));
  const ClassPrices& latch = *technology.find("latch");
  const auto bounds = [&](const Entry& entry) {
    return technology.cost(entry, {{"width_bits", 2}}, "entry").bounds;
  };
  EXPECT_EQ(bounds(latch.actions[0].second), (Bounds{1'000'000, 2'000'000, 6'000'000}));
  EXPECT_EQ(bounds(latch.states[0].second).high, 8'000'000'000) << "2 x 4 uW";
  EXPECT_EQ(bounds(latch.area), (Bounds{4'000'000, 4'000'000, 4'000'000}));
}

TEST(Technology, BoundsOfPrimitivesAreNumbersForEachOfTheirCosts) {
  const char* const bit = "energy: 1 pJ, power: 1 uW, area: 2 um2,";
  const std::string costs = bit;
  expect_fault(bit, costs + " low: {energy: 0 pJ, power: 0 uW, area: 0 um2},",
               "low and high are given together");
  const std::string high = " high: {energy: 2 pJ, power: 2 uW, area: 2 um2},";
  expect_fault(bit, costs + " low: {energy: 0 pJ, power: 0 uW}," + high, "'area' is missing");
  expect_fault(bit, costs + " low: {energy: guess, power: 0 uW, area: 0 um2}," + high,
               "a plain number with a unit");
}

/// A technology that takes its class from a file beside it.
class Include : public ::testing::Test {
 protected:
  std::vector<std::string> faults(const std::string& classes, const std::string& technology) {
    scratch_.write("parts/classes.yaml", classes);
    scratch_.write("toy.yaml", technology);
    try {
      loaded_.emplace(Technology::load(scratch_.path("toy.yaml")));
      check_class_file(scratch_.path("parts/classes.yaml"));
    } catch (const base::UserError& error) {
      return error.messages();
    }
    return {};
  }

  /// kSmall in two files.
  const std::string text_ = kSmall;
  const std::size_t cut_ = text_.find("classes:");
  const std::string classes_ = text_.substr(cut_);
  const std::string technology_ =
      text_.substr(0, cut_) + "include: [parts/classes.yaml]\nclasses: {}\n";
  base::ScratchFolder scratch_;
  std::optional<Technology> loaded_;
};

TEST_F(Include, GivesTheClassesOfTheFile) {
  EXPECT_THAT(faults(classes_, technology_), ::testing::IsEmpty());
  ASSERT_TRUE(loaded_);
  EXPECT_EQ(loaded_->class_names(), std::vector<std::string>{"latch"});
}

TEST_F(Include, FaultsNameTheFileThatHasThem) {
  std::string wrong = classes_;
  wrong.replace(wrong.find("width_bits * bit"), 16, "width_bits * bat");
  const auto in_classes = faults(wrong, technology_);
  ASSERT_EQ(in_classes.size(), 1U);
  EXPECT_THAT(in_classes.front(),
              ::testing::ContainsRegex("/parts/classes.yaml:5:[0-9]+: .*'bat'"));
  const auto twice =
      faults(classes_, technology_.substr(0, technology_.find("classes: {}")) + classes_);
  ASSERT_EQ(twice.size(), 1U);
  EXPECT_THAT(twice.front(),
              HasSubstr("/toy.yaml:8:3: classes.latch: the class is in an included"));
}

TEST_F(Include, AFileThatIsNotThereIsAFaultOfTheLineThatNamesIt) {
  std::string missing = technology_;
  missing.replace(missing.find("parts/classes"), 13, "parts/nowhere");
  const auto found = faults(classes_, missing);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front(), ::testing::ContainsRegex("/toy.yaml:6:11: include.*nowhere.yaml"));
}

TEST_F(Include, AFileOfClassesByItselfIsCheckedAsFarAsItGoes) {
  std::string wrong = classes_;
  wrong.replace(wrong.find("on: {"), 2, "off");
  scratch_.write("classes.yaml", wrong);
  EXPECT_THROW(check_class_file(scratch_.path("classes.yaml")), base::UserError);
}

}  // namespace
}  // namespace milliwatt::energy
