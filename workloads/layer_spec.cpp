// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/schema.h"
#include "workloads/layer_keys.h"
#include "workloads/layer_kinds.h"

namespace milliwatt::workloads {

namespace {

using base::Diagnostics;
using base::Parameter;
using base::Schema;
using base::YamlNode;

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

/// What the keys of an input hold before it becomes a tensor.
struct InputKeys {
  std::string name;
  ElementType type = ElementType::kInt8;
  double scale = 0.0;
  std::int32_t zero_point = 0;
};

Schema<InputKeys> input_schema() {
  Schema<InputKeys> s{"input", "A tensor that enters the network."};
  s.text("name", &InputKeys::name).doc("Name by which layers refer to the input.");
  s.elsewhere("shape", "Extents, the batch first.");
  add_types(s.choice("type", &InputKeys::type, {}), {ElementType::kInt16, ElementType::kFloat32})
      .def(ElementType::kInt8)
      .doc("Stored type.");
  s.real("scale", &InputKeys::scale)
      .range(kSmallestScale, kLargestScale)
      .def(1.0 / 128)
      .doc("Real value of one step.");
  s.integer("zero_point", &InputKeys::zero_point)
      .range(-32768, 32767)
      .def(0)
      .doc("Stored value that means 0.");
  return s;
}

InputSpec read_input(const YamlNode& map, Diagnostics& faults) {
  InputSpec input;
  if (map.is_scalar()) {
    input.reference = NameSpec{map.text, map.place, false};
    return input;
  }
  const std::size_t before = faults.messages().size();
  InputKeys keys;
  TensorSpec& declared = input.declared;
  declared.place = map.place;
  input_schema().read(map, keys, faults);
  if (map.is_map()) {
    declared.shape = read_shape(map, 1, kLargestExtent, faults);
  }
  declared.name = keys.name;
  declared.type = keys.type;
  declared.role = TensorRole::kInput;
  if (keys.type != ElementType::kFloat32) {
    declared.quantization = {{static_cast<float>(keys.scale)}, {keys.zero_point}, 0};
  } else {
    for (const char* key : {"scale", "zero_point"}) {
      if (const YamlNode* node = map.find(key)) {
        faults.add(node->place, "float32 has neither scale nor zero point");
      }
    }
  }
  declared.sound = faults.messages().size() == before;
  return input;
}

Schema<TensorSpec> tensor_schema() {
  Schema<TensorSpec> s{"tensor", "A tensor that layers refer to."};
  s.text("name", &TensorSpec::name).doc("Name by which layers refer to the tensor.");
  s.text("label", &TensorSpec::label).doc("What the network calls it; by default its name.");
  s.choice("role", &TensorSpec::role,
           {{"constant", TensorRole::kConstant},
            {"activation", TensorRole::kActivation},
            {"state", TensorRole::kState},
            {"input", TensorRole::kInput}})
      .def(TensorRole::kConstant)
      .doc("What the tensor is to the network.");
  add_types(s.choice("type", &TensorSpec::type, {}),
            {ElementType::kInt16, ElementType::kInt32, ElementType::kInt64, ElementType::kUint8,
             ElementType::kFloat32, ElementType::kBool})
      .def(ElementType::kInt8)
      .doc("Stored type.");
  s.elsewhere("shape", "Extents; [] is a scalar.");
  s.elsewhere("scale", "One scale, or one per index of channel_axis; none: not quantized.");
  s.elsewhere("zero_point", "One zero point, or one per scale.");
  s.elsewhere("channel_axis", "The dimension along which scales differ.");
  s.text("file", &TensorSpec::file).def("").doc("An .npy file of a constant's elements.");
  s.elsewhere("values", "A constant's integers, in the order of memory.");
  return s;
}

/// Zero points, one for all scales or one each.
std::vector<std::int32_t> read_zero_points(const YamlNode& map, std::size_t scales,
                                           Diagnostics& faults) {
  const YamlNode* node = map.find("zero_point");
  if (node == nullptr) {
    return std::vector<std::int32_t>(scales, 0);
  }
  const auto read =
      read_integers(*node,
                    integer_parameter("zero_point", std::numeric_limits<std::int32_t>::min(),
                                      std::numeric_limits<std::int32_t>::max()),
                    faults);
  std::vector<std::int32_t> zero_points(read.begin(), read.end());
  if (node->is_sequence() ? zero_points.size() != scales : scales == 0) {
    faults.add(node->place, fmt::format("{} scales have {} zero points", scales, read.size()));
  }
  if (!node->is_sequence() && read.size() == 1) {
    zero_points.assign(scales, zero_points[0]);
  }
  return zero_points;
}

void read_quantization(const YamlNode& map, Quantization& quantization, Diagnostics& faults) {
  quantization.scales = read_scales(map, "scale", kSmallestFloat, kLargestFloat, faults);
  quantization.zero_points = read_zero_points(map, quantization.scales.size(), faults);
  if (const YamlNode* node = map.find("channel_axis")) {
    const auto axis = integer_parameter("channel_axis", std::numeric_limits<std::int32_t>::min(),
                                        std::numeric_limits<std::int32_t>::max())
                          .read(*node, faults);
    quantization.dimension = axis ? static_cast<std::int32_t>(std::get<std::int64_t>(*axis)) : 0;
  }
}

void check_source(const YamlNode& map, const TensorSpec& tensor, Diagnostics& faults) {
  const YamlNode* file = map.find("file");
  const YamlNode* values = map.find("values");
  const YamlNode* last = file == nullptr ? values : file;
  if (file != nullptr && values != nullptr) {
    faults.add(file->place, "'file' and 'values' say the same; give one of them");
  }
  if (last != nullptr && tensor.role != TensorRole::kConstant) {
    faults.add(last->place, "only a constant has elements; 'role' says otherwise");
  }
  if (values != nullptr && tensor.type == ElementType::kFloat32) {
    faults.add(values->place, "'values' are integers; give a 'file' of float32");
  }
}

TensorSpec read_tensor(const YamlNode& map, Diagnostics& faults) {
  const std::size_t before = faults.messages().size();
  TensorSpec tensor;
  tensor.place = map.place;
  tensor_schema().read(map, tensor, faults);
  if (map.is_map()) {
    tensor.shape = read_shape(map, 0, std::numeric_limits<std::int32_t>::max(), faults);
    read_quantization(map, tensor.quantization, faults);
    if (const YamlNode* values = map.find("values")) {
      tensor.values =
          read_integers(*values, integer_parameter("values", kLowest, kHighest), faults);
    }
    check_source(map, tensor, faults);
  }
  tensor.sound = faults.messages().size() == before;
  return tensor;
}

/// The items of a list that must hold at least one, unless it may be empty; null keeps later loops
/// simple.
const std::vector<YamlNode>* items_of(const YamlNode& root, const std::string& key,
                                      bool may_be_empty, Diagnostics& faults) {
  const YamlNode* node = root.find(key);
  if (node != nullptr && node->is_sequence() && (may_be_empty || !node->items.empty())) {
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

Schema<TraceSpec> trace_schema() {
  Schema<TraceSpec> s{"layer_trace", "A network written by hand."};
  s.elsewhere("layer_trace", "Version of the format.");
  s.text("name", &TraceSpec::name).doc("Name of the network.");
  s.integer("seed", &TraceSpec::seed).range(1, 4294967295).def(1).doc("Seed of seeded values.");
  s.integer("batch", &TraceSpec::batch)
      .doc("Images at a time; by default the first extent of the first input.");
  s.boolean("seeded_weights", &TraceSpec::seeded_weights)
      .def(false)
      .doc("Values in files were seeded when they were written.");
  for (const char* key : {"tensors", "inputs", "layers", "outputs"}) {
    s.elsewhere(key, "A list.");
  }
  return s;
}

void read_lists(const YamlNode& root, TraceSpec& trace, Diagnostics& faults) {
  if (root.find("tensors") != nullptr) {
    if (const auto* tensors = items_of(root, "tensors", false, faults)) {
      for (const YamlNode& item : *tensors) {
        trace.tensors.push_back(read_tensor(item, faults));
      }
    }
  }
  std::set<std::string> names;
  for (const TensorSpec& tensor : trace.tensors) {
    names.insert(tensor.name);
  }
  if (const auto* inputs = items_of(root, "inputs", !trace.tensors.empty(), faults)) {
    for (const YamlNode& item : *inputs) {
      trace.inputs.push_back(read_input(item, faults));
    }
  }
  if (const auto* layers = items_of(root, "layers", false, faults)) {
    const auto declared = [&](const std::string& name) { return names.count(name) > 0; };
    for (const YamlNode& item : *layers) {
      trace.layers.push_back(read_layer(item, declared, faults));
    }
  }
  trace.outputs = read_names(root, "outputs", false, faults);
}

}  // namespace

TraceSpec read_trace_spec(const YamlNode& root, Diagnostics& faults) {
  TraceSpec trace;
  trace_schema().read(root, trace, faults);
  if (root.is_map()) {
    integer_parameter("layer_trace", 1, 1).doc("Version of the format.").read_from(root, faults);
    read_lists(root, trace, faults);
  }
  return trace;
}

}  // namespace milliwatt::workloads
