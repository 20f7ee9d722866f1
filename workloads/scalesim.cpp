// SPDX-License-Identifier: Apache-2.0
#include "workloads/scalesim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/files.h"
#include "base/integer_math.h"
#include "base/yaml.h"
#include "workloads/layer_trace.h"
#include "workloads/scalesim_table.h"

namespace milliwatt::workloads {

namespace {

using base::YamlNode;

constexpr std::int64_t kLargestTopologyBytes = 1 << 24;

/// SCALE-Sim runs these once per channel.
bool is_depthwise(const TopologyRow& row) { return row.name.find("DP") != std::string::npos; }

bool looks_depthwise(const TopologyRow& row) {
  std::string small = row.name;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto has = [&](const char* part) { return small.find(part) != std::string::npos; };
  return has("dw") || has("dp") || has("depthwise");
}

/// One dimension of a convolution: how far the filter moves, and in which steps.
struct Sweep {
  std::int64_t ifmap = 0;
  std::int64_t filter = 0;
  std::int64_t stride = 0;

  std::int64_t floor() const { return (ifmap - filter) / stride + 1; }
  std::int64_t ceiling() const { return base::divide_up(ifmap - filter + stride, stride); }
  /// The smallest ifmap of so many outputs.
  std::int64_t ifmap_for(std::int64_t outputs) const { return (outputs - 1) * stride + filter; }
};

void note_ceiling(const TopologyRow& row, bool has_pads, std::vector<std::string>& notes) {
  const Sweep down{row.padded_h(), row.filter_h, row.stride_h};
  const Sweep across{row.padded_w(), row.filter_w, row.stride_w};
  if (down.floor() == down.ceiling() && across.floor() == across.ceiling()) {
    return;
  }
  notes.push_back(fmt::format(
      "{}: the output is {} x {}; SCALE-Sim rounds up to {} x {}, reading beyond the ifmap. An "
      "ifmap of {} x {}{} is {} x {} for both, one of {} x {} is {} x {} for both",
      row.place.text(), down.floor(), across.floor(), down.ceiling(), across.ceiling(),
      down.ifmap_for(down.floor()), across.ifmap_for(across.floor()),
      has_pads ? ", padding included," : "", down.floor(), across.floor(),
      down.ifmap_for(down.ceiling()), across.ifmap_for(across.ceiling()), down.ceiling(),
      across.ceiling()));
}

void note_dense(const TopologyRow& row, std::vector<std::string>& notes) {
  if (is_depthwise(row) || row.channels == 1 || row.filters != 1 || !looks_depthwise(row)) {
    return;
  }
  notes.push_back(fmt::format(
      "{}: taken as one dense filter over {} channels, as it is written. If it is a depthwise "
      "layer, put DP into its name",
      row.place.text(), row.channels));
}

/// The topology as the document of a layer trace, every value at the place of its row.
class TraceWriter {
 public:
  explicit TraceWriter(const Topology& topology) : gemm_{topology.gemm} {
    for (const TopologyRow& row : topology.rows) {
      place_ = row.place;
      const std::string input = row.name + "/ifmap";
      YamlNode layer = gemm_ ? product(row) : convolution(row);
      layer.set("name", text(row.name));
      layer.set("inputs", list({text(input)}));
      layer.set("bias", word("false"));
      layers_.items.push_back(std::move(layer));
      YamlNode tensor = map();
      tensor.set("name", text(input));
      tensor.set("shape", gemm_ ? numbers({row.m, row.k})
                                : numbers({1, row.ifmap_h, row.ifmap_w, row.channels}));
      inputs_.items.push_back(std::move(tensor));
      outputs_.items.push_back(text(row.name));
    }
  }

  YamlNode document(const std::string& name, const base::Place& place) && {
    place_ = place;
    YamlNode root = map();
    root.set("layer_trace", word("1"));
    root.set("name", text(name));
    root.set("inputs", std::move(inputs_));
    root.set("layers", std::move(layers_));
    root.set("outputs", std::move(outputs_));
    return root;
  }

 private:
  YamlNode placed(YamlNode node) const {
    node.place = place_;
    return node;
  }
  YamlNode map() const { return placed(YamlNode::map()); }
  YamlNode text(const std::string& value) const { return placed(YamlNode::quoted_scalar(value)); }
  YamlNode word(const std::string& value) const { return placed(YamlNode::scalar(value)); }
  YamlNode number(std::int64_t value) const { return word(std::to_string(value)); }
  YamlNode list(std::vector<YamlNode> items) const {
    YamlNode node = placed(YamlNode::sequence());
    node.items = std::move(items);
    return node;
  }
  YamlNode numbers(const std::vector<std::int64_t>& values) const {
    std::vector<YamlNode> items;
    for (const std::int64_t value : values) {
      items.push_back(number(value));
    }
    return list(std::move(items));
  }

  YamlNode product(const TopologyRow& row) const {
    YamlNode layer = map();
    layer.set("kind", text(operator_name(OperatorKind::kFullyConnected)));
    layer.set("units", number(row.n));
    return layer;
  }

  YamlNode convolution(const TopologyRow& row) const {
    YamlNode layer = map();
    if (is_depthwise(row)) {
      layer.set("kind", text(operator_name(OperatorKind::kDepthwiseConv2d)));
      layer.set("multiplier", number(row.filters));
    } else {
      layer.set("kind", text(operator_name(OperatorKind::kConv2d)));
      layer.set("filters", number(row.filters));
    }
    layer.set("kernel", numbers({row.filter_h, row.filter_w}));
    layer.set("stride", numbers({row.stride_h, row.stride_w}));
    layer.set("padding", numbers({row.pad_h, row.pad_h, row.pad_w, row.pad_w}));
    return layer;
  }

  bool gemm_;
  base::Place place_;
  YamlNode inputs_ = YamlNode::sequence();
  YamlNode layers_ = YamlNode::sequence();
  YamlNode outputs_ = YamlNode::sequence();
};

}  // namespace

Graph read_topology(const std::string& path) {
  return parse_topology(base::read_file(path, kLargestTopologyBytes), path);
}

Graph parse_topology(std::string_view text, const std::string& name, std::int64_t most_bytes) {
  base::Diagnostics faults;
  const Topology topology = read_topology_rows(text, name, faults);
  faults.throw_if_any();
  const std::string stem = std::filesystem::path(name).stem().string();
  Graph graph =
      build_layer_trace(TraceWriter(topology).document(stem, {name, 1, 0, ""}), "", most_bytes);
  graph.batch = 1;
  for (const TopologyRow& row : topology.rows) {
    if (!topology.gemm) {
      note_ceiling(row, topology.has_pads, graph.notes);
      note_dense(row, graph.notes);
    }
  }
  return graph;
}

}  // namespace milliwatt::workloads
