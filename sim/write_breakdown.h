// SPDX-License-Identifier: Apache-2.0
// Sums that several writers need.
#pragma once

#include <array>
#include <vector>

#include "sim/results.h"

namespace milliwatt::sim {

/// A run as if it were one layer: layers and system together. Utilisation is that of the engine
/// over the whole run, including what it did not compute. `name` is "total".
LayerResult total_of(const RunResult& result);

/// The layers in their order, then the system.
std::vector<const LayerResult*> rows_of(const RunResult& result);

/// Dynamic and static energy together.
energy::Bounds energy_of(const LayerResult& layer);

/// Energy of one layer (or base::kNoLayer) in two other cuts. Each sums to the layer's energy.
struct EnergyCut {
  std::vector<energy::Bounds> by_component;  ///< in the order of EnergyReport::by_component
  std::array<energy::Bounds, energy::kConfidences> by_confidence{};
};
EnergyCut cut_energy(const energy::EnergyReport& report, int layer);
/// The same for the whole run.
EnergyCut cut_energy(const energy::EnergyReport& report);

/// "file" or "seeded".
const char* weights_name(const RunResult& result);

/// The latency at the upper end of an estimate; the latency itself where it is exact.
double high_latency_ms(const RunResult& result);

/// Ratios of one layer; each 0 where there is nothing to divide by.
struct Metrics {
  double latency_ms = 0;
  double average_power_mw = 0;
  double tops_per_watt = 0;
};
Metrics metrics_of(const RunResult& result, const LayerResult& layer);

}  // namespace milliwatt::sim
