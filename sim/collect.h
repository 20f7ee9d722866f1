// SPDX-License-Identifier: Apache-2.0
// What simulation and estimate collect in the same way.
#pragma once

#include <vector>

#include "dataflows/plan.h"
#include "mcu/native_host.h"
#include "shell/engine_counters.h"
#include "sim/measurement.h"
#include "sim/program.h"
#include "sim/system.h"

namespace milliwatt::sim {

/// All counts at one moment.
struct Snapshot {
  base::ActionCounts counts;
  std::vector<memory::TrafficLedger::Entry> traffic;
};

/// `engine`: null on a platform without an accelerator. Components: memories, bus links, host, the
/// engine's parts.
Snapshot take_snapshot(const System& system, const mcu::NativeHost& host,
                       const shell::EngineCounters* engine);

/// Where the host finds the program.
mcu::ProgramPlace program_place(const Program& program);

/// What the host did since measurement.begin. Its work for layers that it runs is Cause::kHost;
/// driving engines is control.
void add_host_activities(const mcu::NativeHost& host, const base::Clock& clock,
                         const dataflows::Plan& plan, Measurement& measurement);

/// The host accounts for every cycle of the inference, as active or idle, by its own count. Throws
/// SimulationError when they do not sum to the time that passed. `clock` is the host's.
void check_host_accounts(const Measurement& measurement, const base::Clock& clock);

/// Finds where each layer of the plan begins from marks and spans.
void cut_layers(const dataflows::Plan& plan, Measurement& measurement);

}  // namespace milliwatt::sim
