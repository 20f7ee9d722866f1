// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/plan.h"
#include "energy/pricing.h"
#include "sim/measurement.h"
#include "sim/platform.h"
#include "sim/program.h"
#include "sim/results.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// Everything that a result is made of, beside what was measured.
struct RunContext {
  const Platform& platform;
  const workloads::Graph& graph;
  const dataflows::Plan& plan;
  const Program& program;
  const energy::PriceList& prices;
};

/// Every component of the platform with the attributes that its price depends on, in the order of
/// Measurement::counts.
std::vector<energy::Component> platform_components(const Platform& platform,
                                                   const base::ActionCounts& counts);

/// Layers, traffic, energy and totals. `high` is the upper end of an estimate, and `low` itself
/// for everything exact. Throws SimulationError when an accounting identity does not hold.
RunResult build_result(const RunContext& context, Level level, const Measurement& low,
                       const Measurement& high);

/// The identities that concern whole results: layers sum to the total, causes to the
/// layers, compulsory traffic is a lower bound. Throws SimulationError naming the one that does
/// not hold.
void check_result(const RunResult& result);

}  // namespace milliwatt::sim
