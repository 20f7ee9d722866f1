// SPDX-License-Identifier: Apache-2.0
// What a mapping costs, for choosing between mappings.
#pragma once

#include <cstdint>

#include "dataflows/engine.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::dataflows {

/// Cycles of a command by the recurrence over its schedule, with transfers at `costs`.
std::int64_t predicted_cycles(const SystolicCommand& command, const SystolicShape& shape,
                              const TransferCosts& costs);

/// Cycles that predicted_cycles() cannot stay below, without expanding the command: what its
/// busiest unit works, and the array's work between the first loads and the last store. The command
/// must have no misfit.
std::int64_t least_cycles(const SystolicCommand& command, const SystolicShape& shape,
                          const TransferCosts& costs);

}  // namespace milliwatt::dataflows
