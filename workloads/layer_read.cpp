// SPDX-License-Identifier: Apache-2.0
// Reads one layer of a layer trace: what the schema of its kind does not read itself.
#include <limits>

#include "workloads/layer_keys.h"
#include "workloads/layer_kinds.h"

namespace milliwatt::workloads {

namespace {

using base::Diagnostics;
using base::Parameter;
using base::Unit;
using base::YamlNode;
using K = OperatorKind;

/// Lists of which the absence is a fault, so that a typo does not leave a layer without effect.
void require_list(const YamlNode& map, const char* key, Diagnostics& faults) {
  if (map.find(key) == nullptr) {
    faults.add(map.place, "the required key '" + std::string(key) + "' is missing, such as " + key +
                              ": [0, 1]");
  }
}

void read_slice(const YamlNode& map, SliceSpec& slice, Diagnostics& faults) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int32_t>::max();
  slice.begin = read_list(map, "begin", kLow, kHigh, faults);
  slice.end = read_list(map, "end", kLow, kHigh, faults);
  slice.step = read_list(map, "step", kLow, kHigh, faults);
  slice.count = read_list(map, "count", 1, kHigh, faults);
  slice.squeeze = read_list(map, "squeeze", -kMostDimensions, kMostDimensions - 1, faults);
  if (map.find("end") != nullptr && map.find("count") != nullptr) {
    faults.add(map.find("end")->place,
               "'end' and 'count' both tell how much is taken; give one of them");
  }
}

/// Keys of lists.
void read_lists(const YamlNode& map, LayerSpec& layer, Diagnostics& faults) {
  switch (layer.kind) {
    case K::kReshape:
      if (!layer.form.outputs) {
        layer.shape = read_shape(map, 1, kLargestExtent, faults);
      }
      break;
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
      require_list(map, "axes", faults);
      layer.axes = read_list(map, "axes", -kMostDimensions, kMostDimensions - 1, faults);
      break;
    case K::kPad:
      require_list(map, "before", faults);
      require_list(map, "after", faults);
      break;
    case K::kTranspose:
      require_list(map, "permutation", faults);
      break;
    case K::kSlice:
      read_slice(map, layer.slice, faults);
      break;
    case K::kSplit:
      layer.sizes = read_list(map, "sizes", 1, kLargestExtent, faults);
      break;
    default:
      break;
  }
}

void read_size(const YamlNode& map, LayerSpec& layer, Diagnostics& faults) {
  const YamlNode* node = map.find("size");
  const bool resizes = layer.kind == K::kResizeNearest || layer.kind == K::kResizeBilinear;
  if (resizes && node == nullptr && !(layer.form.outputs && layer.form.operands)) {
    faults.add(map.place,
               "the required key 'size' is missing. Height and width of the output, such as size: "
               "[16, 16]");
  }
  layer.size.assign(node == nullptr ? 0 : 2, 1);
  if (node != nullptr) {
    read_pair(map, "size", layer.size[0], layer.size[1], faults);
  }
}

Parameter kind_parameter() {
  Parameter kind("kind", Parameter::Kind::kChoice, Unit::kCount);
  kind.doc("The operator, such as conv2d.");
  for (int known = 0; known < kOperatorKinds; ++known) {
    kind.add_choice(operator_name(static_cast<K>(known)), known);
  }
  return kind;
}

void read_layer_keys(const YamlNode& map, const std::function<bool(const std::string&)>& declared,
                     LayerSpec& layer, Diagnostics& faults) {
  if (!map.is_map()) {
    faults.add(map.place, "found " + map.found() + "; expected a layer such as {kind: add}");
    return;
  }
  const auto chosen = kind_parameter().read_from(map, faults);
  if (!chosen) {
    return;
  }
  layer.kind = static_cast<K>(std::get<std::int64_t>(*chosen));
  layer.inputs = read_names(map, "inputs", true, faults);
  layer.outputs = read_names(map, "outputs", false, faults);
  if (const YamlNode* states = map.find("states")) {
    const bool none = states->is_sequence() && states->items.empty();
    layer.states = none ? std::vector<NameSpec>() : read_names(map, "states", true, faults);
  }
  const OperandCount count = operand_count(layer.kind);
  layer.form.operands = layer.inputs.size() > count.made && layer.inputs.size() >= count.least;
  layer.form.outputs = !layer.outputs.empty();
  for (const NameSpec& name : layer.outputs) {
    layer.form.outputs = layer.form.outputs && declared(name.text);
  }
  layer_schema(layer.kind, layer.form).read(map, layer, faults);
  if (has_window(layer.kind)) {
    read_window(map, layer, faults);
  }
  read_lists(map, layer, faults);
  read_size(map, layer, faults);
  layer.weights_scale = read_scales(map, "weights_scale", kSmallestScale, kLargestScale, faults);
}

}  // namespace

LayerSpec read_layer(const YamlNode& map, const std::function<bool(const std::string&)>& declared,
                     Diagnostics& faults) {
  const std::size_t before = faults.messages().size();
  LayerSpec layer;
  layer.place = map.place;
  read_layer_keys(map, declared, layer, faults);
  layer.sound = faults.messages().size() == before;
  const YamlNode* name = map.find("name");
  if (!layer.sound && name != nullptr) {
    layer.name = name->text;
  }
  return layer;
}

}  // namespace milliwatt::workloads
