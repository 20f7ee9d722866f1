// SPDX-License-Identifier: Apache-2.0
#include "app/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/yaml.h"
#include "energy/technology.h"
#include "sim/bundled.h"
#include "sim/plan_file.h"
#include "sim/platform.h"
#include "sim/prepare.h"
#include "workloads/load.h"

namespace milliwatt::app {
namespace {

using Role = FileKind::Role;

using Notes = std::vector<std::string>;

Notes check_platform(const std::string& path) {
  return sim::prices_for(sim::load_platform(path, {})).notes;
}
Notes check_technology(const std::string& path) {
  energy::Technology::load(path);
  return {};
}
Notes check_classes(const std::string& path) {
  energy::check_class_file(path);
  return {};
}
Notes check_plan(const std::string& path) {
  sim::PlanFile::load(path);
  return {};
}
Notes check_network(const std::string& path) { return workloads::load_network(path).notes; }

/// A kind of YAML file and the top-level keys that only it has.
struct YamlKind {
  FileKind kind;
  std::vector<std::string> keys;
};

std::vector<YamlKind> yaml_kinds() {
  return {{{Role::kNetwork, "layer trace", check_network}, {"layer_trace", "layers"}},
          {{Role::kNetwork, "derived network", check_network}, {"quantize", "prune"}},
          {{Role::kTechnology, "technology", check_technology},
           {"conditions", "primitives", "sram_table"}},
          {{Role::kTechnology, "component classes of a technology", check_classes}, {"classes"}},
          {{Role::kPlan, "plan", check_plan}, {"operators", "tensors"}},
          {{Role::kPlatform, "platform", check_platform},
           {"clocks", "technology", "host", "bus", "memory", "accelerator"}}};
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const YamlKind& yaml : yaml_kinds()) {
    keys.insert(keys.end(), yaml.keys.begin(), yaml.keys.end());
  }
  return keys;
}

/// "a list", or "the keys 'clock', 'rows'; did you mean 'clocks'?"
std::string top_level(const base::YamlNode& root, const std::vector<std::string>& known) {
  if (!root.is_map()) {
    return root.found();
  }
  std::string keys;
  std::string meant;
  for (const base::YamlEntry& entry : root.entries) {
    keys += (keys.empty() ? "the keys '" : ", '") + entry.key + "'";
    meant = meant.empty() ? base::did_you_mean(entry.key, known) : meant;
  }
  return (keys.empty() ? "no key" : keys) + meant;
}

[[noreturn]] void throw_all(const base::Diagnostics& faults) {
  faults.throw_if_any();
  throw base::InternalError("a refusal without a fault");
}

FileKind kind_of_yaml(const std::string& path) {
  base::Diagnostics faults;
  const std::optional<base::YamlNode> root = base::parse_yaml_file(path, faults);
  if (!root) {
    throw_all(faults);
  }
  for (const YamlKind& yaml : yaml_kinds()) {
    const auto has = [&](const std::string& key) { return root->find(key) != nullptr; };
    if (std::any_of(yaml.keys.begin(), yaml.keys.end(), has)) {
      return yaml.kind;
    }
  }
  if (faults.empty()) {
    faults.add(
        {path, 1, 1, ""},
        "neither a platform (clocks, host, bus, memory, accelerator), nor a technology "
        "(conditions, primitives, classes), nor a layer trace (layer_trace, layers), nor a derived "
        "network (quantize, prune), nor a plan (operators, tensors); found " +
            top_level(*root, all_keys()));
  }
  throw_all(faults);
}

/// Nothing for a file that is missing, broken or of no known kind.
std::optional<FileKind> known_kind(const std::string& path) {
  try {
    return kind_of_file(path);
  } catch (const base::UserError&) {
    return std::nullopt;
  }
}

}  // namespace

FileKind kind_of_file(const std::string& path) {
  const std::string suffix = std::filesystem::path(path).extension().string();
  if (suffix == ".tflite" || suffix == ".onnx") {
    return {Role::kNetwork, "network", check_network};
  }
  if (suffix == ".csv") {
    return {Role::kNetwork, "SCALE-Sim topology", check_network};
  }
  return kind_of_yaml(path);
}

PlatformsAndNetworks platforms_and_networks(const std::vector<std::string>& words) {
  PlatformsAndNetworks files;
  base::Diagnostics faults;
  for (const std::string& word : words) {
    try {
      const std::string path =
          sim::find_file(word, {sim::Shelf::kPlatforms, sim::Shelf::kNetworks});
      const FileKind kind = kind_of_file(path);
      if (kind.role != Role::kPlatform && kind.role != Role::kNetwork) {
        faults.add(
            fmt::format("{}: a {}, where a platform or a network is expected", path, kind.name));
      }
      (kind.role == Role::kNetwork ? files.networks : files.platforms).push_back(path);
    } catch (const base::UserError& error) {
      for (const std::string& message : error.messages()) {
        faults.add(message);
      }
    }
  }
  faults.throw_if_any();
  return files;
}

void check_roles(const std::string& platform, const std::string& network) {
  const std::optional<FileKind> first = known_kind(platform);
  const std::optional<FileKind> second = known_kind(network);
  if (first && second && first->role == Role::kNetwork && second->role == Role::kPlatform) {
    throw base::UserError(
        fmt::format("PLATFORM and NETWORK are swapped: '{}' is a {}, '{}' a platform", platform,
                    first->name, network));
  }
  base::Diagnostics faults;
  if (first && first->role != Role::kPlatform) {
    faults.add(fmt::format("{}: a {}, where a platform is expected", platform, first->name));
  }
  if (second && second->role != Role::kNetwork) {
    faults.add(fmt::format("{}: a {}, where a network is expected", network, second->name));
  }
  faults.throw_if_any();
}

std::pair<std::string, std::string> platform_and_network(const std::string& platform,
                                                         const std::string& network) {
  std::pair<std::string, std::string> found;
  base::Diagnostics faults;
  const auto find = [&](const std::string& word, sim::Shelf wanted, sim::Shelf other) {
    try {
      return sim::find_file(word, {wanted}, {other});
    } catch (const base::UserError& error) {
      faults.add(error.what());
      return std::string();
    }
  };
  found.first = find(platform, sim::Shelf::kPlatforms, sim::Shelf::kNetworks);
  found.second = find(network, sim::Shelf::kNetworks, sim::Shelf::kPlatforms);
  faults.throw_if_any();
  check_roles(found.first, found.second);
  return found;
}

sim::Level parse_level(const std::string& name) {
  std::vector<std::string> names;
  for (const sim::Level level : {sim::Level::kEstimate, sim::Level::kValues, sim::Level::kExact}) {
    if (name == sim::level_name(level)) {
      return level;
    }
    names.emplace_back(sim::level_name(level));
  }
  throw base::UserError(
      fmt::format("option '--level': '{}' is no level{}", name, base::suggestion(name, names)));
}

}  // namespace milliwatt::app
