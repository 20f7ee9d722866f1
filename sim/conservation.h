// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "memory/interconnect.h"

namespace milliwatt::sim {

/// Bytes as a module at the end of a link counted them itself.
struct EndCount {
  int id = 0;  ///< initiator or target
  std::uint64_t read = 0;
  std::uint64_t written = 0;
};

struct LinkEnds {
  std::vector<EndCount> ports;     ///< initiators
  std::vector<EndCount> memories;  ///< targets that hold bytes
};

/// Bytes are conserved: what initiators offered is what targets served, flow by flow, and what the
/// modules at both ends of the bus counted for themselves. Throws SimulationError naming the end
/// that disagrees.
void check_conservation(const memory::Interconnect& bus, const LinkEnds& ends);

}  // namespace milliwatt::sim
