// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "workloads/graph.h"

namespace milliwatt::app {

/// Writes the network as a layer trace into `folder`, which is made where it does not exist:
/// NAME.yaml and its constants in NAME/. The trace comes last, so that one that is there is whole.
/// Returns the path of the trace. Throws UserError when the disk refuses.
std::string write_trace(const workloads::Graph& graph, const std::string& folder);

}  // namespace milliwatt::app
