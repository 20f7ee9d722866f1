// SPDX-License-Identifier: Apache-2.0
#include "sim/write_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::json;

Json parsed(const RunResult& result) { return Json::parse(results_json(result)); }

TEST(ResultsJson, SaysWhatItIs) {
  const Json json = parsed(sample_result());
  EXPECT_EQ(json.at("schema"), "milliwatt-results");
  EXPECT_EQ(json.at("version"), 1);
  EXPECT_EQ(json.at("milliwatt_version"), "1.2.3");
  EXPECT_EQ(json.at("weights"), "file");
  EXPECT_EQ(json.at("configuration"), "name: small_chip\n");
  EXPECT_EQ(json.at("plan"), "operators\n");
}

TEST(ResultsJson, TotalsAreTheSumsOfLayersAndSystem) {
  const Json json = parsed(sample_result());
  const Json& totals = json.at("totals");
  for (const char* key : {"cycles", "macs", "offchip_bytes", "compulsory_offchip_bytes"}) {
    std::int64_t sum = json.at("system").at(key).get<std::int64_t>();
    for (const Json& layer : json.at("layers")) {
      sum += layer.at(key).get<std::int64_t>();
    }
    EXPECT_EQ(sum, totals.at(key)) << key;
  }
  EXPECT_EQ(totals.at("cycles"), 1200);
  EXPECT_EQ(totals.at("offchip_bytes"), 760);  // 600 weights + 80 + 80 program
  EXPECT_EQ(totals.at("cycles_by_cause").at("host"), 200);
  EXPECT_EQ(totals.at("dynamic_energy_aJ").at("nominal"), 2'240'000'000);
  EXPECT_EQ(totals.at("latency_ms"), 0.012);
}

TEST(ResultsJson, ZerosAreCountedOfTheirElements) {
  const Json layers = parsed(sample_result()).at("layers");
  EXPECT_EQ(layers.at(0).at("weight_zeros"),
            (Json{{"zeros", 150}, {"elements", 600}, {"fraction", 0.25}}));
  EXPECT_EQ(layers.at(1).at("output_zeros").at("zeros"), 0);
  EXPECT_EQ(layers.at(1).at("weight_zeros").at("elements"), 0);
}

TEST(ResultsJson, TensorsHaveTheirQuantization) {
  const Json tensors = parsed(sample_result()).at("tensors");
  EXPECT_EQ(tensors.at(0).at("scale"), 0);  // is not quantized
  EXPECT_EQ(tensors.at(1).at("scale"), 0.5);
  EXPECT_EQ(tensors.at(1).at("zero_point"), -3);
}

TEST(ResultsJson, CountersAndEnergyAgreeInEveryCell) {
  const Json json = parsed(sample_result());
  int compared = 0;
  for (const Json& row : json.at("energy").at("rows")) {
    for (const Json& component : json.at("counters")) {
      if (row.at("kind") != "dynamic" || component.at("component") != row.at("component")) {
        continue;
      }
      const Json& action = component.at("actions").at(0);
      const int layer = row.at("layer");
      EXPECT_EQ(row.at("count"),
                layer < 0 ? action.at("count_system") : action.at("count_by_layer").at(layer));
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4);
}

TEST(ResultsJson, EnergySumsToTheTotalInEveryCut) {
  const Json energy = parsed(sample_result()).at("energy");
  constexpr std::int64_t kTotal = 2'360'000'000;
  EXPECT_EQ(energy.at("total_aJ").at("nominal"), kTotal);
  std::int64_t rows = 0;
  for (const Json& row : energy.at("rows")) {
    rows += row.at("energy_aJ").at("nominal").get<std::int64_t>();
  }
  std::int64_t confidences = 0;
  for (const Json& part : energy.at("by_confidence_aJ")) {
    confidences += part.at("nominal").get<std::int64_t>();
  }
  EXPECT_EQ(rows, kTotal);
  EXPECT_EQ(confidences, kTotal);
  for (const char* cut : {"by_component", "by_layer"}) {
    std::int64_t parts = 0;
    for (const Json& part : energy.at(cut)) {
      parts += part.at("dynamic_energy_aJ").at("nominal").get<std::int64_t>() +
               part.at("static_energy_aJ").at("nominal").get<std::int64_t>();
    }
    EXPECT_EQ(parts, kTotal) << cut;
  }
}

TEST(ResultsJson, UnitsCloseAndUnknownAreasAreNull) {
  const Json json = parsed(sample_result());
  const Json& unit = json.at("units").at(0);
  EXPECT_EQ(unit.at("busy_cycles").get<int>() + unit.at("stall_cycles").at("operand").get<int>() +
                unit.at("stall_cycles").at("output").get<int>() + unit.at("idle_cycles").get<int>(),
            unit.at("total_cycles"));
  EXPECT_EQ(json.at("area").at("unknown").at(0), "external");
  EXPECT_TRUE(json.at("area").at("components").at(1).at("area_nm2").is_null());
  EXPECT_EQ(json.at("area").at("components").at(0).at("area_nm2").at("nominal"), 500'000'000'000);
}

TEST(ResultsJson, ListsTensorsWithDigestsButNotTheirBytes) {
  const Json tensor = parsed(sample_result()).at("tensors").at(1);
  EXPECT_EQ(tensor.at("name"), "classes");
  EXPECT_EQ(tensor.at("shape"), Json({1, 2}));
  EXPECT_EQ(tensor.at("bytes"), 2);
  EXPECT_EQ(tensor.at("digest_xxh3"), "00000000000000bb");
  EXPECT_TRUE(tensor.at("output").get<bool>());
}

TEST(ResultsJson, OfAnEmptyResultHoldsNoNullNumber) {
  // nlohmann-json writes NaN and infinity as null.
  EXPECT_EQ(results_json(RunResult{}).find("null"), std::string::npos);
}

TEST(ResultsJson, SurvivesNamesThatAreNoText) {
  RunResult result = sample_result();
  result.layers[1].name = "\xFF\x80 classes";
  EXPECT_NO_THROW(parsed(result));
}

/// Every name of a field in `json`, at any depth, but those that name a cause, class and the like.
void collect_names(const Json& json, std::set<std::string>& names) {
  static const std::set<std::string> kLists = {
      "cycles_by_cause",  "read_bytes",        "written_bytes", "stall_cycles",
      "by_confidence_aJ", "by_confidence_nm2", "counts"};
  for (const auto& [name, value] : json.items()) {
    if (!json.is_array()) {
      names.insert(name);
    }
    if (value.is_structured() && kLists.count(name) == 0) {
      collect_names(value, names);
    }
  }
}

TEST(ResultsPage, ExplainsEveryFieldOfTheJson) {
  const std::string page = base::read_file(MILLIWATT_SOURCE_DIR "/docs/results.md");
  std::set<std::string> names;
  collect_names(parsed(sample_sequence()), names);
  EXPECT_GT(names.size(), 60U);
  for (const std::string& name : names) {
    const bool explained = page.find("`" + name + "`") != std::string::npos ||
                           page.find("`" + name + "{}`") != std::string::npos ||
                           page.find("`" + name + "[]`") != std::string::npos ||
                           page.find("." + name + "[]`") != std::string::npos ||
                           name == "nominal" || name == "low" || name == "high";
    EXPECT_TRUE(explained) << name;
  }
}

}  // namespace
}  // namespace milliwatt::sim
