// SPDX-License-Identifier: Apache-2.0
// Networks written by hand: a YAML list of layers, with or without data (docs/layer-trace.md).
#pragma once

#include <string>

#include "base/yaml.h"
#include "workloads/check.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Reads a layer trace; data files are looked for relative to the trace. Tensors without a file
/// get seeded values, outputs without a scale get one at which few of them saturate; then
/// graph.weights is kSeeded. Throws UserError with file:line:column for every fault at once.
Graph read_layer_trace(const std::string& path);

/// The same from a text; `name` stands for the file, `folder` is where data files are. The tensors
/// may take `most_bytes` together.
Graph parse_layer_trace(const std::string& text, const std::string& name, const std::string& folder,
                        std::int64_t most_bytes = kMaximumNetworkBytes);

/// The same from a document that another reader made; its places are those of messages.
Graph build_layer_trace(const base::YamlNode& document, const std::string& folder,
                        std::int64_t most_bytes = kMaximumNetworkBytes);

}  // namespace milliwatt::workloads
