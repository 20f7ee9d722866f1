// SPDX-License-Identifier: Apache-2.0
// What must hold of any command that any machine has run, found without the shell's own scoreboard.
#pragma once

#include <string>
#include <vector>

#include "shell/engine_core.h"

namespace milliwatt::shell::testing {

/// A step with the interval in which it ran.
struct RanStep {
  std::size_t step = 0;
  Interval interval;
};

/// The steps of the engine's last command, in schedule order: the n-th interval of a unit since the
/// command's beginning is the unit's n-th step. Empty when the timeline does not fit the schedule.
std::vector<RanStep> match_timeline(const dataflows::Schedule& schedule, const EngineCore& engine);

/// One line per fault of the engine's last command: a step that did not start exactly when the
/// last of what it depends on ended (compared with all pairs of steps), that ran for another layer
/// or for a time outside of its prediction, an operator's span that is not that of its steps.
std::vector<std::string> contract_faults(const dataflows::Schedule& schedule,
                                         const EngineCore& engine);

}  // namespace milliwatt::shell::testing
