// SPDX-License-Identifier: Apache-2.0
#include "sim/write_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/units.h"
#include "sim/write_breakdown.h"
#include "sim/write_dataset.h"
#include "sim/write_grid.h"
#include "sim/write_numbers.h"
#include "sim/write_sequence.h"

namespace milliwatt::sim {
namespace {

constexpr double kAttojoulesPerJoule = 1e18;
constexpr double kSquareNanometresPerSquareMillimetre = 1e12;

std::string joules(std::int64_t attojoules) {
  return with_prefix(static_cast<double>(attojoules) / kAttojoulesPerJoule);
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0
             ? ""
             : fmt::format("{:.1f}", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string interval(const Interval& value) {
  const std::string low = with_prefix(static_cast<double>(value.low));
  return value.exact() ? low : low + ".." + with_prefix(static_cast<double>(value.high));
}

std::string count(std::int64_t value) { return with_prefix(static_cast<double>(value)); }

/// "84/5/9/0/2": percent of the cycles by cause, in the order of Cause.
std::string cause_split(const LayerResult& layer) {
  std::vector<std::string> shares;
  for (const std::int64_t cycles : layer.cycles_by_cause) {
    shares.push_back(fmt::format(
        "{:.0f}", 100 * static_cast<double>(cycles) / static_cast<double>(layer.cycles.low)));
  }
  return fmt::format("{}", fmt::join(shares, "/"));
}

/// The column of cause_split, or those of the zeros.
std::vector<GridColumn> chosen_columns(Columns columns) {
  if (columns == Columns::kByCause) {
    return {{"cmp/vec/mem", "/hst/ctl  %", true}};
  }
  return {{"zeros", "wgt %"}, {"zeros", "in %"}, {"zeros", "out %"}};
}

std::vector<GridColumn> layer_columns(Columns columns) {
  std::vector<GridColumn> all = {{"#", ""},
                                 {"operator", "", true},
                                 {"output", "", true},
                                 {"runner", "", true},
                                 {"MACs", ""},
                                 {"cycles", ""},
                                 {"time", "%"},
                                 {"util", "%"},
                                 {"bound by", "", true}};
  const std::vector<GridColumn> chosen = chosen_columns(columns);
  all.insert(all.end(), chosen.begin(), chosen.end());
  all.insert(all.end(), {{"off", "chip B"}, {"least", "B"}, {"energy", "J"}});
  return all;
}

std::string zeros(const workloads::ZeroCount& count) {
  return percent(count.zeros, count.elements);
}

std::vector<std::string> chosen_cells(const LayerResult& layer, Columns columns) {
  if (columns == Columns::kByCause) {
    return {layer.cycles.low > 0 ? cause_split(layer) : ""};
  }
  return {zeros(layer.zeros.weights), zeros(layer.zeros.inputs), zeros(layer.zeros.outputs)};
}

std::vector<std::string> layer_cells(const LayerResult& layer, const RunResult& result,
                                     Columns columns) {
  const bool ran = layer.cycles.low > 0;
  const bool engine = ran && layer.peak_macs_per_cycle > 0;
  std::vector<std::string> cells = {"",
                                    layer.kind,
                                    layer.output_shape,
                                    layer.runner,
                                    layer.macs > 0 ? count(layer.macs) : "",
                                    interval(layer.cycles),
                                    percent(layer.cycles.low, result.cycles.low),
                                    engine ? fmt::format("{:.1f}", 100 * layer.utilisation()) : "",
                                    ran ? cause_name(layer.bound_by()) : ""};
  const std::vector<std::string> chosen = chosen_cells(layer, columns);
  cells.insert(cells.end(), chosen.begin(), chosen.end());
  cells.insert(cells.end(), {count(layer.offchip_bytes()), count(layer.compulsory_offchip_bytes),
                             joules(energy_of(layer).nominal)});
  return cells;
}

std::string layer_table(const RunResult& result, Columns columns) {
  Grid grid(layer_columns(columns));
  for (const LayerResult& layer : result.layers) {
    std::vector<std::string> cells = layer_cells(layer, result, columns);
    cells[0] = fmt::format("{}", layer.index);
    grid.add(std::move(cells));
  }
  std::vector<std::string> system = layer_cells(result.system, result, columns);
  system[1] = "system";
  grid.add(std::move(system));
  grid.rule();
  std::vector<std::string> total = layer_cells(total_of(result), result, columns);
  total[1] = "total";
  grid.add(std::move(total));
  return grid.text();
}

/// " (1.10 .. 1.40)" where the bounds differ.
std::string range(const energy::Bounds& bounds, double unit) {
  if (bounds.low == bounds.high) {
    return "";
  }
  return fmt::format("  ({} .. {})", three_digits(static_cast<double>(bounds.low) / unit),
                     three_digits(static_cast<double>(bounds.high) / unit));
}

std::string by_confidence(const energy::EnergyReport& energy) {
  std::vector<std::string> shares;
  for (const base::Confidence confidence : energy::kAllConfidences) {
    const auto& part = energy.by_confidence[static_cast<std::size_t>(confidence)];
    if (part.nominal > 0) {
      shares.push_back(fmt::format("{} {} %", base::confidence_name(confidence),
                                   percent(part.nominal, energy.total.nominal)));
    }
  }
  return fmt::format("{}", fmt::join(shares, ", "));
}

/// The components that use most, each with its share; the rest in one.
std::string by_component(const energy::EnergyReport& energy) {
  constexpr std::size_t kShown = 3;
  std::vector<std::pair<std::int64_t, std::string>> parts;
  for (const energy::NamedEnergy& part : energy.by_component) {
    parts.emplace_back(-(part.dynamic_energy.nominal + part.static_energy.nominal), part.name);
  }
  std::sort(parts.begin(), parts.end());
  std::vector<std::string> shares;
  std::int64_t rest = energy.total.nominal;
  for (std::size_t i = 0; i < std::min(kShown, parts.size()); ++i) {
    shares.push_back(
        fmt::format("{} {} %", parts[i].second, percent(-parts[i].first, energy.total.nominal)));
    rest += parts[i].first;
  }
  if (parts.size() > kShown) {
    shares.push_back(fmt::format("others {} %", percent(rest, energy.total.nominal)));
  }
  return fmt::format("{}", fmt::join(shares, ", "));
}

/// The system clock's "100 MHz".
std::string clock_text(const RunResult& result) {
  return base::print_integer(result.system_clock_hz, base::Unit::kHertz);
}

std::string latency(const RunResult& result) {
  const std::string number = result.cycles.exact() ? three_digits(result.latency_ms())
                                                   : three_digits(result.latency_ms()) + ".." +
                                                         three_digits(high_latency_ms(result));
  return fmt::format("{}  ({} cycles at {}; set-up, once: {})", number, interval(result.cycles),
                     clock_text(result), count(result.setup_cycles));
}

std::string inferences(const RunResult& result) {
  const std::string most = three_digits(result.inferences_per_s());
  return result.cycles.exact() ? most : three_digits(1e3 / high_latency_ms(result)) + ".." + most;
}

/// "760 B", "84.6 kB"
std::string bytes(std::int64_t value) {
  std::string text = count(value);
  const bool prefixed = text.back() > '9';
  text.insert(text.size() - (prefixed ? 1 : 0), " ");
  return text + "B";
}

std::string off_chip(const RunResult& result) {
  const std::int64_t least = result.compulsory_offchip_bytes();
  std::string text = bytes(result.offchip_bytes()) + ", compulsory " + bytes(least);
  if (least > 0) {
    text += fmt::format(
        ", {} times as much",
        three_digits(static_cast<double>(result.offchip_bytes()) / static_cast<double>(least)));
  }
  return text;
}

/// What the memories on the chip served: "sram 480 kB, external 84.6 kB".
std::string on_chip(const RunResult& result) {
  std::vector<std::string> parts;
  for (const MemoryTraffic& memory : total_of(result).traffic) {
    if (!memory.off_chip) {
      parts.push_back(memory.memory + " " + bytes(memory.total_read() + memory.total_written()));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string area(const energy::AreaReport& report) {
  std::string text = three_digits(static_cast<double>(report.total.nominal) /
                                  kSquareNanometresPerSquareMillimetre) +
                     range(report.total, kSquareNanometresPerSquareMillimetre);
  if (!report.unknown.empty()) {
    text += fmt::format("  without {}: unknown", fmt::join(report.unknown, ", "));
  }
  return text;
}

std::string check(const RunResult& result) {
  if (result.check.done) {
    return fmt::format("checked: {} tensors, {} bytes equal to the reference", result.check.tensors,
                       result.check.bytes);
  }
  return result.level == Level::kEstimate ? "not checked: an estimate has no values"
                                          : "not checked: --no-check";
}

/// "13 depthwise_conv2d, 1 softmax"
std::string kinds_text(const std::map<std::string, int>& kinds) {
  std::vector<std::string> parts;
  for (const auto& [kind, count] : kinds) {
    parts.push_back(fmt::format("{} {}", count, kind));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The text in lines that fit behind the names of the totals.
std::vector<std::string> wrapped(const std::string& text) {
  constexpr std::size_t kWidth = 102;
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > kWidth) {
      lines.emplace_back();
    }
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

/// How much runs on the host, and why, one line per reason; nothing when engines run it all.
std::vector<std::pair<std::string, std::string>> host_lines(const RunResult& result) {
  std::map<std::string, std::map<std::string, int>> reasons;
  std::int64_t cycles = 0;
  int operators = 0;
  for (const LayerResult& layer : result.layers) {
    if (layer.runner == "host") {
      ++reasons[layer.reason][layer.kind];
      cycles += layer.cycles.low;
      ++operators;
    }
  }
  std::vector<std::pair<std::string, std::string>> lines;
  if (operators > 0) {
    lines.emplace_back("on the host",
                       fmt::format("{} of {} operators, {} % of the cycles", operators,
                                   result.layers.size(), percent(cycles, result.cycles.low)));
  }
  for (const auto& [reason, kinds] : reasons) {
    for (const std::string& line : wrapped(kinds_text(kinds) + ": " + reason)) {
      lines.emplace_back("", line);
    }
  }
  return lines;
}

std::string totals(const RunResult& result) {
  constexpr double kAttojoulesPerMicrojoule = 1e12;
  std::vector<std::pair<std::string, std::string>> lines = {
      {"latency_ms", latency(result)},
      {"inferences_per_s", inferences(result)},
      {"energy_uJ",
       three_digits(result.energy_uj()) + range(result.energy.total, kAttojoulesPerMicrojoule)},
      {"  by confidence", by_confidence(result.energy)},
      {"  by component", by_component(result.energy)},
      {"average_power_mW", three_digits(result.average_power_mw())},
      {"TOPS_per_W", three_digits(result.tops_per_watt())},
      {"EDP_uJ_ms", three_digits(result.edp_uj_ms())},
      {"off chip", off_chip(result)},
      {"on chip", on_chip(result)},
      {"area_mm2", area(result.area)},
      {"outputs", check(result)}};
  const auto host = host_lines(result);
  lines.insert(lines.end(), host.begin(), host.end());
  for (const std::string& note : result.notes) {
    for (const std::string& line : wrapped(note)) {
      lines.emplace_back(line == wrapped(note).front() ? "note" : "", line);
    }
  }
  std::string text;
  for (const auto& [name, value] : lines) {
    text += fmt::format("{:<16}  {}\n", name, value);
  }
  if (!result.cycles.exact()) {
    text +=
        "\nlow..high: the cycles of the run lie inside; those of the layers sum to both ends. "
        "Shares, "
        "causes,\nenergies of layers and ratios are those at the lower end.\n";
  }
  return text;
}

}  // namespace

std::string format_table(const RunResult& result, Columns columns) {
  return fmt::format("{} on {}, level {}, weights: {}, {}, {}\n\n", result.network, result.platform,
                     level_name(result.level), weights_name(result), clock_text(result),
                     result.technology) +
         layer_table(result, columns) + "\n" + totals(result) +
         (result.dataset ? "\n" + dataset_table(*result.dataset) : "") +
         (result.sequence ? "\n" + sequence_table(*result.sequence, result.system_clock_hz) : "");
}

}  // namespace milliwatt::sim
