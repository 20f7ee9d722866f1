// SPDX-License-Identifier: Apache-2.0
#include "sim/result_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "sim/host_range.h"
#include "sim/system.h"

namespace milliwatt::sim {
namespace {

using dataflows::Runner;
using workloads::Operator;

std::string shape_text(const workloads::Tensor& tensor) {
  return fmt::format("{}", fmt::join(tensor.shape, "x"));
}

/// Targets of the bus are memories in this order, that of System, then registers.
std::vector<MemoryTraffic> empty_traffic(const Platform& platform) {
  std::vector<MemoryTraffic> traffic = {{"sram", false, {}, {}},
                                        {"external", !platform.external->on_chip(), {}, {}}};
  if (platform.flash) {
    traffic.push_back({"flash", !platform.flash->on_chip(), {}, {}});
  }
  return traffic;
}

LayerResult describe_layer(const RunContext& context, std::size_t index) {
  const Operator& op = context.graph.operators[index];
  const dataflows::PlannedOperator& planned = context.plan.operators[index];
  LayerResult layer;
  layer.index = static_cast<int>(index);
  layer.name = op.name;
  layer.kind = workloads::operator_name(op.kind);
  layer.runner = planned.runner == Runner::kEngine ? kAcceleratorName
                 : planned.runner == Runner::kHost ? "host"
                                                   : "none";
  layer.mapping = planned.task ? planned.task->mapping() : "";
  if (planned.runner == Runner::kHost) {
    layer.reason = planned.reason.empty() ? "there is no accelerator" : planned.reason;
  }
  layer.output_shape = shape_text(context.graph.tensor(op.outputs[0]));
  layer.macs = workloads::macs(context.graph, op);
  if (planned.runner == Runner::kEngine && layer.macs > 0) {
    layer.peak_macs_per_cycle = context.platform.machine->model()->peak_macs_per_cycle();
  }
  layer.compulsory_offchip_bytes = context.program.compulsory[index].total();
  layer.traffic = empty_traffic(context.platform);
  return layer;
}

/// Consecutive windows of the layers in cycles of `clock`; they cover the whole inference.
std::vector<Window> windows_of(const Measurement& m, const base::Clock& clock) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < m.layer_begins.size(); ++i) {
    const bool last = i + 1 == m.layer_begins.size();
    windows.push_back({clock.cycle_at_or_after(m.layer_begins[i]),
                       clock.cycle_at_or_after(last ? m.end : m.layer_begins[i + 1])});
  }
  return windows;
}

/// Spans of the inference itself, without those of the set-up.
void add_spans(RunResult& result, const Measurement& m, const base::Clock& clock) {
  const base::Cycles begin = clock.cycle_at_or_after(m.begin);
  std::vector<bool> seen(result.layers.size(), false);
  for (LayerResult& layer : result.layers) {
    layer.span_start_cycle = layer.start_cycle;
    layer.span_end_cycle = layer.end_cycle;
  }
  for (const LayerSpan& span : m.spans) {
    if (span.begin < m.begin) {
      continue;
    }
    const auto index = static_cast<std::size_t>(span.layer);
    LayerResult& layer = result.layers.at(index);
    const std::int64_t start = clock.cycle_at_or_after(span.begin) - begin;
    const std::int64_t end = clock.cycle_at_or_after(span.end) - begin;
    layer.span_start_cycle = seen[index] ? std::min(layer.span_start_cycle, start) : start;
    layer.span_end_cycle = seen[index] ? std::max(layer.span_end_cycle, end) : end;
    seen[index] = true;
  }
}

void add_times(RunResult& result, const Measurement& low, const Measurement& high,
               const base::Clock& clock) {
  const std::vector<Window> windows = windows_of(low, clock);
  const std::vector<Window> high_windows = windows_of(high, clock);
  const auto causes = attribute(low.activities, windows, clock);
  const base::Cycles begin = clock.cycle_at_or_after(low.begin);
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    LayerResult& layer = result.layers[i];
    layer.start_cycle = windows[i].begin - begin;
    layer.end_cycle = windows[i].end - begin;
    layer.cycles = {windows[i].end - windows[i].begin, high_windows[i].end - high_windows[i].begin};
    layer.cycles_by_cause = causes[i];
  }
  add_spans(result, low, clock);
  const auto length = [&](const Measurement& m) {
    return clock.cycle_at_or_after(m.end) - clock.cycle_at_or_after(m.begin);
  };
  result.cycles = {length(low), length(high)};
  if (low.begin != high.begin) {  // a later invocation, whose ends may differ by the clocks' phases
    result.cycles.high = std::max(result.cycles.low, result.cycles.high);
  }
  result.setup_cycles = clock.cycle_at_or_after(low.setup_time);
}

LayerResult& layer_of(RunResult& result, int layer) {
  return layer == base::kNoLayer ? result.system
                                 : result.layers.at(static_cast<std::size_t>(layer));
}

void add_traffic(RunResult& result, const Measurement& m) {
  for (const memory::TrafficLedger::Entry& entry : m.traffic) {
    std::vector<MemoryTraffic>& memories = layer_of(result, entry.layer).traffic;
    const auto target = static_cast<std::size_t>(entry.target);
    if (target >= memories.size()) {
      continue;
    }
    MemoryTraffic& traffic = memories[target];
    auto& bytes = entry.write ? traffic.written : traffic.read;
    bytes[static_cast<std::size_t>(entry.tensor_class)] += static_cast<std::int64_t>(entry.bytes);
  }
}

/// Static power is paid by time: each layer for its window.
std::vector<energy::LayerTime> layer_times(const Measurement& m) {
  std::vector<energy::LayerTime> times;
  for (std::size_t i = 0; i < m.layer_begins.size(); ++i) {
    const bool last = i + 1 == m.layer_begins.size();
    const base::Picoseconds end = last ? m.end : m.layer_begins[i + 1];
    times.push_back({static_cast<std::int32_t>(i), end - m.layer_begins[i]});
  }
  return times;
}

energy::EnergyReport price(const RunContext& context, const Measurement& m) {
  energy::EnergyReport report = energy::price(context.prices, energy::count_rows(m.counts),
                                              energy::always_on(context.prices, layer_times(m)));
  energy::check_identities(context.prices, report);
  return report;
}

energy::Bounds dynamic_energy_of_host(const energy::EnergyReport& report) {
  const auto host =
      std::find_if(report.by_component.begin(), report.by_component.end(),
                   [](const energy::NamedEnergy& energy) { return energy.name == "host"; });
  return host == report.by_component.end() ? energy::Bounds{} : host->dynamic_energy;
}

/// An estimate that is an interval in time or counts is one in energy. All counts of the truth lie
/// between those of the two ends but the host's, which have a range of their own.
energy::Bounds total_range(const energy::EnergyReport& low, const energy::EnergyReport& high,
                           const energy::Bounds& host) {
  energy::Bounds total = low.total;
  total.low += host.low - dynamic_energy_of_host(low).low;
  total.high = high.total.high + host.high - dynamic_energy_of_host(high).high;
  total.high = std::max(total.high, total.nominal);
  return total;
}

void add_energy(RunResult& result, const energy::EnergyReport& high, const energy::Bounds& host) {
  for (const energy::LayerEnergy& energy : result.energy.by_layer) {
    LayerResult& layer = layer_of(result, energy.layer);
    layer.dynamic_energy = energy.dynamic_energy;
    layer.static_energy = energy.static_energy;
  }
  result.energy.total = total_range(result.energy, high, host);
}

}  // namespace

std::vector<energy::Component> platform_components(const Platform& platform,
                                                   const base::ActionCounts& counts) {
  std::vector<energy::Component> machine;
  if (platform.machine) {
    machine = platform.machine->components(kAcceleratorName);
  }
  std::vector<energy::Component> all;
  for (const base::Counters& counters : counts.components) {
    const std::string& class_name = counters.component_class().name;
    const auto own = std::find_if(machine.begin(), machine.end(), [&](const auto& component) {
      return component.name == counters.instance();
    });
    if (own != machine.end()) {
      all.push_back(*own);
    } else if (counters.instance() == "sram") {
      all.push_back(energy::component_of(
          counters, {{"size_bytes", platform.sram.size},
                     {"width_bits", 8 * std::int64_t{platform.sram.width_bytes}},
                     {"banks", std::int64_t{platform.sram.banks}}}));
    } else if (class_name == "external_memory") {
      const auto& memory = counters.instance() == "flash" ? platform.flash : platform.external;
      all.push_back(energy::component_of(counters, {}, memory->prices()));
    } else if (class_name == "bus" || class_name == "dma") {
      const std::uint32_t width =
          class_name == "bus" ? platform.bus.width_bytes : platform.dma_width();
      all.push_back(energy::component_of(counters, {{"width_bits", 8 * std::int64_t{width}}}));
    } else {
      all.push_back(energy::component_of(counters, {}));
    }
  }
  return all;
}

RunResult build_result(const RunContext& context, Level level, const Measurement& low,
                       const Measurement& high) {
  RunResult result;
  result.platform = context.platform.name;
  result.network = context.graph.name;
  result.version = MILLIWATT_VERSION;
  result.level = level;
  result.weights = context.graph.weights;
  result.technology = context.prices.technology;
  result.notes = context.prices.notes;
  result.network_notes = context.graph.notes;
  result.system_clock_hz = context.platform.clocks.system;
  for (std::size_t i = 0; i < context.graph.operators.size(); ++i) {
    result.layers.push_back(describe_layer(context, i));
  }
  result.system.index = base::kNoLayer;
  result.system.name = "system";
  result.system.traffic = empty_traffic(context.platform);
  add_times(result, low, high, context.platform.system_clock());
  add_traffic(result, low);
  result.units = low.units;
  result.counts = low.counts;
  result.energy = price(context, low);
  add_energy(result, price(context, high), host_energy(context.prices, low, high));
  result.area = energy::area_report(context.prices);
  result.effective_configuration = context.platform.effective_yaml();
  check_result(result);
  return result;
}

void check_result(const RunResult& result) {
  std::int64_t cycles = 0;
  for (const LayerResult& layer : result.layers) {
    cycles += layer.cycles.low;
    const std::int64_t causes = std::accumulate(layer.cycles_by_cause.begin(),
                                                layer.cycles_by_cause.end(), std::int64_t{0});
    if (causes != layer.cycles.low) {
      throw base::SimulationError(fmt::format("layer {}: the causes sum to {} cycles of {}",
                                              layer.index, causes, layer.cycles.low));
    }
    if (layer.offchip_bytes() < layer.compulsory_offchip_bytes) {
      throw base::SimulationError(fmt::format("layer {}: {} bytes off chip, but {} are compulsory",
                                              layer.index, layer.offchip_bytes(),
                                              layer.compulsory_offchip_bytes));
    }
  }
  if (result.cycles.low > result.cycles.high) {
    throw base::SimulationError(fmt::format("the interval of {} to {} cycles is empty",
                                            result.cycles.low, result.cycles.high));
  }
  if (cycles != result.cycles.low) {
    throw base::SimulationError(
        fmt::format("the layers sum to {} cycles of {}", cycles, result.cycles.low));
  }
}

}  // namespace milliwatt::sim
