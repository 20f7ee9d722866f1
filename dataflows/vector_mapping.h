// SPDX-License-Identifier: Apache-2.0
// Mapping of element-wise additions and pools onto the vector unit that every engine has.
#pragma once

#include <cstdint>
#include <string>

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
/// SimulationError when the tile does not fit the engine's vector buffers or the fields make no
/// sense.
Command expand_vector(const VectorCommand& command, const EngineShape& shape);

/// The largest tile whose operands and results fit, twice if possible (double buffering); 0 when
/// not even the smallest does.
std::int32_t vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape);

}  // namespace milliwatt::dataflows
