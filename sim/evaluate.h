// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shell/machine.h"
#include "sim/dataset_result.h"
#include "sim/prepare.h"
#include "workloads/dataset.h"

namespace milliwatt::sim {

/// Simulates one inference per image with the same plan and program. With `check`, every tensor of
/// every image is compared with the reference kernels. Throws SimulationError, naming the image,
/// where one differs or the simulation fails.
DatasetResult evaluate(const Prepared& prepared, const workloads::Dataset& set,
                       shell::Detail detail, bool check);

}  // namespace milliwatt::sim
