// SPDX-License-Identifier: Apache-2.0
#include "sim/write_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "sim/write_breakdown.h"
#include "sim/write_numbers.h"

namespace milliwatt::sim {
namespace {

constexpr int kNanojoule = 9;  // attojoules to nanojoules, in powers of ten
constexpr int kMicrojoule = 12;
constexpr int kSquareMillimetre = 12;  // nm^2 to mm^2

/// One row with the names of its columns.
class Row {
 public:
  void add(std::string column, std::string cell) {
    header_.push_back(std::move(column));
    cells_.push_back(std::move(cell));
  }
  void add(std::string column, std::int64_t value) {
    add(std::move(column), std::to_string(value));
  }
  void add(std::string column, double value) { add(std::move(column), shortest(value)); }
  /// `value` / 10^places
  void add_scaled(std::string column, std::int64_t value, int places) {
    add(std::move(column), decimal(value, places));
  }

  const std::vector<std::string>& header() const { return header_; }
  const std::vector<std::string>& cells() const { return cells_; }

 private:
  std::vector<std::string> header_;
  std::vector<std::string> cells_;
};

std::string table(const std::vector<Row>& rows) {
  base::CsvWriter csv(rows.front().header());
  for (const Row& row : rows) {
    csv.add_row(row.cells());
  }
  return csv.text();
}

/// "accelerator.array" as part of a column's name.
std::string in_column_name(std::string component) {
  std::replace(component.begin(), component.end(), '.', '_');
  return component;
}

void add_cycles(Row& row, const LayerResult& part) {
  row.add("cycles", part.cycles.low);
  row.add("cycles_low", part.cycles.low);
  row.add("cycles_high", part.cycles.high);
  for (int i = 0; i < kCauses; ++i) {
    row.add(fmt::format("cycles_{}", cause_name(static_cast<Cause>(i))),
            part.cycles_by_cause[static_cast<std::size_t>(i)]);
  }
  row.add("bound_by", std::string(part.cycles.low > 0 ? cause_name(part.bound_by()) : ""));
}

void add_work(Row& row, const LayerResult& part) {
  row.add("macs", part.macs);
  row.add("peak_macs_per_cycle", part.peak_macs_per_cycle);
  row.add("utilisation", part.utilisation());
}

void add_traffic(Row& row, const LayerResult& part) {
  for (const MemoryTraffic& traffic : part.traffic) {
    for (int i = 0; i < base::kTensorClasses; ++i) {
      const char* name = base::tensor_class_name(static_cast<base::TensorClass>(i));
      const auto slot = static_cast<std::size_t>(i);
      row.add(fmt::format("{}_{}_read_bytes", traffic.memory, name), traffic.read[slot]);
      row.add(fmt::format("{}_{}_written_bytes", traffic.memory, name), traffic.written[slot]);
    }
  }
  row.add("offchip_bytes", part.offchip_bytes());
  row.add("compulsory_offchip_bytes", part.compulsory_offchip_bytes);
  row.add("arithmetic_intensity_macs_per_byte", part.arithmetic_intensity());
}

/// `unit`: "nJ" or "uJ", 10^places attojoules.
void add_energy(Row& row, const RunResult& result, const LayerResult& part,
                const energy::Bounds& total, const EnergyCut& cut, const char* unit, int places) {
  row.add_scaled(fmt::format("energy_{}", unit), total.nominal, places);
  row.add_scaled(fmt::format("energy_low_{}", unit), total.low, places);
  row.add_scaled(fmt::format("energy_high_{}", unit), total.high, places);
  row.add_scaled(fmt::format("energy_dynamic_{}", unit), part.dynamic_energy.nominal, places);
  row.add_scaled(fmt::format("energy_static_{}", unit), part.static_energy.nominal, places);
  for (std::size_t i = 0; i < cut.by_component.size(); ++i) {
    const std::string name = in_column_name(result.energy.by_component[i].name);
    row.add_scaled(fmt::format("energy_{}_{}", name, unit), cut.by_component[i].nominal, places);
  }
  for (const base::Confidence confidence : energy::kAllConfidences) {
    row.add_scaled(fmt::format("energy_{}_{}", base::confidence_name(confidence), unit),
                   cut.by_confidence[static_cast<std::size_t>(confidence)].nominal, places);
  }
}

/// `name`: "weight", "input" or "output".
void add_zeros(Row& row, const std::string& name, const workloads::ZeroCount& count) {
  row.add(name + "_zeros", count.zeros);
  row.add(name + "_elements", count.elements);
  row.add(name + "_zero_fraction", count.fraction());
}

Row layer_row(const RunResult& result, const LayerResult& layer) {
  Row row;
  row.add("layer", std::int64_t{layer.index});
  row.add("name", layer.name);
  row.add("kind", layer.kind);
  row.add("runner", layer.runner);
  row.add("mapping", layer.mapping);
  row.add("output_shape", layer.output_shape);
  row.add("start_cycle", layer.start_cycle);
  row.add("end_cycle", layer.end_cycle);
  row.add("span_start_cycle", layer.span_start_cycle);
  row.add("span_end_cycle", layer.span_end_cycle);
  add_cycles(row, layer);
  add_work(row, layer);
  add_traffic(row, layer);
  add_energy(row, result, layer, energy_of(layer), cut_energy(result.energy, layer.index), "nJ",
             kNanojoule);
  const Metrics metrics = metrics_of(result, layer);
  row.add("latency_ms", metrics.latency_ms);
  row.add("average_power_mW", metrics.average_power_mw);
  row.add("TOPS_per_W", metrics.tops_per_watt);
  add_zeros(row, "weight", layer.zeros.weights);
  add_zeros(row, "input", layer.zeros.inputs);
  add_zeros(row, "output", layer.zeros.outputs);
  return row;
}

void add_identity(Row& row, const RunResult& result) {
  row.add("platform", result.platform);
  row.add("network", result.network);
  row.add("level", std::string(level_name(result.level)));
  row.add("weights", std::string(weights_name(result)));
  row.add("technology", result.technology);
  row.add("version", result.version);
  row.add("clock_Hz", result.system_clock_hz);
}

void add_metrics(Row& row, const RunResult& result) {
  row.add("latency_ms", result.latency_ms());
  row.add("latency_high_ms", high_latency_ms(result));
  row.add("average_power_mW", result.average_power_mw());
  row.add("inferences_per_s", result.inferences_per_s());
  row.add("TOPS_per_W", result.tops_per_watt());
  row.add("EDP_uJ_ms", result.edp_uj_ms());
}

void add_area(Row& row, const energy::AreaReport& area) {
  row.add_scaled("area_mm2", area.total.nominal, kSquareMillimetre);
  row.add_scaled("area_low_mm2", area.total.low, kSquareMillimetre);
  row.add_scaled("area_high_mm2", area.total.high, kSquareMillimetre);
  row.add("area_unknown", fmt::format("{}", fmt::join(area.unknown, ";")));
}

}  // namespace

std::string layers_csv(const RunResult& result) {
  std::vector<Row> rows;
  for (const LayerResult* layer : rows_of(result)) {
    rows.push_back(layer_row(result, *layer));
  }
  return table(rows);
}

std::string summary_csv(const RunResult& result) {
  const LayerResult total = total_of(result);
  Row row;
  add_identity(row, result);
  add_metrics(row, result);
  add_cycles(row, total);
  row.add("setup_cycles", result.setup_cycles);
  add_work(row, total);
  add_traffic(row, total);
  add_energy(row, result, total, result.energy.total, cut_energy(result.energy), "uJ", kMicrojoule);
  add_area(row, result.area);
  row.add("checked_tensors", result.check.tensors);
  row.add("checked_bytes", result.check.bytes);
  return table({row});
}

std::string energy_csv(const RunResult& result) {
  base::CsvWriter csv({"kind", "component", "action", "layer", "count", "energy_aJ",
                       "energy_low_aJ", "energy_high_aJ", "confidence"});
  for (const energy::EnergyRow& row : result.energy.rows) {
    csv.add_row({row.kind == energy::EnergyKind::kDynamic ? "dynamic" : "static", row.component,
                 row.action, std::to_string(row.layer), std::to_string(row.count),
                 std::to_string(row.energy.nominal), std::to_string(row.energy.low),
                 std::to_string(row.energy.high),
                 std::string(base::confidence_name(row.confidence))});
  }
  return csv.text();
}

}  // namespace milliwatt::sim
