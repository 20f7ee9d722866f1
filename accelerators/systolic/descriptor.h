// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/systolic_mapping.h"
#include "shell/machine.h"

namespace milliwatt::systolic {

/// Reads an mw_systolic_descriptor, whatever bytes were in memory, and checks every field by itself
/// and the geometry. Throws SimulationError naming the first fault. Whether the mapping fits the
/// machine is for dataflows::expand to say.
dataflows::SystolicCommand decode_descriptor(const std::vector<std::uint8_t>& bytes,
                                             const shell::RegionBases& bases);

}  // namespace milliwatt::systolic
