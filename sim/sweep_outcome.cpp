// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_outcome.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::json;

constexpr const char* kColumns = "columns";

constexpr std::array<const char*, kPointStatuses> kNames = {"ok", "infeasible", "failed", "crashed",
                                                            "timed_out"};

PointStatus status_of(const std::string& name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw base::InternalError("a point with the status '" + name + "'");
  }
  return static_cast<PointStatus>(found - kNames.begin());
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const char* status_name(PointStatus status) { return kNames.at(static_cast<std::size_t>(status)); }

std::string OutcomeCodec::encode(const PointOutcome& outcome) {
  std::string lines;
  auto known = std::find(columns_.begin(), columns_.end(), outcome.columns);
  if (known == columns_.end()) {
    lines = line_of({{kColumns, outcome.columns}});
    known = columns_.insert(columns_.end(), outcome.columns);
  }
  return lines + line_of({{"point", outcome.point},
                          {"status", status_name(outcome.status)},
                          {"error", outcome.error},
                          {"of", known - columns_.begin()},
                          {"cells", outcome.cells}});
}

std::optional<PointOutcome> OutcomeCodec::decode(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    if (json.contains(kColumns)) {
      columns_.push_back(json.at(kColumns).get<std::vector<std::string>>());
      return std::nullopt;
    }
    PointOutcome outcome;
    outcome.point = json.at("point").get<std::int64_t>();
    outcome.status = status_of(json.at("status").get<std::string>());
    outcome.error = json.at("error").get<std::string>();
    const auto of = json.at("of").get<std::size_t>();
    outcome.cells = json.at("cells").get<std::vector<std::string>>();
    if (of >= columns_.size() || columns_[of].size() != outcome.cells.size()) {
      throw base::InternalError("the cells of a point do not fit its columns");
    }
    outcome.columns = columns_[of];
    return outcome;
  } catch (const Json::exception& error) {
    throw base::InternalError(std::string("the outcome of a point: ") + error.what());
  }
}

std::string one_line(const std::string& text) {
  std::string line;
  bool broken = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      broken = true;
      continue;
    }
    line += broken && !line.empty() ? "; " : "";
    broken = false;
    line += c;
  }
  return line;
}

}  // namespace milliwatt::sim
