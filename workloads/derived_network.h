// SPDX-License-Identifier: Apache-2.0
// Networks that a YAML file derives from another one: other precisions, weights set to zero
// (docs/precision.md).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/parameter.h"
#include "base/yaml.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Whether a YAML file is meant as a derived network: it has the key `quantize` or `prune`,
/// or a network and no layers.
bool is_derived_network(const base::YamlNode& root);

/// Reads the network that a derived one starts from: `word` as the file has it.
using NetworkReader = std::function<Graph(const std::string& word)>;

/// The network that the file describes; `name` is what it is called unless the file says so.
/// Weights are pruned before their precision changes. Throws UserError with file:line:column for
/// every fault of the file at once.
Graph derive_network(const base::YamlNode& root, const std::string& name,
                     const NetworkReader& read);

/// The keys of one map of the file.
struct SchemaDoc {
  std::string name;
  std::string doc;
  std::vector<base::ParameterRow> parameters;
};
/// What `milliwatt describe` shows of derived networks.
std::vector<SchemaDoc> derived_network_docs();

}  // namespace milliwatt::workloads
