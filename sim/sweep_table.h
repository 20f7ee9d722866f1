// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/sweep_outcome.h"

namespace milliwatt::sim {

/// The columns of all rows: those of the first row, with what later rows add put behind the column
/// that it follows there. Depends on the rows and their order only.
std::vector<std::string> merge_columns(const std::vector<const PointOutcome*>& rows);

/// A table with a row per outcome: `key_cells`, the summary, status and error. Cells that a row
/// does not have stay empty. Throws InternalError unless there are as many keys as outcomes.
std::string outcome_table(const std::vector<std::string>& key_columns,
                          const std::vector<std::vector<std::string>>& key_cells,
                          const std::vector<const PointOutcome*>& outcomes);

}  // namespace milliwatt::sim
