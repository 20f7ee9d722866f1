// SPDX-License-Identifier: Apache-2.0
// How entries of a YAML list say which layers of a network they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/schema.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Layers by name, by their number from 0 or by kind; what is given must all hold.
struct LayerSelector {
  std::optional<std::string> name;
  std::optional<std::int32_t> index;
  std::optional<OperatorKind> kind;
  base::Place place;
};

/// Declares the three keys for an entry that derives from LayerSelector.
template <typename Entry>
void declare_selector(base::Schema<Entry>& s) {
  using Text = std::optional<std::string> Entry::*;
  using Number = std::optional<std::int32_t> Entry::*;
  using Kind = std::optional<OperatorKind> Entry::*;
  s.text("name", static_cast<Text>(&Entry::name)).doc("Name of the layer.");
  s.integer("index", static_cast<Number>(&Entry::index))
      .range(0, 1'000'000)
      .doc("Number of the layer, the first is 0.");
  base::Parameter& kind =
      s.choice("kind", static_cast<Kind>(&Entry::kind), {}).doc("Every layer of this kind.");
  for (int i = 0; i < kOperatorKinds; ++i) {
    kind.add_choice(operator_name(static_cast<OperatorKind>(i)), i);
  }
}

/// Numbers of the layers, at least one. Where there is none, `faults` says why.
std::vector<std::size_t> selected_layers(const Graph& graph, const LayerSelector& selector,
                                         base::Diagnostics& faults);

}  // namespace milliwatt::workloads
