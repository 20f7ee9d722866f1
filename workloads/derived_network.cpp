// SPDX-License-Identifier: Apache-2.0
#include "workloads/derived_network.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/schema.h"
#include "workloads/check.h"
#include "workloads/layer_selector.h"
#include "workloads/precision.h"
#include "workloads/pruning.h"

namespace milliwatt::workloads {

namespace {

using base::Diagnostics;
using base::Schema;
using base::YamlNode;

/// Widths as they stand for all layers or in an entry of the list.
struct PrecisionEntry : LayerSelector {
  std::optional<int> weights;
  std::optional<int> activations;
  base::Place weights_place;
  base::Place activations_place;
};

/// How to prune, as it stands for all layers or in an entry of the list.
struct PruneEntry : LayerSelector {
  std::optional<PrunePattern> pattern;
  std::optional<double> fraction;
  std::optional<std::int32_t> group;
  std::optional<PruneCriterion> criterion;
  base::Place group_place;
};

struct DerivedSpec {
  std::string network;
  std::optional<std::string> name;
  bool quantizes = false;
  PrecisionEntry precision;
  std::vector<PrecisionEntry> precisions;
  bool prunes = false;
  PruneEntry pruning;
  std::vector<PruneEntry> prunings;
  std::uint32_t seed = 1;
};

base::Place place_of(const YamlNode& map, const std::string& key) {
  const YamlNode* node = map.find(key);
  return node == nullptr ? map.place : node->place;
}

void declare_widths(Schema<PrecisionEntry>& s) {
  base::Parameter& weights = s.choice("weights", &PrecisionEntry::weights, {});
  base::Parameter& activations = s.choice("activations", &PrecisionEntry::activations, {});
  weights.doc("Bits of the weights; as they are without it.");
  activations.doc("Bits of the outputs; as they are without it.");
  for (int bits = 2; bits <= 8; ++bits) {
    weights.add_choice(std::to_string(bits), bits);
    activations.add_choice(std::to_string(bits), bits);
  }
  activations.add_choice("16", 16);
}

Schema<PrecisionEntry> quantize_schema() {
  Schema<PrecisionEntry> s{"quantize", "Widths of weights and activations of all layers."};
  declare_widths(s);
  s.elsewhere("layers", "Layers that differ; later entries win.");
  return s;
}

Schema<PrecisionEntry> quantized_layer_schema() {
  Schema<PrecisionEntry> s{"quantize_layers", "Layers of a network and their widths."};
  declare_selector(s);
  declare_widths(s);
  return s;
}

void declare_pruning(Schema<PruneEntry>& s) {
  s.choice("pattern", &PruneEntry::pattern,
           {{"unstructured", PrunePattern::kUnstructured},
            {"channel", PrunePattern::kChannel},
            {"simd_group", PrunePattern::kSimdGroup}})
      .doc("What becomes zero as a whole; unstructured without it.");
  s.real("fraction", &PruneEntry::fraction).range(0.0, 1.0).doc("Share that becomes zero.");
  s.integer("group", &PruneEntry::group)
      .range(2, 1024)
      .doc("Neighbours of the pattern simd_group; 4 without it.");
  s.choice("criterion", &PruneEntry::criterion,
           {{"magnitude", PruneCriterion::kMagnitude}, {"random", PruneCriterion::kRandom}})
      .doc("Which become zero; the smallest without it.");
}

base::Parameter seed_parameter() {
  base::Parameter seed("seed", base::Parameter::Kind::kInteger, base::Unit::kCount);
  seed.range(1, 4294967295).def(1).doc("Seed of random choices.");
  return seed;
}

Schema<PruneEntry> prune_schema() {
  Schema<PruneEntry> s{"prune", "Weights of all layers that become zero."};
  s.elsewhere("seed", "Seed of random choices; 1 without it.");
  declare_pruning(s);
  s.elsewhere("layers", "Layers that differ; later entries win.");
  return s;
}

Schema<PruneEntry> pruned_layer_schema() {
  Schema<PruneEntry> s{"prune_layers", "Layers of a network and what becomes zero of them."};
  declare_selector(s);
  declare_pruning(s);
  return s;
}

Schema<DerivedSpec> derived_schema() {
  Schema<DerivedSpec> s{"derived_network",
                        "A network made from another one, in a file of its own; "
                        "docs/precision.md."};
  s.text("network", &DerivedSpec::network).doc("The network to start from: a name or a file.");
  s.text("name", &DerivedSpec::name).doc("Name of the new network; that of the file without it.");
  s.elsewhere("quantize", "Widths of weights and activations.");
  s.elsewhere("prune", "Weights that become zero.");
  return s;
}

/// What a map says of all layers and, in its list `layers`, of some. `locate` notes where values
/// stand.
template <typename Entry, typename Locate>
void read_entries(const YamlNode& map, const Schema<Entry>& outer, const Schema<Entry>& inner,
                  Locate locate, Entry& all, std::vector<Entry>& entries, Diagnostics& faults) {
  outer.read(map, all, faults);
  all.place = map.place;
  locate(map, all);
  const YamlNode* items = map.is_map() ? base::find_list(map, "layers", faults) : nullptr;
  if (items == nullptr) {
    return;
  }
  for (const YamlNode& item : items->items) {
    Entry& entry = entries.emplace_back();
    inner.read(item, entry, faults);
    entry.place = item.place;
    locate(item, entry);
  }
}

void read_quantize(const YamlNode& map, DerivedSpec& spec, Diagnostics& faults) {
  spec.quantizes = true;
  const std::size_t before = faults.messages().size();
  const auto locate = [](const YamlNode& node, PrecisionEntry& entry) {
    entry.weights_place = place_of(node, "weights");
    entry.activations_place = place_of(node, "activations");
  };
  read_entries(map, quantize_schema(), quantized_layer_schema(), locate, spec.precision,
               spec.precisions, faults);
  const bool nothing =
      !spec.precision.weights && !spec.precision.activations && spec.precisions.empty();
  if (nothing && faults.messages().size() == before) {
    faults.add(map.place, "changes nothing; give weights, activations, or layers with one of them");
  }
}

void read_prune(const YamlNode& map, DerivedSpec& spec, Diagnostics& faults) {
  spec.prunes = true;
  const std::size_t before = faults.messages().size();
  const auto locate = [](const YamlNode& node, PruneEntry& entry) {
    entry.group_place = place_of(node, "group");
  };
  read_entries(map, prune_schema(), pruned_layer_schema(), locate, spec.pruning, spec.prunings,
               faults);
  if (const auto seed = map.is_map() ? seed_parameter().read_from(map, faults) : std::nullopt) {
    spec.seed = static_cast<std::uint32_t>(std::get<std::int64_t>(*seed));
  }
  const bool nothing = !spec.pruning.fraction && spec.prunings.empty();
  if (nothing && faults.messages().size() == before) {
    faults.add(map.place, "changes nothing; give a fraction, or layers with one");
  }
}

DerivedSpec read_spec(const YamlNode& root, Diagnostics& faults) {
  DerivedSpec spec;
  derived_schema().read(root, spec, faults);
  if (const YamlNode* quantize = root.find("quantize")) {
    read_quantize(*quantize, spec, faults);
  }
  if (const YamlNode* prune = root.find("prune")) {
    read_prune(*prune, spec, faults);
  }
  return spec;
}

/// Entries in their order, a later one over an earlier one.
std::vector<LayerPrecision> precisions_of(const Graph& graph, const DerivedSpec& spec,
                                          Diagnostics& faults) {
  LayerPrecision all;
  all.weights = spec.precision.weights;
  all.activations = spec.precision.activations;
  std::vector<LayerPrecision> layers(graph.operators.size(), all);
  for (const PrecisionEntry& entry : spec.precisions) {
    if (!entry.weights && !entry.activations) {
      faults.add(entry.place, "says nothing of its layers; give weights or activations");
    }
    for (const std::size_t i : selected_layers(graph, entry, faults)) {
      LayerPrecision& layer = layers[i];
      if (entry.weights) {
        layer.weights = entry.weights;
        layer.names_weights = true;
        layer.weights_place = entry.weights_place;
      }
      if (entry.activations) {
        layer.activations = entry.activations;
        layer.names_activations = true;
        layer.activations_place = entry.activations_place;
      }
    }
  }
  return layers;
}

template <typename T>
void override_with(std::optional<T>& value, const std::optional<T>& later) {
  if (later) {
    value = later;
  }
}

/// What holds for one layer after all its entries.
struct LayerPruning {
  PruneEntry entry;
  bool named = false;

  void add(const PruneEntry& later) {
    override_with(entry.pattern, later.pattern);
    override_with(entry.fraction, later.fraction);
    override_with(entry.criterion, later.criterion);
    if (later.group) {
      entry.group = later.group;
      entry.group_place = later.group_place;
    }
    entry.place = later.place;
    named = true;
  }

  std::optional<PruneRule> rule(Diagnostics& faults) const {
    if (!entry.fraction) {
      if (named) {
        faults.add(entry.place, "the key 'fraction' is missing, here and for all layers");
      }
      return std::nullopt;
    }
    PruneRule made;
    made.pattern = entry.pattern.value_or(made.pattern);
    made.fraction = *entry.fraction;
    made.group = entry.group.value_or(made.group);
    made.criterion = entry.criterion.value_or(made.criterion);
    made.named = named;
    made.place = entry.place;
    return made;
  }
};

/// A size of groups that no layer uses is a slip.
void check_groups(const DerivedSpec& spec, const std::vector<LayerPruning>& layers,
                  Diagnostics& faults) {
  bool used = false;
  for (const LayerPruning& layer : layers) {
    const bool groups = layer.entry.pattern == PrunePattern::kSimdGroup;
    used = used || groups;
    if (layer.named && layer.entry.group && !groups && !spec.pruning.group) {
      faults.add(layer.entry.group_place, "only the pattern simd_group has groups");
    }
  }
  if (spec.pruning.group && !used) {
    faults.add(spec.pruning.group_place, "only the pattern simd_group has groups");
  }
}

std::vector<std::optional<PruneRule>> rules_of(const Graph& graph, const DerivedSpec& spec,
                                               Diagnostics& faults) {
  std::vector<LayerPruning> layers(graph.operators.size(), LayerPruning{spec.pruning, false});
  for (const PruneEntry& entry : spec.prunings) {
    for (const std::size_t i : selected_layers(graph, entry, faults)) {
      layers[i].add(entry);
    }
  }
  check_groups(spec, layers, faults);
  std::vector<std::optional<PruneRule>> rules;
  for (const LayerPruning& layer : layers) {
    rules.push_back(layer.rule(faults));
  }
  return rules;
}

/// The rules of operators say what a network lacks that no longer fits them.
void check_result(const Graph& graph, const base::Place& place) {
  try {
    check_graph(graph);
  } catch (const base::UserError& error) {
    Diagnostics faults;
    for (const std::string& message : error.messages()) {
      faults.add(place, "the network does not stand these precisions: " + message);
    }
    faults.throw_if_any();
  }
}

}  // namespace

bool is_derived_network(const YamlNode& root) {
  const auto has = [&](const char* key) { return root.find(key) != nullptr; };
  return has("quantize") || has("prune") ||
         (has("network") && !has("layer_trace") && !has("layers"));
}

std::vector<SchemaDoc> derived_network_docs() {
  const auto doc = [](const auto& schema) {
    return SchemaDoc{schema.name(), schema.doc(), schema.describe()};
  };
  return {doc(derived_schema()), doc(quantize_schema()), doc(quantized_layer_schema()),
          doc(prune_schema()), doc(pruned_layer_schema())};
}

Graph derive_network(const YamlNode& root, const std::string& name, const NetworkReader& read) {
  Diagnostics faults;
  const DerivedSpec spec = read_spec(root, faults);
  faults.throw_if_any();
  Graph graph = read(spec.network);
  if (spec.prunes) {
    graph = pruned(graph, rules_of(graph, spec, faults), spec.seed, faults);
  }
  if (spec.quantizes) {
    graph = with_precision(graph, precisions_of(graph, spec, faults), faults);
  }
  faults.throw_if_any();
  graph.name = spec.name.value_or(name);
  check_result(graph, place_of(root, "quantize"));
  return graph;
}

}  // namespace milliwatt::workloads
