// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sim/write_files.h"

namespace milliwatt::sim {

/// Prices the counts and times of a stored result with another technology: nothing is simulated
/// again. `folder` is one that a run has written; `technology` a name as in `technology.file` of a
/// platform, or the path of a file. Returns every file of the folder, byte for byte as a run with
/// that technology would have written it.
///
/// Throws UserError when the folder holds no result, when it is an estimate that is an interval
/// (the counts of its upper end are not stored), or when something has no price.
Files reprice(const std::string& folder, const std::string& technology);

}  // namespace milliwatt::sim
