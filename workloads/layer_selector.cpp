// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace milliwatt::workloads {

namespace {

std::string unknown_name(const Graph& graph, const std::string& name) {
  std::vector<std::string> names;
  for (const Operator& op : graph.operators) {
    names.push_back(op.name);
  }
  return fmt::format("network '{}' has no layer '{}'{}", graph.name, name,
                     base::did_you_mean(name, names));
}

/// Why no layer is meant: the first key that fits none, or the keys together.
std::string nothing_found(const Graph& graph, const LayerSelector& selector) {
  const auto& ops = graph.operators;
  const auto none = [&](auto matches) { return std::none_of(ops.begin(), ops.end(), matches); };
  if (selector.name && none([&](const Operator& op) { return op.name == *selector.name; })) {
    return unknown_name(graph, *selector.name);
  }
  if (selector.index && *selector.index >= static_cast<std::int32_t>(ops.size())) {
    return fmt::format("network '{}' has no layer {}; its layers are 0 .. {}", graph.name,
                       *selector.index, ops.size() - 1);
  }
  if (selector.kind && none([&](const Operator& op) { return op.kind == *selector.kind; })) {
    return fmt::format("network '{}' has no layer of kind {}", graph.name,
                       operator_name(*selector.kind));
  }
  return "no layer fits all of name, index and kind that are given here";
}

}  // namespace

std::vector<std::size_t> selected_layers(const Graph& graph, const LayerSelector& selector,
                                         base::Diagnostics& faults) {
  std::vector<std::size_t> layers;
  if (!selector.name && !selector.index && !selector.kind) {
    faults.add(selector.place,
               "says no layer; give its name, its index or a kind, such as {kind: conv2d}");
    return layers;
  }
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const bool fits = (!selector.name || *selector.name == op.name) &&
                      (!selector.index || *selector.index == static_cast<std::int32_t>(i)) &&
                      (!selector.kind || *selector.kind == op.kind);
    if (fits) {
      layers.push_back(i);
    }
  }
  if (layers.empty()) {
    faults.add(selector.place, nothing_found(graph, selector));
  }
  return layers;
}

}  // namespace milliwatt::workloads
