// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/plan.h"
#include "energy/pricing.h"
#include "sim/platform.h"
#include "sim/program.h"
#include "sim/result_builder.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// A platform and a network with all that is decided before the first cycle: plan, program, prices.
class Prepared {
 public:
  /// Throws UserError when the network cannot run on the platform, or not as forced, or something
  /// has no price.
  Prepared(Platform the_platform, workloads::Graph the_graph,
           const dataflows::ForcedPlan& forced = {});

  RunContext context() const { return {platform, graph, plan, program, prices}; }

  Platform platform;
  workloads::Graph graph;
  dataflows::Plan plan;
  Program program;
  energy::PriceList prices;
};

/// What the planner sees of the platform but for its engines: memory sizes, and the link costs that
/// follow from the timing of bus and memories, in cycles of the accelerator's clock.
dataflows::PlatformView view_of(const Platform& platform);

/// Plans the network for the platform's machine. Throws as dataflows::make_plan. Whether tensors
/// fit external memory beside the program, program_for() knows.
dataflows::Plan plan_for(const Platform& platform, const workloads::Graph& graph,
                         const dataflows::ForcedPlan& forced = {});

/// The plan, made with the same `forced`, as a program. Throws UserError when program and tensors
/// do not fit off chip: by how much, and every size of a memory that would do.
Program program_for(const Platform& platform, const workloads::Graph& graph,
                    const dataflows::Plan& plan, const dataflows::ForcedPlan& forced = {});

/// Every component that the platform's technology has to price. Throws UserError when parts of the
/// platform contradict each other.
std::vector<energy::Component> components_of(const Platform& platform);

/// Prices of everything that the platform's components may count.
energy::PriceList prices_for(const Platform& platform);

}  // namespace milliwatt::sim
