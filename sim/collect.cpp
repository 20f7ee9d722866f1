// SPDX-License-Identifier: Apache-2.0
#include "sim/collect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace milliwatt::sim {

Snapshot take_snapshot(const System& system, const mcu::NativeHost& host,
                       const shell::EngineCounters* engine) {
  Snapshot snapshot;
  std::vector<base::Counters>& all = snapshot.counts.components;
  all.push_back(system.sram.counters());
  all.push_back(system.external->counters());
  if (system.flash) {
    all.push_back(system.flash->counters());
  }
  for (memory::TargetId target = 0; target < system.bus.targets(); ++target) {
    all.push_back(system.bus.counters(target));
  }
  all.push_back(host.counters());
  if (engine != nullptr) {
    all.insert(all.end(), engine->machine.begin(), engine->machine.end());
    all.insert(all.end(), engine->buffers.begin(), engine->buffers.end());
    all.push_back(engine->output_stage);
    all.push_back(engine->vector_unit);
    all.push_back(engine->dma);
    all.push_back(engine->control);
  }
  snapshot.traffic = system.bus.served_bytes().entries();
  return snapshot;
}

mcu::ProgramPlace program_place(const Program& program) {
  return {program.region_bases[MW_REGION_PROGRAM],
          static_cast<std::uint32_t>(program.image.size())};
}

void add_host_activities(const mcu::NativeHost& host, const base::Clock& clock,
                         const dataflows::Plan& plan, Measurement& measurement) {
  const auto own = [&](int layer) {
    return layer != base::kNoLayer &&
           plan.operators[checked_layer(layer, plan.operators.size())].runner ==
               dataflows::Runner::kHost;
  };
  const std::vector<mcu::HostInterval>& all = host.timeline();
  const base::Cycles begin = clock.cycle_at_or_after(measurement.begin);
  auto first = std::lower_bound(
      all.begin(), all.end(), begin,
      [](const mcu::HostInterval& interval, base::Cycles t) { return interval.end <= t; });
  for (; first != all.end(); ++first) {
    const mcu::HostInterval& interval = *first;
    if (own(interval.layer) && interval.activity != mcu::HostActivity::kIdle) {
      measurement.activities.push_back(
          {Cause::kHost, clock.edge(interval.begin), clock.edge(interval.end)});
    }
  }
}

void check_host_accounts(const Measurement& measurement, const base::Clock& clock) {
  const base::Counters* host = measurement.counts.find("host");
  std::int64_t accounted = 0;
  for (int action = 0; host != nullptr && action < host->actions(); ++action) {
    accounted += host->total(action);
  }
  const base::Cycles passed =
      clock.cycle_at_or_after(measurement.end) - clock.cycle_at_or_after(measurement.begin);
  if (accounted != passed) {
    throw base::SimulationError(
        fmt::format("the host accounts for {} cycles, active and idle, of {}", accounted, passed));
  }
}

void cut_layers(const dataflows::Plan& plan, Measurement& measurement) {
  measurement.layer_begins =
      layer_begins(measurement.marks, measurement.spans, plan.operators.size(), measurement.begin,
                   measurement.end);
}

}  // namespace milliwatt::sim
