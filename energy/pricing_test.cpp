// SPDX-License-Identifier: Apache-2.0
#include "energy/pricing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Technology& bundled() {
  static const Technology kTechnology =
      Technology::load(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml");
  return kTechnology;
}

/// A system with every class of the bundled file.
std::vector<Component> whole_system() {
  return {
      {"sram",
       "sram",
       {{"size_bytes", 262144}, {"width_bits", 64}, {"banks", 1}},
       "",
       {"read", "write"}},
      {"buffer",
       "sram",
       {{"size_bytes", 32768}, {"width_bits", 8}, {"banks", 16}},
       "",
       {"read", "write"}},
      {"tiny",
       "sram",
       {{"size_bytes", 4096}, {"width_bits", 32}, {"banks", 16}},
       "",
       {"read", "write"}},
      {"psram", "external_memory", {}, "psram", {"read_byte", "write_byte", "burst"}},
      {"bus", "bus", {{"width_bits", 64}}, "", {"beat", "burst"}},
      {"dma", "dma", {{"width_bits", 64}}, "", {"burst", "beat"}},
      {"array",
       "pe_int8",
       {{"count", 256}},
       "",
       {"mac", "product_bit", "moving_bit", "stationary_bit", "sum_shift", "idle_bit"}},
      {"output", "output_stage", {{"lanes", 16}}, "", {"requantize"}},
      {"vector", "vector_unit", {{"lanes", 16}}, "", {"add_element", "pool_tap"}},
      {"control", "control", {}, "", {"step", "descriptor_byte"}},
      {"host", "host_core", {}, "", {"active_cycle", "idle_cycle"}},
  };
}

/// Two components with round prices, made by hand.
PriceList toy_prices() {
  const auto cost = [](Bounds bounds, base::Confidence confidence) {
    return Cost{bounds, confidence, "by hand", false};
  };
  PriceList prices;
  prices.components = {{"a",
                        "toy",
                        {{"read", cost({10, 10, 10}, base::Confidence::kPublished)},
                         {"write", cost({20, 30, 50}, base::Confidence::kAssumed)}},
                        {{"on", cost({0, 1'500'000, 3'000'000}, base::Confidence::kDerived)}},
                        cost({100, 100, 100}, base::Confidence::kBorrowed)},
                       {"b",
                        "toy",
                        {{"step", cost({7, 7, 7}, base::Confidence::kBorrowed)}},
                        {{"on", cost({1, 1, 1}, base::Confidence::kAssumed)}},
                        Cost{{}, base::Confidence::kAssumed, "not known", true}}};
  return prices;
}

EnergyReport toy_report() {
  const PriceList prices = toy_prices();
  return price(prices,
               {{"a", "read", 0, 5},
                {"a", "write", 1, 2},
                {"b", "step", 0, 3},
                {"b", "step", base::kNoLayer, 1}},
               always_on(prices, {{base::kNoLayer, 500}, {0, 1000}, {1, 1000}}));
}

std::vector<std::string> faults_of(const std::vector<Component>& components) {
  try {
    resolve(bundled(), components);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

TEST(Resolve, PricesAWholeSystem) {
  const PriceList prices = resolve(bundled(), whole_system());
  ASSERT_EQ(prices.components.size(), 11U);
  // Horowitz' 0.1 pJ and 32 register bits of 0.009 pJ; a 64th of his 0.2 pJ.
  EXPECT_EQ(prices.components[6].actions[0].cost.bounds.nominal, 388'000);
  EXPECT_EQ(prices.components[6].actions[1].cost.bounds.nominal, 3'125);
  // 2048 B x 8 bit is a row of the table, taken once per bank: 1.8382 pJ an access,
  // 16 x (0.048073 + 0.026817) uW.
  EXPECT_EQ(prices.components[1].actions[0].cost.bounds.nominal, 1'838'200);
  EXPECT_EQ(prices.components[1].states[0].cost.bounds.nominal, 1'198'240'000);
}

PriceList price_memory(std::int64_t size) {
  return resolve(
      bundled(),
      {{"m", "sram", {{"size_bytes", size}, {"width_bits", 32}, {"banks", 4}}, "", {"read"}}});
}

TEST(Resolve, BanksBelowTheTableArePricedAsItsSmallest) {
  const PricedComponent table = price_memory(4096).components[0];
  const PricedComponent below = price_memory(4095).components[0];
  EXPECT_EQ(table.priced_as, "sram");
  EXPECT_EQ(below.priced_as, "small_sram");
  EXPECT_EQ(below.actions[0].cost.confidence, base::Confidence::kBorrowed);
  // The row of 1024 B x 32 bit: 1.3237 pJ; low 0.25 x 32 x 0.009 pJ.
  EXPECT_EQ(below.actions[0].cost.bounds, (Bounds{72'000, 1'323'700, 1'323'700}));
  EXPECT_EQ(below.actions[0].cost.bounds.nominal, table.actions[0].cost.bounds.nominal);
  EXPECT_EQ(below.states[0].cost.bounds.nominal, table.states[0].cost.bounds.nominal);
  EXPECT_EQ(below.area.bounds.nominal, table.area.bounds.nominal);
  // 4 x (0.020802 + 0.014513) uW, and 4095/4096 of it.
  EXPECT_EQ(below.states[0].cost.bounds, (Bounds{141'225'513, 141'260'000, 141'260'000}));
}

TEST(Resolve, BanksOfAHandfulOfWordsArePricedAsRegisters) {
  const PricedComponent sram = price_memory(256).components[0];
  const PricedComponent registers = price_memory(255).components[0];
  EXPECT_EQ(sram.priced_as, "small_sram");
  EXPECT_EQ(registers.priced_as, "register_file");
  EXPECT_EQ(registers.actions[0].cost.bounds.nominal, 288'000) << "32 x 0.009 pJ";
  // 8 x 255 x 5.98 um2 against 4 x 0.00343189 mm2: at 64 B a bank the two are as large.
  EXPECT_EQ(registers.area.bounds.nominal, 12'199'200'000);
  EXPECT_EQ(sram.area.bounds.nominal, 13'727'560'000);
}

TEST(Resolve, SaysWhichMemoriesArePricedAsAnotherClass) {
  EXPECT_THAT(price_memory(4096).notes, testing::IsEmpty());
  EXPECT_THAT(
      price_memory(4095).notes,
      testing::ElementsAre("m: 4 banks of 1023 B, less than the 1024 B from which there are "
                           "prices of 'sram'; priced as 'small_sram'"));
  EXPECT_THAT(
      price_memory(255).notes,
      testing::ElementsAre("m: 4 banks of 63 B, less than the 1024 B from which there are prices "
                           "of 'sram'; priced as 'register_file'"));
}

TEST(Resolve, ListsEverythingThatIsMissing) {
  std::vector<Component> components = whole_system();
  components[3].actions.emplace_back("teleport");
  components[4].class_name = "buss";
  components[6].states.emplace_back("retention");
  components[7].attributes.clear();
  components[8].attributes["lames"] = 1;
  components[3].name = "ram chip";
  const std::vector<std::string> faults = faults_of(components);
  EXPECT_THAT(faults,
              ElementsAre(HasSubstr("'ram chip': action 'teleport'"), HasSubstr("mean 'bus'?"),
                          HasSubstr("'array': power state 'retention'"),
                          HasSubstr("needs the attribute 'lanes'"), HasSubstr("mean 'lanes'?")));
}

TEST(Resolve, NamesTheComponentOutsideTheSramTable) {
  const std::vector<std::string> faults = faults_of(
      {{"big", "sram", {{"size_bytes", 1 << 21}, {"width_bits", 32}, {"banks", 1}}, "", {"read"}}});
  // The read, the static power and the area lack a price for the same reason: one message.
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0], HasSubstr("component 'big': read: "));
  EXPECT_THAT(faults[0], HasSubstr("2097152 B x 32 bit"));
  EXPECT_THAT(faults[0], HasSubstr("1024 .. 1048576 B per bank"));
  EXPECT_TRUE(faults_of({{"big",
                          "sram",
                          {{"size_bytes", 1 << 21}, {"width_bits", 32}, {"banks", 2}},
                          "",
                          {"read"}}})
                  .empty());
}

TEST(Resolve, VariantsAreChosenByName) {
  EXPECT_THAT(faults_of({{"x", "external_memory", {}, "psramm", {}}}),
              ElementsAre(HasSubstr("no prices for kind 'psramm'; did you mean 'psram'?")));
  EXPECT_THAT(faults_of({{"x", "external_memory", {}, "", {}}}),
              ElementsAre(HasSubstr("no prices for kind ''")));
  EXPECT_THAT(faults_of({{"x", "host_core", {}, "big", {}}}),
              ElementsAre(HasSubstr("no prices for variant 'big'")));
  EXPECT_THAT(faults_of({{"rom", "external_memory", {}, "qspi_nor", {"write_byte"}}}),
              ElementsAre(HasSubstr("action 'write_byte'")));
}

TEST(Price, MakesTheCubeAndItsSums) {
  const EnergyReport report = toy_report();
  // Dynamic: a.read 5 x 10 = 50, a.write 2 x 30 = 60, b.step 4 x 7 = 28.
  EXPECT_EQ(report.dynamic_total, (Bounds{50 + 40 + 28, 50 + 60 + 28, 50 + 100 + 28}));
  // Static of a: 1.5 nW x 2500 ps = 3.75 aJ, rounds to 4; high 7.5 aJ rounds to 8.
  // Of b: 1 fW x 2500 ps rounds to 0.
  EXPECT_EQ(report.static_total, (Bounds{0, 4, 8}));
  EXPECT_EQ(report.total, (Bounds{118, 142, 186}));
  EXPECT_EQ(report.time, 2500);
  ASSERT_EQ(report.by_layer.size(), 3U);
  // Layer -1 ends at 500 ps: 0.75 rounds to 1. Layer 0 ends at 1500 ps: 2.25 rounds to 2.
  EXPECT_EQ(report.by_layer[0].layer, base::kNoLayer);
  EXPECT_EQ(report.by_layer[0].dynamic_energy.nominal, 7);
  EXPECT_EQ(report.by_layer[0].static_energy.nominal, 1);
  EXPECT_EQ(report.by_layer[1].dynamic_energy.nominal, 50 + 21);
  EXPECT_EQ(report.by_layer[1].static_energy.nominal, 1);
  EXPECT_EQ(report.by_layer[2].dynamic_energy.nominal, 60);
  EXPECT_EQ(report.by_layer[2].static_energy.nominal, 2);
  EXPECT_EQ(report.by_component[0].dynamic_energy.nominal, 110);
  EXPECT_EQ(report.by_component[1].dynamic_energy.nominal, 28);
  check_identities(toy_prices(), report);
}

TEST(Price, ConfidenceSharesSumToTheTotal) {
  const EnergyReport report = toy_report();
  const auto share = [&](base::Confidence confidence) {
    return report.by_confidence[static_cast<std::size_t>(confidence)];
  };
  EXPECT_EQ(share(base::Confidence::kPublished).nominal, 50);
  EXPECT_EQ(share(base::Confidence::kDerived).nominal, 4);
  EXPECT_EQ(share(base::Confidence::kBorrowed).nominal, 28);
  EXPECT_EQ(share(base::Confidence::kAssumed), (Bounds{40, 60, 100}));
}

TEST(Price, IsTheSameInAnyOrderAndForCountsInPieces) {
  const PriceList prices = resolve(bundled(), whole_system());
  std::mt19937 random(7);
  std::vector<CountRow> counts;
  for (const PricedComponent& component : prices.components) {
    for (const Price& action : component.actions) {
      for (std::int32_t layer = base::kNoLayer; layer < 5; ++layer) {
        counts.push_back(
            {component.name, action.name, layer, static_cast<std::int64_t>(random() % 1'000'000)});
      }
    }
  }
  std::vector<Residency> states = always_on(prices, {{-1, 123'457}, {0, 7}, {3, 999'999'999}});
  const EnergyReport report = price(prices, counts, states);
  check_identities(prices, report);

  std::vector<CountRow> pieces;
  for (CountRow row : counts) {
    pieces.push_back({row.component, row.action, row.layer, row.count / 3});
    row.count -= row.count / 3;
    pieces.push_back(row);
  }
  std::shuffle(pieces.begin(), pieces.end(), random);
  std::shuffle(states.begin(), states.end(), random);
  const EnergyReport other = price(prices, pieces, states);
  const EnergyReport repriced = price(prices, counts_of(report), residencies_of(report));
  for (const EnergyReport* again : {&other, &repriced}) {
    EXPECT_EQ(again->total, report.total);
    ASSERT_EQ(again->rows.size(), report.rows.size());
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      EXPECT_EQ(again->rows[i].component, report.rows[i].component);
      EXPECT_EQ(again->rows[i].action, report.rows[i].action);
      EXPECT_EQ(again->rows[i].layer, report.rows[i].layer);
      EXPECT_EQ(again->rows[i].count, report.rows[i].count);
      EXPECT_EQ(again->rows[i].energy, report.rows[i].energy);
    }
  }
}

TEST(Price, RefusesWhatWasNeverDeclared) {
  const PriceList prices = toy_prices();
  EXPECT_THROW(price(prices, {{"c", "read", 0, 1}}, {}), base::InternalError);
  EXPECT_THROW(price(prices, {{"b", "read", 0, 1}}, {}), base::InternalError);
  EXPECT_THROW(price(prices, {{"a", "read", 0, -1}}, {}), base::InternalError);
  EXPECT_THROW(price(prices, {}, {{"a", "off", 0, 1}}), base::InternalError);
  EXPECT_NO_THROW(price(prices, {{"a", "read", 0, 1}}, {}));
}

TEST(Price, RefusesComponentsThatDisagreeOnTheTime) {
  const PriceList prices = toy_prices();
  EXPECT_NO_THROW(price(prices, {}, {{"a", "on", 0, 10}, {"b", "on", 0, 10}}));
  EXPECT_THROW(price(prices, {}, {{"a", "on", 0, 10}, {"b", "on", 0, 9}}), base::SimulationError);
  EXPECT_THROW(price(prices, {}, {{"a", "on", 0, 10}}), base::SimulationError);
}

TEST(Price, OverflowIsAnErrorAndNotANumber) {
  const PriceList prices = toy_prices();
  // `write` costs 50 aJ at its high bound.
  const std::int64_t fits = std::numeric_limits<std::int64_t>::max() / 50;
  EXPECT_NO_THROW(price(prices, {{"a", "write", 0, fits}}, {}));
  EXPECT_THROW(price(prices, {{"a", "write", 0, fits + 1}}, {}), base::UserError);
  EXPECT_THROW(price(prices, {{"a", "write", 0, fits}, {"a", "read", 0, fits}}, {}),
               base::UserError);
}

TEST(Price, StaticOverflowIsAnErrorToo) {
  PriceList prices = toy_prices();
  prices.components.pop_back();
  Bounds& power = prices.components[0].states[0].cost.bounds;
  const base::Picoseconds longest = std::numeric_limits<std::int64_t>::max();
  // 10^9 fW for t ps are t aJ.
  power = {0, 0, 1'000'000'000};
  EXPECT_EQ(price(prices, {}, {{"a", "on", 0, longest}}).static_total.high, longest);
  power.high += 1;
  EXPECT_THROW(price(prices, {}, {{"a", "on", 0, longest}}), base::UserError);
}

/// Each identity is broken by hand and must be caught.
TEST(CheckIdentities, CatchesSeededFaults) {
  const PriceList prices = toy_prices();
  const auto expect_caught = [&](const char* what,
                                 const std::function<void(EnergyReport&)>& fault) {
    EnergyReport report = toy_report();
    ASSERT_NO_THROW(check_identities(prices, report));
    fault(report);
    try {
      check_identities(prices, report);
      ADD_FAILURE() << what << " was not caught";
    } catch (const base::SimulationError& error) {
      EXPECT_THAT(error.what(), HasSubstr(what));
    }
  };
  expect_caught("count times its price", [](EnergyReport& r) { ++r.rows[0].energy.nominal; });
  expect_caught("count times its price", [](EnergyReport& r) { ++r.rows[0].count; });
  expect_caught("negative", [](EnergyReport& r) { r.rows[0].count = -1; });
  expect_caught("rows do not sum", [](EnergyReport& r) {
    r.rows.pop_back();
    r.rows.erase(r.rows.begin());
  });
  expect_caught("rows do not sum", [](EnergyReport& r) { ++r.total.high; });
  expect_caught("dynamic rows", [](EnergyReport& r) { ++r.dynamic_total.nominal; });
  expect_caught("static rows", [](EnergyReport& r) { --r.static_total.nominal; });
  expect_caught("components do not sum",
                [](EnergyReport& r) { ++r.by_component[1].static_energy.nominal; });
  expect_caught("layers do not sum", [](EnergyReport& r) { r.by_layer.pop_back(); });
  expect_caught("confidence classes", [](EnergyReport& r) { ++r.by_confidence[2].low; });
  expect_caught("another confidence",
                [](EnergyReport& r) { r.rows[0].confidence = base::Confidence::kAssumed; });
  expect_caught("no price for", [](EnergyReport& r) { r.rows[0].action = "dream"; });
}

TEST(AreaReport, AddsWhatIsKnownAndNamesWhatIsNot) {
  const AreaReport report = area_report(toy_prices());
  EXPECT_EQ(report.total.nominal, 100);
  EXPECT_THAT(report.unknown, ElementsAre("b"));
  EXPECT_EQ(report.by_confidence[static_cast<std::size_t>(base::Confidence::kBorrowed)].nominal,
            100);
}

TEST(CountRows, TakesWhatComponentsCounted) {
  const base::ComponentClass kind = {"sram", {{"read", "one word"}, {"write", "one word"}}};
  base::Counters counters("m", kind);
  counters.add(0, base::kNoLayer, 4);
  counters.add(1, 2, 9);
  const std::vector<CountRow> rows = count_rows({{counters}});
  ASSERT_EQ(rows.size(), 2U) << "zero counts leave no row";
  EXPECT_EQ(rows[0].action, "read");
  EXPECT_EQ(rows[0].layer, base::kNoLayer);
  EXPECT_EQ(rows[0].count, 4);
  EXPECT_EQ(rows[1].action, "write");
  EXPECT_EQ(rows[1].layer, 2);
  EXPECT_EQ(rows[1].count, 9);
  const Component component = component_of(counters, {{"banks", 1}});
  EXPECT_EQ(component.class_name, "sram");
  EXPECT_THAT(component.actions, ElementsAre("read", "write"));
}

}  // namespace
}  // namespace milliwatt::energy
