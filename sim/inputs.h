// SPDX-License-Identifier: Apache-2.0
// Where the inputs of a run come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::sim {

/// What a user asked for.
struct InputRequest {
  /// Each "FILE", in the order of the network's inputs, or "NAME=FILE". Empty: seeded values.
  std::vector<std::string> files;
  std::uint32_t seed = 1;
  std::optional<std::uint32_t> invocations;  ///< none: as many as the files hold, or one
};

struct Inputs {
  /// At least one; of each the inputs in the order of graph.inputs.
  std::vector<std::vector<workloads::Bytes>> invocations;
  std::string origin;  ///< "seed 1, one stream", or the files
};

/// Throws UserError for a number that cannot be run.
void check_invocations(std::uint32_t invocations);

/// A file holds one input, which then serves all invocations, or one for each. Seeded values are
/// one stream over all of them. Throws UserError: no or too many files for the network's inputs, a
/// name that is none of them, and numbers of invocations that disagree.
Inputs load_inputs(const workloads::Graph& graph, const InputRequest& request);

}  // namespace milliwatt::sim
