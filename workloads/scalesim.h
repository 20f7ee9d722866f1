// SPDX-License-Identifier: Apache-2.0
// Networks from the topology files of SCALE-Sim: a table of layer sizes (docs/scalesim.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "workloads/check.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Reads a topology of convolutions or of matrix products. Layers do not feed each other: each has
/// an input and an output of its own, int8, with seeded weights and no bias. graph.notes names the
/// layers that SCALE-Sim gives another size, and those that look like depthwise layers and are not
/// marked as such. Throws UserError with file and line for every fault at once.
Graph read_topology(const std::string& path);

/// The same from a text; `name` stands for the file.
Graph parse_topology(std::string_view text, const std::string& name,
                     std::int64_t most_bytes = kMaximumNetworkBytes);

}  // namespace milliwatt::workloads
