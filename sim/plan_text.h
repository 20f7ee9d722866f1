// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataflows/plan.h"
#include "sim/program.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// The plan for people: who runs each operator and how, and where each tensor lives and how long.
std::string plan_text(const workloads::Graph& graph, const dataflows::Plan& plan,
                      const Program& program);

}  // namespace milliwatt::sim
