// SPDX-License-Identifier: Apache-2.0
// Any network as a layer trace with files that reads back to the same network.
#pragma once

#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// A layer trace and the files that it names, which lie relative to it.
struct ExportedTrace {
  struct File {
    std::string path;
    std::string bytes;
  };

  std::string name;  ///< of the trace's file, without ".yaml": letters, digits, '_', '-' and '.'
  std::string yaml;
  std::vector<File> files;  ///< in NAME/, one .npy per constant that is not a few plain integers
};

/// Every graph that passes check_graph() and takes up to kMaximumNetworkBytes reads back with the
/// same tensors and operators under the same ids, bit by bit; equal graphs give equal bytes. Left
/// out: bits behind the last element of a packed constant, which mean nothing, and the quantization
/// of empty tensors that nothing uses where it has faults. Throws UserError for larger networks and
/// for names that are not UTF-8.
ExportedTrace export_layer_trace(const Graph& graph);

/// The double whose shortest text is the shortest that reads back to `value` as a float32.
double shortest_double(float value);

}  // namespace milliwatt::workloads
