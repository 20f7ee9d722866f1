// SPDX-License-Identifier: Apache-2.0
// Mapping of element-wise additions and pools onto the vector unit that every engine has.
#pragma once

#include <cstdint>

#include "abi/descriptor.h"
#include "dataflows/jobs.h"

namespace milliwatt::dataflows {

/// A decoded mw_vector_descriptor: places are bus addresses.
struct VectorCommand {
  mw_vector_descriptor fields{};
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t output = 0;
};

/// Expands a command to its steps: additions tile by elements, pools by output rows. Throws
/// SimulationError with the `vector_fault` (dataflows/vector_tile.h).
Command expand_vector(const VectorCommand& command, const EngineShape& shape);

}  // namespace milliwatt::dataflows
