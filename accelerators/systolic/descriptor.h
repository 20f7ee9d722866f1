// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "accelerators/systolic/fold_core.h"
#include "dataflows/systolic_mapping.h"
#include "shell/machine.h"

namespace milliwatt::systolic {

/// Reads an mw_systolic_descriptor and checks every field, so that whatever bytes were in memory,
/// expanding the command cannot overflow or run out of memory. Throws SimulationError naming the
/// first field that makes no sense.
dataflows::SystolicCommand decode_descriptor(const std::vector<std::uint8_t>& bytes,
                                             const shell::RegionBases& bases,
                                             const ArraySize& size);

}  // namespace milliwatt::systolic
