// SPDX-License-Identifier: Apache-2.0
#include "base/override.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/error.h"

namespace milliwatt::base {
namespace {

/// One step of a path: into the key of a map, or into item `index` of a list.
struct Step {
  std::string key;
  std::optional<std::size_t> index;
};

/// "layers[2].kind" as layers, 2, kind; nothing when it is not a path.
std::optional<std::vector<Step>> split_path(const std::string& path) {
  std::vector<Step> steps;
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
    if (end == at) {
      return std::nullopt;
    }
    steps.push_back({path.substr(at, end - at), std::nullopt});
    at = end;
    while (at < path.size() && path[at] == '[') {
      std::size_t index = 0;
      const char* last = path.data() + path.size();
      const auto result = std::from_chars(path.data() + at + 1, last, index);
      if (result.ec != std::errc() || result.ptr == last || *result.ptr != ']') {
        return std::nullopt;
      }
      steps.push_back({"", index});
      at = static_cast<std::size_t>(result.ptr - path.data()) + 1;
    }
    if (at < path.size() && path[at] != '.') {
      return std::nullopt;
    }
    ++at;
  }
  return steps;
}

/// Gives the value and all below it the option's text as their place.
void replace_places(YamlNode& node, const Place& place) {
  node.place = place;
  for (YamlEntry& entry : node.entries) {
    entry.place = {place.file, 0, 0, place.path + "." + entry.key};
    replace_places(entry.value, entry.place);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    replace_places(node.items[i], {place.file, 0, 0, fmt::format("{}[{}]", place.path, i)});
  }
}

/// The child of `node` that `step` names, created when a map lacks it; nullptr when impossible.
YamlNode* descend(YamlNode& node, const Step& step, const Place& place) {
  if (step.index) {
    const bool exists = node.is_sequence() && *step.index < node.items.size();
    return exists ? &node.items[*step.index] : nullptr;
  }
  if (node.is_null()) {
    node.kind = YamlNode::Kind::kMap;
  }
  if (!node.is_map()) {
    return nullptr;
  }
  YamlNode* child = node.find(step.key);
  if (child == nullptr) {
    YamlNode empty;
    empty.place = place;
    child = &node.set(step.key, std::move(empty));
  }
  return child;
}

/// Why `step` leads nowhere from `node`, which `path` names.
std::string dead_end(const YamlNode& node, const std::string& path, const Step& step) {
  const std::string holds =
      node.is_sequence() ? fmt::format("a list of {} items", node.items.size()) : node.found();
  const std::string wanted =
      step.index ? fmt::format("item {}", *step.index) : fmt::format("key '{}'", step.key);
  return fmt::format("{} does not exist; '{}' holds {}", wanted, path, holds);
}

/// Puts `value` at the end of `steps`, or says why it cannot.
std::string place_value(YamlNode& root, const std::vector<Step>& steps, YamlNode value) {
  YamlNode* node = &root;
  Place place{value.place.file, 0, 0, ""};
  for (const Step& step : steps) {
    const std::string above = place.path;
    place.path +=
        step.index ? fmt::format("[{}]", *step.index) : (above.empty() ? "" : ".") + step.key;
    YamlNode* child = descend(*node, step, place);
    if (child == nullptr) {
      return dead_end(*node, above, step);
    }
    node = child;
  }
  *node = std::move(value);
  return "";
}

}  // namespace

void apply_override(YamlNode& root, const std::string& assignment, Diagnostics& faults) {
  const std::string option = "--set " + assignment;
  const std::size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const auto steps = split_path(path);
  if (equals == std::string::npos || !steps) {
    faults.add(option + ": expected path.key=value, for example accelerator.rows=8");
    return;
  }
  try {
    YamlNode value = parse_yaml_text(assignment.substr(equals + 1), option);
    replace_places(value, {option, 0, 0, path});
    YamlNode changed = root;
    const std::string fault = place_value(changed, *steps, std::move(value));
    if (fault.empty()) {
      root = std::move(changed);
    } else {
      faults.add({option, 0, 0, path}, fault);
    }
  } catch (const UserError&) {
    faults.add({option, 0, 0, path},
               fmt::format("found '{}'; expected one YAML value", assignment.substr(equals + 1)));
  }
}

void apply_overrides(YamlNode& root, const std::vector<std::string>& assignments,
                     Diagnostics& faults) {
  std::vector<std::string> paths;
  for (const std::string& assignment : assignments) {
    const std::string path = assignment.substr(0, assignment.find('='));
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) {
      faults.add({"--set " + assignment, 0, 0, path}, "set twice");
      continue;
    }
    paths.push_back(path);
    apply_override(root, assignment, faults);
  }
}

}  // namespace milliwatt::base
