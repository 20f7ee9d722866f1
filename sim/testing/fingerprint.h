// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::sim::testing {

/// Everything that a random system leaves behind, as one digest: its plan and program, both ends of
/// its estimate, and of its simulation all times, counts, bytes on the bus and tensors. Throws
/// SimulationError when `values` and `exact` differ.
std::string fingerprint(std::uint32_t seed);

}  // namespace milliwatt::sim::testing
