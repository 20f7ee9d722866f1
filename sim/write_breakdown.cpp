// SPDX-License-Identifier: Apache-2.0
#include "sim/write_breakdown.h"

#include <algorithm>

namespace milliwatt::sim {
namespace {

void add_traffic(LayerResult& total, const LayerResult& part) {
  for (const MemoryTraffic& traffic : part.traffic) {
    auto memory =
        std::find_if(total.traffic.begin(), total.traffic.end(),
                     [&](const MemoryTraffic& known) { return known.memory == traffic.memory; });
    if (memory == total.traffic.end()) {
      total.traffic.push_back({traffic.memory, traffic.off_chip, {}, {}});
      memory = total.traffic.end() - 1;
    }
    for (std::size_t i = 0; i < traffic.read.size(); ++i) {
      memory->read[i] += traffic.read[i];
      memory->written[i] += traffic.written[i];
    }
  }
}

void add(workloads::ZeroCount& total, const workloads::ZeroCount& part) {
  total.zeros += part.zeros;
  total.elements += part.elements;
}

void add_zeros(LayerZeros& total, const LayerZeros& part) {
  add(total.weights, part.weights);
  add(total.inputs, part.inputs);
  add(total.outputs, part.outputs);
}

std::size_t component_index(const energy::EnergyReport& report, const std::string& name) {
  const auto found =
      std::find_if(report.by_component.begin(), report.by_component.end(),
                   [&](const energy::NamedEnergy& component) { return component.name == name; });
  return static_cast<std::size_t>(found - report.by_component.begin());
}

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

double latency_ms(std::int64_t cycles, const RunResult& result) {
  return ratio(static_cast<double>(cycles) * 1e3, static_cast<double>(result.system_clock_hz));
}

}  // namespace

LayerResult total_of(const RunResult& result) {
  LayerResult total;
  total.index = static_cast<int>(result.layers.size());
  total.name = "total";
  total.end_cycle = result.cycles.low;
  total.cycles = result.cycles;
  total.macs = result.macs();
  total.compulsory_offchip_bytes = result.compulsory_offchip_bytes();
  for (const LayerResult* layer : rows_of(result)) {
    for (std::size_t i = 0; i < layer->cycles_by_cause.size(); ++i) {
      total.cycles_by_cause[i] += layer->cycles_by_cause[i];
    }
    add_zeros(total.zeros, layer->zeros);
    total.peak_macs_per_cycle = std::max(total.peak_macs_per_cycle, layer->peak_macs_per_cycle);
    add_traffic(total, *layer);
  }
  total.dynamic_energy = result.energy.dynamic_total;
  total.static_energy = result.energy.static_total;
  return total;
}

std::vector<const LayerResult*> rows_of(const RunResult& result) {
  std::vector<const LayerResult*> rows;
  for (const LayerResult& layer : result.layers) {
    rows.push_back(&layer);
  }
  rows.push_back(&result.system);
  return rows;
}

energy::Bounds energy_of(const LayerResult& layer) {
  return energy::checked_add(layer.dynamic_energy, layer.static_energy);
}

EnergyCut cut_energy(const energy::EnergyReport& report, int layer) {
  EnergyCut cut;
  cut.by_component.resize(report.by_component.size());
  for (const energy::EnergyRow& row : report.rows) {
    if (row.layer == layer) {
      energy::Bounds& component = cut.by_component.at(component_index(report, row.component));
      component = energy::checked_add(component, row.energy);
      energy::Bounds& confidence = cut.by_confidence[static_cast<std::size_t>(row.confidence)];
      confidence = energy::checked_add(confidence, row.energy);
    }
  }
  return cut;
}

EnergyCut cut_energy(const energy::EnergyReport& report) {
  EnergyCut cut;
  for (const energy::NamedEnergy& component : report.by_component) {
    cut.by_component.push_back(
        energy::checked_add(component.dynamic_energy, component.static_energy));
  }
  cut.by_confidence = report.by_confidence;
  return cut;
}

const char* weights_name(const RunResult& result) {
  return result.weights == workloads::WeightsOrigin::kFile ? "file" : "seeded";
}

double high_latency_ms(const RunResult& result) { return latency_ms(result.cycles.high, result); }

Metrics metrics_of(const RunResult& result, const LayerResult& layer) {
  const double energy_uj = static_cast<double>(energy_of(layer).nominal) / 1e12;
  Metrics metrics;
  metrics.latency_ms = latency_ms(layer.cycles.low, result);
  metrics.average_power_mw = ratio(energy_uj, metrics.latency_ms);
  metrics.tops_per_watt = ratio(2 * static_cast<double>(layer.macs), energy_uj) * 1e-6;
  return metrics;
}

}  // namespace milliwatt::sim
