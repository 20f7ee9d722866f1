// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/results.h"
#include "sim/write_tensors.h"

namespace milliwatt::sim {

/// Everything that `--out` holds: results.json, layers.csv, summary.csv, energy.csv, table.txt,
/// plan.txt, platform.yaml (the effective configuration) and outputs/*.npy.
Files result_files(const RunResult& result);

}  // namespace milliwatt::sim
