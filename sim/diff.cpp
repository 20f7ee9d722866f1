// SPDX-License-Identifier: Apache-2.0
#include "sim/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/yaml.h"
#include "sim/write_json.h"
#include "sim/write_numbers.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::ordered_json;

/// Every value of a document with its path, in order.
struct Leaf {
  std::string path;
  std::string text;
};
using Leaves = std::vector<Leaf>;

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// How an item of a list is called: by what identifies it, or by its position.
std::string item_name(const Json& item, std::size_t position) {
  std::string name;
  for (const char* key :
       {"invocation", "tensor", "unit", "memory", "kind", "component", "action", "layer", "name"}) {
    const bool row_of_energy = item.contains("action") && item.contains("kind");
    const bool of_a_layer = std::string(key) != "kind" || row_of_energy;
    if (item.is_object() && item.contains(key) && of_a_layer) {
      name += (name.empty() ? "" : " ") + text_of(item.at(key));
    }
  }
  return name.empty() ? std::to_string(position) : name;
}

void collect(const Json& value, const std::string& path, Leaves& leaves) {
  if (value.is_object()) {
    for (const auto& [key, part] : value.items()) {
      collect(part, joined(path, key), leaves);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      collect(value[i], joined(path, item_name(value[i], i)), leaves);
    }
  } else {
    leaves.push_back({path, text_of(value)});
  }
}

void collect(const base::YamlNode& node, const std::string& path, Leaves& leaves) {
  for (const base::YamlEntry& entry : node.entries) {
    collect(entry.value, joined(path, entry.key), leaves);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    collect(node.items[i], fmt::format("{}[{}]", path, i), leaves);
  }
  if (node.is_scalar() || node.is_null()) {
    leaves.push_back({path, node.text});
  }
}

Leaves lines_of(const std::string& text) {
  Leaves leaves;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    leaves.push_back({fmt::format("line {}", leaves.size() + 1), line});
  }
  return leaves;
}

/// The values of one section. Its first list, layers or memories, stands at the root.
Leaves leaves_of(const std::string& section, const Json& value) {
  Leaves leaves;
  if (section == "configuration") {
    collect(base::parse_yaml_text(value.get<std::string>(), section), "", leaves);
  } else if (section == "plan") {
    leaves = lines_of(value.get<std::string>());
  } else {
    collect(value, "", leaves);
  }
  return leaves;
}

std::vector<Difference> compare(const Leaves& a, const Leaves& b) {
  std::multimap<std::string, const Leaf*> others;
  for (const Leaf& leaf : b) {
    others.emplace(leaf.path, &leaf);
  }
  std::vector<Difference> differences;
  for (const Leaf& leaf : a) {
    const auto other = others.find(leaf.path);
    const std::string text = other == others.end() ? "" : other->second->text;
    if (other == others.end() || text != leaf.text) {
      differences.push_back({leaf.path, leaf.text, text});
    }
    if (other != others.end()) {
      others.erase(other);
    }
  }
  std::map<const Leaf*, std::string> left;
  for (const auto& [path, leaf] : others) {
    left[leaf] = path;
  }
  for (const auto& [leaf, path] : left) {
    differences.push_back({path, "", leaf->text});
  }
  return differences;
}

Json parse(const std::string& text, const std::string& name) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("schema", "") != kResultsSchema) {
    throw base::UserError(name + ": not a result of milliwatt");
  }
  if (json.value("version", 0) != kResultsVersion) {
    throw base::UserError(fmt::format("{}: a result of version {}; this milliwatt reads {}", name,
                                      json.value("version", 0), kResultsVersion));
  }
  return json;
}

/// Scalars at the top of the document are the section "run".
Json with_run(const Json& json) {
  Json sections = {{"configuration", json.value("configuration", "")}, {"run", Json::object()}};
  for (const auto& [key, value] : json.items()) {
    const bool scalar = !value.is_structured() && key != "plan";
    if (scalar && key != "configuration") {
      sections["run"][key] = value;
    } else if (key != "configuration") {
      sections[key] = value;
    }
  }
  return sections;
}

bool is_integer(const std::string& text) {
  const std::size_t digits = text.rfind('-', 0) == 0 ? 1 : 0;
  return text.size() > digits && text.size() - digits <= 18 &&
         text.find_first_not_of("0123456789", digits) == std::string::npos;
}

/// The number that the whole text is.
std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [behind, fault] = std::from_chars(text.data(), end, value);
  return fault == std::errc() && behind == end ? std::optional{value} : std::nullopt;
}

/// "  (+12, +1.5 %)" for two integers, "  (+1.5 %)" for other numbers; nothing for texts.
std::string change(const Difference& difference) {
  const std::optional<double> a = number_of(difference.a);
  const std::optional<double> b = number_of(difference.b);
  if (!a || !b) {
    return "";
  }
  const std::string share = *a == 0 ? "" : fmt::format("{:+.3g} %", 100 * (*b - *a) / std::abs(*a));
  const std::string step =
      is_integer(difference.a) && is_integer(difference.b)
          ? fmt::format("{:+d}", std::stoll(difference.b) - std::stoll(difference.a))
          : "";
  const char* comma = step.empty() || share.empty() ? "" : ", ";
  return step.empty() && share.empty() ? "" : fmt::format("  ({}{}{})", step, comma, share);
}

/// What follows from other values of the layer, or says where it stands in the run.
bool is_derived(const std::string& section, const std::string& place) {
  const std::string key = place.substr(place.rfind('.') + 1);
  constexpr std::array<const char*, 13> kDerived = {"start_cycle",
                                                    "end_cycle",
                                                    "span_start_cycle",
                                                    "span_end_cycle",
                                                    "cycles_low",
                                                    "cycles_high",
                                                    "low",
                                                    "high",
                                                    "latency_ms",
                                                    "average_power_mW",
                                                    "TOPS_per_W",
                                                    "utilisation",
                                                    "arithmetic_intensity_macs_per_byte"};
  return (section == "layers" || section == "system") &&
         std::find(kDerived.begin(), kDerived.end(), key) != kDerived.end();
}

std::string line_of(const Difference& difference) {
  return fmt::format("  {}: {} -> {}{}\n", difference.place,
                     difference.a.empty() ? "(none)" : difference.a,
                     difference.b.empty() ? "(none)" : difference.b, change(difference));
}

std::string section_text(const DiffSection& section, std::size_t most, bool all) {
  std::string text = fmt::format("{}: {} different\n", section.name, section.differences.size());
  std::size_t shown = 0;
  for (const Difference& difference : section.differences) {
    const bool left_out = is_derived(section.name, difference.place) || shown >= most;
    if (all || !left_out) {
      text += line_of(difference);
      ++shown;
    }
  }
  const std::size_t hidden = section.differences.size() - shown;
  return text + (hidden > 0 ? fmt::format("  and {} more; --all shows them\n", hidden) : "");
}

}  // namespace

std::vector<DiffSection> diff_results(const std::string& a, const std::string& name_a,
                                      const std::string& b, const std::string& name_b) {
  const Json one = with_run(parse(a, name_a));
  const Json other = with_run(parse(b, name_b));
  std::vector<DiffSection> sections;
  for (const auto& [name, value] : one.items()) {
    DiffSection section{name, {}};
    section.differences = compare(
        leaves_of(name, value), other.contains(name) ? leaves_of(name, other.at(name)) : Leaves{});
    if (!section.differences.empty()) {
      sections.push_back(std::move(section));
    }
  }
  for (const auto& [name, value] : other.items()) {
    if (!one.contains(name)) {
      sections.push_back({name, compare({}, leaves_of(name, value))});
    }
  }
  return sections;
}

std::string diff_text(const std::vector<DiffSection>& sections, bool all) {
  constexpr std::size_t kLines = 10;
  std::string text;
  for (const DiffSection& section : sections) {
    text += section_text(section, kLines, all);
  }
  return text;
}

}  // namespace milliwatt::sim
