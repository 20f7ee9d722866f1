// SPDX-License-Identifier: Apache-2.0
#include "sim/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/csv.h"
#include "base/error.h"
#include "sim/sweep_evaluator.h"
#include "sim/sweep_table.h"
#include "sim/write_breakdown.h"
#include "sim/write_numbers.h"

namespace milliwatt::sim {
namespace {

constexpr double kAttojoulesPerMicrojoule = 1e12;
constexpr double kSquareNanometresPerSquareMillimetre = 1e12;

struct Quantity {
  std::string name;
  std::function<std::string(const RunResult&)> text;
};

std::string scaled(std::int64_t value, double unit) {
  return three_digits(static_cast<double>(value) / unit);
}

std::string bounds(const energy::Bounds& value, double unit) {
  return scaled(value.low, unit) + ".." + scaled(value.high, unit);
}

std::string cycles(const RunResult& run) {
  return run.cycles.exact() ? std::to_string(run.cycles.low)
                            : fmt::format("{}..{}", run.cycles.low, run.cycles.high);
}

std::string latency(const RunResult& run) {
  const std::string least = three_digits(run.latency_ms());
  return run.cycles.exact() ? least : least + ".." + three_digits(high_latency_ms(run));
}

/// "31.2 %"; "-" where no engine ran.
std::string utilisation(const RunResult& run) {
  const LayerResult total = total_of(run);
  return total.peak_macs_per_cycle == 0 ? "-" : three_digits(100 * total.utilisation()) + " %";
}

/// Share of the cycles in which nothing but the host works.
std::string host_time(const RunResult& run) {
  const std::int64_t host = total_of(run).cycles_by_cause[static_cast<std::size_t>(Cause::kHost)];
  return run.cycles.low == 0 ? "-"
                             : three_digits(100.0 * static_cast<double>(host) /
                                            static_cast<double>(run.cycles.low)) +
                                   " %";
}

std::vector<Quantity> quantities() {
  return {
      {"cycles", cycles},
      {"clock_MHz", [](const RunResult& run) { return scaled(run.system_clock_hz, 1e6); }},
      {"latency_ms", latency},
      {"inferences_per_s",
       [](const RunResult& run) { return three_digits(run.inferences_per_s()); }},
      {"energy_uJ", [](const RunResult& run) { return three_digits(run.energy_uj()); }},
      {"  range",
       [](const RunResult& run) { return bounds(run.energy.total, kAttojoulesPerMicrojoule); }},
      {"average_power_mW",
       [](const RunResult& run) { return three_digits(run.average_power_mw()); }},
      {"TOPS_per_W", [](const RunResult& run) { return three_digits(run.tops_per_watt()); }},
      {"area_mm2",
       [](const RunResult& run) {
         return scaled(run.area.total.nominal, kSquareNanometresPerSquareMillimetre);
       }},
      {"  range",
       [](const RunResult& run) {
         return bounds(run.area.total, kSquareNanometresPerSquareMillimetre);
       }},
      {"offchip_bytes", [](const RunResult& run) { return std::to_string(run.offchip_bytes()); }},
      {"  compulsory",
       [](const RunResult& run) { return std::to_string(run.compulsory_offchip_bytes()); }},
      {"utilisation", utilisation},
      {"host_time", host_time},
      {"bound_by",
       [](const RunResult& run) { return std::string(cause_name(total_of(run).bound_by())); }},
      {"technology", [](const RunResult& run) { return run.technology; }}};
}

using TextTable = std::vector<std::vector<std::string>>;

/// First column to the left, the others to the right, two blanks between.
std::string aligned(const TextTable& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      text += fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string compare_text(const std::vector<ComparedRun>& runs) {
  if (runs.empty()) {
    throw base::InternalError("a comparison of nothing");
  }
  const RunResult& first = runs.front().result;
  TextTable rows = {{""}};
  for (const ComparedRun& run : runs) {
    rows[0].push_back(run.result.platform);
  }
  for (const Quantity& quantity : quantities()) {
    rows.push_back({quantity.name});
    for (const ComparedRun& run : runs) {
      rows.back().push_back(quantity.text(run.result));
    }
  }
  return fmt::format("{}, {} MACs, level {}, weights: {}\n\n", first.network, first.macs(),
                     level_name(first.level), weights_name(first)) +
         aligned(rows);
}

std::string compare_csv(const std::vector<ComparedRun>& runs) {
  std::vector<PointOutcome> rows(runs.size());
  std::vector<const PointOutcome*> outcomes;
  std::vector<std::vector<std::string>> keys;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    take_summary(runs[i].result, rows[i]);
    outcomes.push_back(&rows[i]);
    keys.push_back({runs[i].platform_file});
  }
  return outcome_table({"platform_file"}, keys, outcomes);
}

}  // namespace milliwatt::sim
