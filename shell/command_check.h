// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/jobs.h"
#include "dataflows/schedule.h"

namespace milliwatt::shell {

/// Throws SimulationError, naming the step, when the command cannot run on an engine of this shape:
/// a unit, slot, job or operator that does not exist, a step on a unit of the wrong kind, a
/// transfer that leaves its slot, a unit whose step does not name the slots of its job.
void check_command(const dataflows::Command& command, const dataflows::EngineShape& shape);

/// The slot that a load fills or a store empties: the first of the list that is not a token.
template <typename Slots>
dataflows::SlotId data_slot(const dataflows::Schedule& schedule, const Slots& list) {
  for (const dataflows::SlotId slot : list) {
    if (schedule.slots[slot].bytes > 0) {
      return slot;
    }
  }
  return list[0];
}

}  // namespace milliwatt::shell
