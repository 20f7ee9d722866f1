// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_keys.h"

#include <fmt/format.h>

#include "workloads/check.h"
#include "workloads/layer_kinds.h"

namespace milliwatt::workloads {

namespace {

using base::Diagnostics;
using base::Parameter;
using base::Unit;
using base::YamlNode;

std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values) {
  std::vector<std::int32_t> narrow;
  for (const std::int64_t value : values) {
    narrow.push_back(static_cast<std::int32_t>(value));
  }
  return narrow;
}

void read_explicit_padding(const YamlNode& node, Window& window, Diagnostics& faults) {
  const auto pads =
      narrowed(read_integers(node, integer_parameter("padding", 0, kMaximumWindow), faults));
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

}  // namespace

Parameter integer_parameter(const std::string& key, std::int64_t low, std::int64_t high) {
  Parameter parameter(key, Parameter::Kind::kInteger, Unit::kCount);
  parameter.range(low, high);
  return parameter;
}

std::vector<std::int64_t> read_integers(const YamlNode& node, const Parameter& element,
                                        Diagnostics& faults) {
  std::vector<std::int64_t> values;
  const auto read_one = [&](const YamlNode& item) {
    if (const auto value = element.read(item, faults)) {
      values.push_back(std::get<std::int64_t>(*value));
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

std::vector<std::int32_t> read_list(const YamlNode& map, const std::string& key, std::int64_t low,
                                    std::int64_t high, Diagnostics& faults) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return {};
  }
  if (!node->is_sequence()) {
    faults.add(node->place, "found " + node->found() + "; expected a list such as [1, 2]");
    return {};
  }
  return narrowed(read_integers(*node, integer_parameter(key, low, high), faults));
}

void read_pair(const YamlNode& map, const std::string& key, std::int32_t& vertical,
               std::int32_t& horizontal, Diagnostics& faults) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const std::size_t before = faults.messages().size();
  const auto values =
      narrowed(read_integers(*node, integer_parameter(key, 1, kMaximumWindow), faults));
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

std::vector<std::int32_t> read_shape(const YamlNode& map, std::int64_t least, std::int64_t most,
                                     Diagnostics& faults) {
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
  return narrowed(read_integers(*node, integer_parameter("shape", least, most), faults));
}

std::vector<float> read_scales(const YamlNode& map, const std::string& key, double low, double high,
                               Diagnostics& faults) {
  std::vector<float> scales;
  Parameter scale(key, Parameter::Kind::kReal, Unit::kRatio);
  scale.range(low, high);
  const auto read_one = [&](const YamlNode& item) {
    if (const auto value = scale.read(item, faults)) {
      scales.push_back(static_cast<float>(std::get<double>(*value)));
    }
  };
  if (const YamlNode* node = map.find(key)) {
    if (!node->is_sequence()) {
      read_one(*node);
    }
    for (const YamlNode& item : node->items) {
      read_one(item);
    }
  }
  return scales;
}

std::vector<NameSpec> read_names(const YamlNode& map, const std::string& key, bool may_be_absent,
                                 Diagnostics& faults) {
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
    const bool absent = may_be_absent && item.is_null();
    if (!item.is_scalar() && !absent) {
      faults.add(item.place, "found " + item.found() + "; expected a name");
    }
    names.push_back({item.text, item.place, absent});
  }
  return names;
}

void read_window(const YamlNode& map, LayerSpec& layer, Diagnostics& faults) {
  Window& w = layer.window;
  layer.kernel_given = map.find("kernel") != nullptr;
  if (!layer.kernel_given && (is_pool(layer.kind) || !layer.form.operands)) {
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

}  // namespace milliwatt::workloads
