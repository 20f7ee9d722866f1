// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/utf8.h"
#include "workloads/check.h"
#include "workloads/layer_attributes.h"
#include "workloads/layer_kinds.h"
#include "workloads/layer_weights.h"
#include "workloads/npy.h"

namespace milliwatt::workloads {

namespace {

using base::YamlNode;
using K = OperatorKind;

/// Most integers of a constant that are written into the trace itself.
constexpr std::int64_t kMostValues = 8;
constexpr std::size_t kMostFileName = 40;

/// Text with every character that a file system might mind replaced.
std::string file_name(const std::string& text, const std::string& otherwise) {
  std::string name;
  for (const char letter : text.substr(0, kMostFileName)) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool safe = byte < 0x80 && (std::isalnum(byte) != 0 || letter == '-' || letter == '.');
    name += safe ? letter : '_';
  }
  const bool hidden = name.find_first_not_of("._") == std::string::npos;
  return hidden ? otherwise : name;
}

YamlNode number(std::int64_t value) { return YamlNode::scalar(fmt::format("{}", value)); }
YamlNode real(float value) { return YamlNode::scalar(fmt::format("{}", shortest_double(value))); }

template <typename T>
YamlNode numbers(const std::vector<T>& values) {
  YamlNode list = YamlNode::sequence();
  for (const T value : values) {
    list.items.push_back(number(value));
  }
  return list;
}

const char* role_name(TensorRole role) {
  switch (role) {
    case TensorRole::kInput:
      return "input";
    case TensorRole::kConstant:
      return "constant";
    case TensorRole::kActivation:
      return "activation";
    case TensorRole::kState:
      return "state";
  }
  throw base::InternalError("tensor role without a name");
}

/// Writes one graph.
class Exporter {
 public:
  explicit Exporter(const Graph& graph) : graph_{graph} {
    check_size();
    trace_.name = file_name(graph.name, "network");
    choose_names();
  }

  ExportedTrace run() {
    std::string& out = trace_.yaml;
    out = "# Written by milliwatt network --export-trace; docs/layer-trace.md explains the keys.\n";
    out += "layer_trace: 1\n";
    out += "name: " + text(graph_.name) + "\n";
    if (graph_.batch != first_extent()) {
      out += fmt::format("batch: {}\n", graph_.batch);
    }
    if (graph_.weights == WeightsOrigin::kSeeded) {
      out += "seeded_weights: true\n";
    }
    out += "tensors:\n";
    for (std::size_t id = 0; id < graph_.tensors.size(); ++id) {
      out += "  - " + base::write_yaml_line(tensor(id)) + "\n";
    }
    out += "inputs: " + base::write_yaml_line(names(graph_.inputs)) + "\n";
    out += "layers:\n";
    for (const Operator& op : graph_.operators) {
      out += "  - " + base::write_yaml_line(layer(op)) + "\n";
    }
    out += "outputs: " + base::write_yaml_line(names(graph_.outputs)) + "\n";
    return std::move(trace_);
  }

 private:
  void check_size() const {
    std::int64_t bytes = 0;
    for (const Tensor& tensor : graph_.tensors) {
      bytes += tensor.bytes();
    }
    if (bytes > kMaximumNetworkBytes) {
      throw base::UserError(
          fmt::format("{}: tensors of {} bytes are too much for a layer trace, "
                      "which takes up to {}",
                      graph_.name, bytes, kMaximumNetworkBytes));
    }
  }

  static std::string text(const std::string& name) {
    if (base::first_non_text(name) != name.size()) {
      throw base::UserError("the name '" + name + "' is not UTF-8, which a layer trace must be");
    }
    return base::write_yaml_line(YamlNode::scalar(name));
  }

  /// Tensors keep their names; one without, and all but the first of those that share one, gets a
  /// name of its own.
  void choose_names() {
    std::set<std::string> taken;
    for (const Tensor& tensor : graph_.tensors) {
      text(tensor.name);
      taken.insert(tensor.name);
    }
    std::set<std::string> given;
    for (std::size_t id = 0; id < graph_.tensors.size(); ++id) {
      std::string name = graph_.tensors[id].name;
      if (name.empty() || !given.insert(name).second) {
        name = fmt::format("{}#{}", name.empty() ? "tensor" : name, id);
        while (!taken.insert(name).second) {
          name += '#';
        }
      }
      names_.push_back(std::move(name));
    }
  }

  std::int32_t first_extent() const {
    const bool known =
        !graph_.inputs.empty() && !graph_.tensor(graph_.inputs.front()).shape.empty();
    return known ? graph_.tensor(graph_.inputs.front()).shape.front() : 1;
  }

  YamlNode names(const std::vector<TensorId>& ids) const {
    YamlNode list = YamlNode::sequence();
    for (const TensorId id : ids) {
      list.items.push_back(
          id == kNoTensor ? YamlNode() : YamlNode::scalar(names_.at(static_cast<std::size_t>(id))));
    }
    return list;
  }

  YamlNode tensor(std::size_t id) {
    const Tensor& tensor = graph_.tensors[id];
    YamlNode map = YamlNode::map();
    map.set("name", YamlNode::scalar(names_[id]));
    if (tensor.name != names_[id]) {
      map.set("label", YamlNode::scalar(tensor.name));
    }
    map.set("role", YamlNode::scalar(role_name(tensor.role)));
    map.set("type", YamlNode::scalar(element_name(tensor.type)));
    map.set("shape", numbers(tensor.shape));
    add_quantization(tensor.quantization, map);
    if (tensor.role == TensorRole::kConstant) {
      add_elements(id, map);
    }
    return map;
  }

  static void add_quantization(const Quantization& q, YamlNode& map) {
    const bool sound = q.scales.size() == q.zero_points.size() &&
                       std::all_of(q.scales.begin(), q.scales.end(),
                                   [](float s) { return std::isfinite(s) && s > 0.0F; });
    if (!q.scales.empty() && sound) {
      YamlNode scales = YamlNode::sequence();
      for (const float scale : q.scales) {
        scales.items.push_back(real(scale));
      }
      const std::int32_t first = q.zero_points.front();
      const bool equal = std::count(q.zero_points.begin(), q.zero_points.end(), first) ==
                         static_cast<std::ptrdiff_t>(q.zero_points.size());
      map.set("scale", q.scales.size() == 1 ? scales.items.front() : std::move(scales));
      map.set("zero_point", equal ? number(first) : numbers(q.zero_points));
    }
    if (q.dimension != 0) {
      map.set("channel_axis", number(q.dimension));
    }
  }

  void add_elements(std::size_t id, YamlNode& map) {
    const Tensor& tensor = graph_.tensors[id];
    const std::int64_t count = tensor.elements();
    const bool plain = tensor.type == ElementType::kInt32 || tensor.type == ElementType::kInt64;
    if (plain && count <= kMostValues) {
      std::vector<std::int64_t> values;
      for (std::int64_t i = 0; i < count; ++i) {
        values.push_back(stored_integer(tensor, i));
      }
      map.set("values", numbers(values));
      return;
    }
    const std::string path =
        fmt::format("{}/{:04}_{}.npy", trace_.name, id, file_name(tensor.name, "constant"));
    map.set("file", YamlNode::scalar(path));
    trace_.files.push_back({path, format_npy(array(tensor))});
  }

  /// Elements narrower than a byte as int8.
  static NpyArray array(const Tensor& tensor) {
    if (!is_sub_byte(tensor.type)) {
      return {tensor.type, tensor.shape, tensor.data};
    }
    NpyArray wide{ElementType::kInt8, tensor.shape, {}};
    for (std::int64_t i = 0; i < tensor.elements(); ++i) {
      wide.data.push_back(static_cast<std::uint8_t>(stored_integer(tensor, i)));
    }
    return wide;
  }

  YamlNode layer(const Operator& op) const {
    text(op.name);
    LayerSpec spec = layer_of(op);
    YamlNode map = YamlNode::map();
    map.set("kind", YamlNode::scalar(operator_name(op.kind)));
    map.set("name", YamlNode::scalar(op.name));
    map.set("inputs", names(op.inputs));
    map.set("outputs", names(op.outputs));
    if (op.states != states_among(op.inputs)) {
      map.set("states", names(op.states));
    }
    add_window(spec, map);
    add_lists(spec, map);
    for (base::YamlEntry& entry : layer_schema(op.kind, {true, true}).dump(spec).entries) {
      map.set(entry.key, std::move(entry.value));
    }
    return map;
  }

  std::vector<TensorId> states_among(const std::vector<TensorId>& ids) const {
    std::vector<TensorId> states;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(states), [this](TensorId id) {
      return id != kNoTensor && graph_.tensor(id).role == TensorRole::kState;
    });
    return states;
  }

  static void add_window(const LayerSpec& spec, YamlNode& map) {
    if (!has_window(spec.kind)) {
      return;
    }
    const Window& w = spec.window;
    map.set("kernel", numbers<std::int32_t>({w.kernel_h, w.kernel_w}));
    map.set("stride", numbers<std::int32_t>({w.stride_h, w.stride_w}));
    if (is_conv(spec.kind)) {
      map.set("dilation", numbers<std::int32_t>({w.dilation_h, w.dilation_w}));
    }
    map.set("padding", numbers<std::int32_t>({w.pad_top, w.pad_bottom, w.pad_left, w.pad_right}));
  }

  static void add_lists(const LayerSpec& spec, YamlNode& map) {
    switch (spec.kind) {
      case K::kMean:
      case K::kSum:
      case K::kReduceMax:
        map.set("axes", numbers(spec.axes));
        break;
      case K::kSlice:
        map.set("begin", numbers(spec.slice.begin));
        map.set("count", numbers(spec.slice.count));
        map.set("step", numbers(spec.slice.step));
        break;
      default:
        break;
    }
  }

  const Graph& graph_;
  std::vector<std::string> names_;  ///< by TensorId
  ExportedTrace trace_;
};

}  // namespace

ExportedTrace export_layer_trace(const Graph& graph) { return Exporter(graph).run(); }

double shortest_double(float value) {
  const std::string text = fmt::format("{}", value);
  double read = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return static_cast<float>(read) == value ? read : static_cast<double>(value);
}

}  // namespace milliwatt::workloads
