// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_spec.h"

#include <fmt/format.h>

#include <array>

#include "base/schema.h"
#include "workloads/check.h"

namespace milliwatt::workloads {

namespace {

using base::Diagnostics;
using base::Parameter;
using base::Schema;
using base::Unit;
using base::YamlNode;

/// Scales far outside what a float32 multiplier can hold are slips of the keyboard.
constexpr double kSmallestScale = 1e-12;
constexpr double kLargestScale = 1e12;
constexpr std::int32_t kLargestExtent = 1 << 24;

constexpr std::array<OperatorKind, 8> kKinds = {
    OperatorKind::kConv2d,        OperatorKind::kDepthwiseConv2d, OperatorKind::kFullyConnected,
    OperatorKind::kAveragePool2d, OperatorKind::kMaxPool2d,       OperatorKind::kAdd,
    OperatorKind::kReshape,       OperatorKind::kSoftmax};

bool is_pool(OperatorKind kind) {
  return kind == OperatorKind::kAveragePool2d || kind == OperatorKind::kMaxPool2d;
}
bool is_conv(OperatorKind kind) {
  return kind == OperatorKind::kConv2d || kind == OperatorKind::kDepthwiseConv2d;
}
bool is_weighted(OperatorKind kind) {
  return is_conv(kind) || kind == OperatorKind::kFullyConnected;
}

void declare_window(Schema<LayerSpec>& s, OperatorKind kind) {
  s.elsewhere("kernel", "Height and width of the window, or one number for both.");
  s.elsewhere("stride", "Vertical and horizontal step, or one number for both.");
  s.elsewhere("padding", "same, valid, or [top, bottom, left, right].");
  if (is_conv(kind)) {
    s.elsewhere("dilation", "Vertical and horizontal distance of taps, or one number for both.");
  }
}

void declare_activation(Schema<LayerSpec>& s) {
  s.choice("activation", &LayerSpec::activation,
           {{"none", Activation::kNone},
            {"relu", Activation::kRelu},
            {"relu6", Activation::kRelu6},
            {"relu_n1_to_1", Activation::kReluN1To1}})
      .def(Activation::kNone)
      .doc("Bounds of the outputs.");
}

void declare_output(Schema<LayerSpec>& s) {
  s.real("output_scale", &LayerSpec::output_scale)
      .range(kSmallestScale, kLargestScale)
      .doc("Real value of one step of the stored outputs.");
  s.integer("output_zero_point", &LayerSpec::output_zero_point)
      .range(-32768, 32767)
      .doc("Stored output that means 0.");
}

void declare_weights(Schema<LayerSpec>& s) {
  s.choice("weights_type", &LayerSpec::weights_type,
           {{"int8", ElementType::kInt8}, {"int4", ElementType::kInt4}})
      .def(ElementType::kInt8)
      .doc("Stored type of the weights.");
  s.text("weights_file", &LayerSpec::weights_file).def("").doc("An .npy file of int8 weights.");
  s.elsewhere("weights_scale", "One scale, or a list with one per output channel.");
  s.boolean("bias", &LayerSpec::bias).def(true).doc("Whether the layer has a bias.");
  s.text("bias_file", &LayerSpec::bias_file).def("").doc("An .npy file of integers.");
}

void declare_kind(Schema<LayerSpec>& s, OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
      s.integer("filters", &LayerSpec::filters).range(1, kLargestExtent).doc("Output channels.");
      s.integer("groups", &LayerSpec::groups)
          .range(1, kLargestExtent)
          .def(1)
          .doc("Groups of channels that do not see each other.");
      break;
    case OperatorKind::kDepthwiseConv2d:
      s.integer("multiplier", &LayerSpec::multiplier)
          .range(1, kLargestExtent)
          .def(1)
          .doc("Output channels per input channel.");
      break;
    case OperatorKind::kFullyConnected:
      s.integer("units", &LayerSpec::units).range(1, kLargestExtent).doc("Outputs per row.");
      break;
    case OperatorKind::kReshape:
      s.elsewhere("shape", "Extents of the output.");
      break;
    case OperatorKind::kSoftmax:
      s.real("beta", &LayerSpec::beta).range(1e-6, 1e6).def(1.0).doc("Factor of the inputs.");
      s.choice("output_type", &LayerSpec::output_type,
               {{"int8", ElementType::kInt8}, {"int16", ElementType::kInt16}})
          .def(ElementType::kInt8)
          .doc("Stored type of the outputs.");
      break;
    default:
      break;
  }
}

Schema<LayerSpec> schema_of(OperatorKind kind) {
  Schema<LayerSpec> s{operator_name(kind), "One layer of a layer trace."};
  s.elsewhere("kind", "The operator.");
  s.text("name", &LayerSpec::name).def("").doc("Name of the layer and of its output.");
  s.elsewhere("inputs", "Names of inputs or earlier layers.");
  if (is_conv(kind) || is_pool(kind)) {
    declare_window(s, kind);
  }
  declare_kind(s, kind);
  if (is_weighted(kind)) {
    declare_weights(s);
  }
  if (is_weighted(kind) || kind == OperatorKind::kAdd) {
    declare_output(s);
  }
  if (kind != OperatorKind::kReshape && kind != OperatorKind::kSoftmax) {
    declare_activation(s);
  }
  return s;
}

std::vector<std::int32_t> read_integers(const YamlNode& node, const Parameter& element,
                                        Diagnostics& faults) {
  std::vector<std::int32_t> values;
  const auto read_one = [&](const YamlNode& item) {
    if (const auto value = element.read(item, faults)) {
      values.push_back(static_cast<std::int32_t>(std::get<std::int64_t>(*value)));
    }
  };
  if (!node.is_sequence()) {
    read_one(node);
  }
  for (const YamlNode& item : node.items) {
    read_one(item);
  }
  return values;
}

Parameter integer_parameter(const std::string& key, std::int64_t low, std::int64_t high) {
  Parameter parameter(key, Parameter::Kind::kInteger, Unit::kCount);
  parameter.range(low, high);
  return parameter;
}

/// "3" or "[3, 5]" into two members; both keep their values when the key is absent.
void read_pair(const YamlNode& map, const std::string& key, std::int32_t& vertical,
               std::int32_t& horizontal, Diagnostics& faults) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const std::size_t before = faults.messages().size();
  const auto values = read_integers(*node, integer_parameter(key, 1, kMaximumWindow), faults);
  if (faults.messages().size() != before) {
    return;
  }
  if (values.empty() || values.size() > 2) {
    faults.add(node->place, fmt::format("found {} numbers; expected one or [vertical, horizontal]",
                                        values.size()));
    return;
  }
  vertical = values.front();
  horizontal = values.back();
}

void read_explicit_padding(const YamlNode& node, Window& window, Diagnostics& faults) {
  const auto pads = read_integers(node, integer_parameter("padding", 0, kMaximumWindow), faults);
  if (node.items.size() != 4) {
    faults.add(node.place, fmt::format("found {} numbers; expected [top, bottom, left, right]",
                                       node.items.size()));
  }
  if (pads.size() == 4) {
    window.pad_top = pads[0];
    window.pad_bottom = pads[1];
    window.pad_left = pads[2];
    window.pad_right = pads[3];
  }
}

void read_padding(const YamlNode& map, LayerSpec& layer, Diagnostics& faults) {
  layer.padding = is_pool(layer.kind) ? PaddingRule::kValid : PaddingRule::kSame;
  const YamlNode* node = map.find("padding");
  if (node == nullptr) {
    return;
  }
  if (node->is_sequence()) {
    layer.padding = PaddingRule::kExplicit;
    read_explicit_padding(*node, layer.window, faults);
    return;
  }
  Parameter rule("padding", Parameter::Kind::kChoice, Unit::kCount);
  rule.add_choice("same", static_cast<std::int64_t>(PaddingRule::kSame));
  rule.add_choice("valid", static_cast<std::int64_t>(PaddingRule::kValid));
  if (const auto value = rule.read(*node, faults)) {
    layer.padding = static_cast<PaddingRule>(std::get<std::int64_t>(*value));
  }
}

void read_window(const YamlNode& map, LayerSpec& layer, Diagnostics& faults) {
  Window& w = layer.window;
  if (map.find("kernel") == nullptr) {
    faults.add(
        map.place,
        "the required key 'kernel' is missing. Height and width of the window, or one number "
        "for both, such as kernel: 3");
  }
  read_pair(map, "kernel", w.kernel_h, w.kernel_w, faults);
  if (is_pool(layer.kind)) {
    w.stride_h = w.kernel_h;
    w.stride_w = w.kernel_w;
  }
  read_pair(map, "stride", w.stride_h, w.stride_w, faults);
  read_pair(map, "dilation", w.dilation_h, w.dilation_w, faults);
  read_padding(map, layer, faults);
}

std::vector<std::int32_t> read_shape(const YamlNode& map, Diagnostics& faults) {
  const YamlNode* node = map.find("shape");
  if (node == nullptr) {
    faults.add(map.place, "the required key 'shape' is missing, such as shape: [1, 32, 32, 3]");
    return {};
  }
  if (!node->is_sequence()) {
    faults.add(node->place,
               "found " + node->found() + "; expected a list of extents such as [1, 32, 32, 3]");
    return {};
  }
  return read_integers(*node, integer_parameter("shape", 1, kLargestExtent), faults);
}

std::vector<float> read_scales(const YamlNode& map, Diagnostics& faults) {
  std::vector<float> scales;
  Parameter scale("weights_scale", Parameter::Kind::kReal, Unit::kRatio);
  scale.range(kSmallestScale, kLargestScale);
  const auto read_one = [&](const YamlNode& item) {
    if (const auto value = scale.read(item, faults)) {
      scales.push_back(static_cast<float>(std::get<double>(*value)));
    }
  };
  if (const YamlNode* node = map.find("weights_scale")) {
    if (!node->is_sequence()) {
      read_one(*node);
    }
    for (const YamlNode& item : node->items) {
      read_one(item);
    }
  }
  return scales;
}

std::vector<NameSpec> read_names(const YamlNode& map, const std::string& key, Diagnostics& faults) {
  std::vector<NameSpec> names;
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return names;
  }
  if (!node->is_sequence() || node->items.empty()) {
    faults.add(node->place,
               "found " + node->found() + "; expected a list of names such as [conv1]");
  }
  for (const YamlNode& item : node->items) {
    if (!item.is_scalar()) {
      faults.add(item.place, "found " + item.found() + "; expected a name");
    }
    names.push_back({item.text, item.place});
  }
  return names;
}

LayerSpec read_layer_keys(const YamlNode& map, Diagnostics& faults) {
  LayerSpec layer;
  layer.place = map.place;
  if (!map.is_map()) {
    faults.add(map.place, "found " + map.found() + "; expected a layer such as {kind: add}");
    return layer;
  }
  Parameter kind("kind", Parameter::Kind::kChoice, Unit::kCount);
  kind.doc("The operator, such as conv2d.");
  for (const OperatorKind known : kKinds) {
    kind.add_choice(operator_name(known), static_cast<std::int64_t>(known));
  }
  const auto chosen = kind.read_from(map, faults);
  if (!chosen) {
    return layer;
  }
  layer.kind = static_cast<OperatorKind>(std::get<std::int64_t>(*chosen));
  schema_of(layer.kind).read(map, layer, faults);
  layer.inputs = read_names(map, "inputs", faults);
  if (is_conv(layer.kind) || is_pool(layer.kind)) {
    read_window(map, layer, faults);
  }
  if (layer.kind == OperatorKind::kReshape) {
    layer.shape = read_shape(map, faults);
  }
  layer.weights_scale = read_scales(map, faults);
  return layer;
}

LayerSpec read_layer(const YamlNode& map, Diagnostics& faults) {
  const std::size_t before = faults.messages().size();
  LayerSpec layer = read_layer_keys(map, faults);
  layer.sound = faults.messages().size() == before;
  const YamlNode* name = map.find("name");
  if (!layer.sound && name != nullptr) {
    layer.name = name->text;
  }
  return layer;
}

InputSpec read_input(const YamlNode& map, Diagnostics& faults) {
  const std::size_t before = faults.messages().size();
  Schema<InputSpec> s{"input", "A tensor that enters the network."};
  s.text("name", &InputSpec::name).doc("Name by which layers refer to the input.");
  s.elsewhere("shape", "Extents, the batch first.");
  s.choice("type", &InputSpec::type, {{"int8", ElementType::kInt8}, {"int16", ElementType::kInt16}})
      .def(ElementType::kInt8)
      .doc("Stored type.");
  s.real("scale", &InputSpec::scale)
      .range(kSmallestScale, kLargestScale)
      .def(1.0 / 128)
      .doc("Real value of one step.");
  s.integer("zero_point", &InputSpec::zero_point)
      .range(-32768, 32767)
      .def(0)
      .doc("Stored value that means 0.");
  InputSpec input;
  input.place = map.place;
  s.read(map, input, faults);
  if (map.is_map()) {
    input.shape = read_shape(map, faults);
  }
  input.sound = faults.messages().size() == before;
  return input;
}

/// The items of a list that must hold at least one; null keeps later loops simple.
const std::vector<YamlNode>* items_of(const YamlNode& root, const std::string& key,
                                      Diagnostics& faults) {
  const YamlNode* node = root.find(key);
  if (node != nullptr && node->is_sequence() && !node->items.empty()) {
    return &node->items;
  }
  if (node == nullptr) {
    faults.add(
        root.place,
        fmt::format("the required key '{}' is missing, a list with at least one entry", key));
  } else {
    faults.add(node->place, fmt::format("found {}; expected a list with at least one entry",
                                        node->is_sequence() ? "an empty list" : node->found()));
  }
  return nullptr;
}

}  // namespace

TraceSpec read_trace_spec(const YamlNode& root, Diagnostics& faults) {
  TraceSpec trace;
  Schema<TraceSpec> s{"layer_trace", "A network written by hand."};
  s.elsewhere("layer_trace", "Version of the format.");
  s.text("name", &TraceSpec::name).doc("Name of the network.");
  s.integer("seed", &TraceSpec::seed).range(1, 4294967295).def(1).doc("Seed of seeded values.");
  for (const char* key : {"inputs", "layers", "outputs"}) {
    s.elsewhere(key, "A list.");
  }
  s.read(root, trace, faults);
  if (!root.is_map()) {
    return trace;
  }
  integer_parameter("layer_trace", 1, 1).doc("Version of the format.").read_from(root, faults);
  if (const auto* inputs = items_of(root, "inputs", faults)) {
    for (const YamlNode& item : *inputs) {
      trace.inputs.push_back(read_input(item, faults));
    }
  }
  if (const auto* layers = items_of(root, "layers", faults)) {
    for (const YamlNode& item : *layers) {
      trace.layers.push_back(read_layer(item, faults));
    }
  }
  trace.outputs = read_names(root, "outputs", faults);
  return trace;
}

}  // namespace milliwatt::workloads
