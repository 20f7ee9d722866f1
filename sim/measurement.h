// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "memory/traffic_ledger.h"
#include "sim/results.h"
#include "sim/timeline.h"

namespace milliwatt::sim {

/// What one invocation left behind, whichever interpreter ran it: the raw material of a RunResult.
struct Measurement {
  base::Picoseconds begin = 0;  ///< of the invoke section
  base::Picoseconds end = 0;
  std::vector<LayerMark> marks;
  std::vector<LayerSpan> spans;  ///< of layers that engines ran
  /// When each layer began; the first one at `begin`. Ascending.
  std::vector<base::Picoseconds> layer_begins;
  std::vector<Activity> activities;
  base::ActionCounts counts;
  std::vector<memory::TrafficLedger::Entry> traffic;  ///< as the targets served it
  std::vector<UnitResult> units;                      ///< since power-up; empty for an estimate
  base::Picoseconds setup_time = 0;
  /// By how much the host's active cycles may differ from what an inexact estimate counts, because
  /// its bursts meet the clocks in other phases. 0 for everything exact.
  base::Cycles host_jitter = 0;
};

/// `after` less `before`, component by component: what happened in between.
base::ActionCounts difference(const base::ActionCounts& after, const base::ActionCounts& before);
std::vector<memory::TrafficLedger::Entry> difference(
    const std::vector<memory::TrafficLedger::Entry>& after,
    const std::vector<memory::TrafficLedger::Entry>& before);

}  // namespace milliwatt::sim
