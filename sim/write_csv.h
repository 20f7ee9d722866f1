// SPDX-License-Identifier: Apache-2.0
// The result of a run as comma-separated tables. docs/results.md documents every column; columns
// keep their names and order, new ones may be added.
#pragma once

#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// One row per layer, then one for the system (layer -1): what belongs to no layer. The columns of
/// counts and energies sum to those of the run.
std::string layers_csv(const RunResult& result);

/// One row for the whole run.
std::string summary_csv(const RunResult& result);

/// The cube component x action x layer: counts with what they cost, in attojoules.
std::string energy_csv(const RunResult& result);

}  // namespace milliwatt::sim
