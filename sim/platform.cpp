// SPDX-License-Identifier: Apache-2.0
#include "sim/platform.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/override.h"
#include "base/schema.h"
#include "sim/bundled.h"
#include "sim/platform_checks.h"

namespace milliwatt::sim {
namespace {

using base::Diagnostics;
using base::Schema;
using base::Unit;
using base::YamlNode;

Schema<ClockConfig> clock_schema() {
  Schema<ClockConfig> s{"clocks", "Named clocks; one that is absent follows the system clock."};
  s.frequency("system", &ClockConfig::system)
      .def(100'000'000)
      .doc("Clock in which reports count cycles.");
  s.frequency("host", &ClockConfig::host).doc("Clock of the host core.");
  s.frequency("bus", &ClockConfig::bus).doc("Clock of the interconnect.");
  s.frequency("sram", &ClockConfig::sram).doc("Clock of the on-chip SRAM.");
  s.frequency("external", &ClockConfig::external).doc("Clock of the external memory.");
  s.frequency("flash", &ClockConfig::flash).doc("Clock of the flash, where there is one.");
  s.frequency("accelerator", &ClockConfig::accelerator).doc("Clock of the accelerator.");
  return s;
}

Schema<TechnologyConfig> technology_schema() {
  Schema<TechnologyConfig> s{"technology", "Prices of actions, static power and area."};
  s.text("file", &TechnologyConfig::file)
      .def("45nm")
      .doc("Name of a technology of configs/technologies, or path of a file.");
  s.integer("node_nm", &TechnologyConfig::node_nm)
      .range(1, 1000)
      .doc("Process node in nm, if not that of the file.");
  s.integer("voltage_mv", &TechnologyConfig::voltage_mv)
      .range(1, 10000)
      .doc("Supply of the logic in mV, if not that of the file.");
  s.integer("temperature_k", &TechnologyConfig::temperature_k)
      .range(1, 1000)
      .doc("Temperature in K, if not that of the file.");
  s.text("cell", &TechnologyConfig::cell)
      .doc("SRAM cell flavour (lstp, hp, lop), if not that of the file.");
  return s;
}

Schema<ShellConfig> shell_schema() {
  Schema<ShellConfig> s{"shell", "What every accelerator has around its machine."};
  s.integer("burst", &ShellConfig::burst_bytes, Unit::kBytes)
      .range(4, 4096)
      .power_of_two()
      .def(64)
      .doc("Longest bus burst of a DMA channel.");
  s.integer("port_width", &ShellConfig::port_width, Unit::kBytes)
      .range(1, 128)
      .power_of_two()
      .doc("Data path of each DMA channel's port on the bus. Absent: as wide as the bus.");
  s.cycles("decode", &ShellConfig::decode_cycles)
      .range(0, 10000)
      .def(16)
      .assumed(4, 64)
      .source("one 8-byte word of a descriptor per cycle")
      .doc("From the last byte of a descriptor to the first step.");
  s.cycles("issue", &ShellConfig::issue_cycles)
      .range(0, 1000)
      .def(0)
      .assumed(0, 4)
      .source("steps are prepared while the one before runs")
      .doc("Paid by every step at its beginning.");
  return s;
}

/// The map under `key`, an empty one when it is absent.
YamlNode child(const YamlNode& map, const std::string& key) {
  const YamlNode* node = map.find(key);
  return node != nullptr ? *node : base::empty_child(map, key);
}

/// The text under `key` of `map`, or `otherwise`.
std::string text_of(const YamlNode& map, const char* key, const std::string& otherwise,
                    Diagnostics& faults) {
  base::Parameter parameter{key, base::Parameter::Kind::kText, Unit::kCount};
  parameter.def(otherwise).doc("Text.");
  const std::optional<base::Value> value = parameter.read_from(map, faults);
  return value ? std::get<std::string>(*value) : otherwise;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const MachineKind& kind : machine_kinds()) {
    names.push_back(kind.name);
  }
  return names;
}

void read_accelerator(const YamlNode& map, Platform& platform, Diagnostics& faults) {
  const std::string wanted = text_of(map, kMachineKindKey, "systolic", faults);
  for (const MachineKind& kind : machine_kinds()) {
    if (kind.name == wanted) {
      platform.machine = kind.read(map, faults);
      shell_schema().read(child(map, kShellKey), platform.shell, faults);
      return;
    }
  }
  const YamlNode* node = map.find(kMachineKindKey);
  faults.add(node != nullptr ? node->place : map.place,
             fmt::format("'{}' is no machine{}", wanted, base::suggestion(wanted, kind_names())));
}

constexpr const char* kDefaultFlashKind = "qspi_nor";

/// Whether `read` adds no fault. What keys ask of each other is checked only where each is sound by
/// itself.
template <typename Read>
bool is_sound(Diagnostics& faults, const Read& read) {
  const std::size_t before = faults.messages().size();
  read();
  return faults.messages().size() == before;
}

/// How far reading goes: every key by itself, or also what keys ask of each other.
enum class Depth { kKeys, kAll };

void read_memory(const YamlNode& root, Depth depth, bool sound_clocks, Platform& platform,
                 Diagnostics& faults) {
  const YamlNode map = child(root, "memory");
  if (!base::check_keys(map, {"sram", "external", "flash"}, faults)) {
    return;
  }
  const bool sound_sram = is_sound(
      faults, [&] { memory::sram_schema().read(child(map, "sram"), platform.sram, faults); });
  const bool sound_memories = is_sound(faults, [&] {
    platform.external = memory::read_external(child(map, "external"), faults);
    if (const YamlNode* flash = map.find("flash")) {
      platform.flash = memory::read_external(*flash, faults, kDefaultFlashKind);
    }
  });
  if (depth == Depth::kKeys) {
    return;
  }
  if (sound_sram) {
    check_sram(root, platform, faults);
  }
  if (sound_memories && sound_clocks) {
    check_external_memories(root, platform, faults);
  }
}

void read_parts(const YamlNode& root, Depth depth, Platform& platform, Diagnostics& faults) {
  const std::vector<std::string> keys = {"name", "clocks", "technology", "host",
                                         "bus",  "memory", "accelerator"};
  if (!base::check_keys(root, keys, faults)) {
    return;
  }
  platform.name = text_of(root, "name", platform.name, faults);
  const bool sound_clocks = is_sound(
      faults, [&] { clock_schema().read(child(root, "clocks"), platform.clocks, faults); });
  technology_schema().read(child(root, "technology"), platform.technology_config, faults);
  const YamlNode host = child(root, "host");
  mcu::native_host_schema().read(host, platform.host, faults);
  if (const std::string kind = text_of(host, "kind", "native", faults); kind != "native") {
    faults.add(host.find("kind")->place,
               fmt::format("'{}' is no host model{}", kind, base::suggestion(kind, {"native"})));
  }
  memory::interconnect_schema().read(child(root, "bus"), platform.bus, faults);
  read_memory(root, depth, sound_clocks, platform, faults);
  if (const YamlNode* accelerator = root.find("accelerator")) {
    read_accelerator(*accelerator, platform, faults);
  }
  if (depth == Depth::kAll) {
    check_clocks(root, platform.clocks, faults);
  }
}

std::string technology_path(const std::string& file, const std::filesystem::path& platform) {
  namespace fs = std::filesystem;
  if (!is_bare_name(file)) {
    return fs::path{file}.is_absolute() ? file : (platform.parent_path() / file).string();
  }
  fs::path folder = fs::absolute(platform).lexically_normal().parent_path();
  for (fs::path above; folder != above; above = std::exchange(folder, folder.parent_path())) {
    for (const char* place : {"technologies", "configs/technologies"}) {
      const fs::path found = folder / place / (file + ".yaml");
      if (fs::exists(found)) {
        return fs::proximate(found).string();
      }
    }
  }
  return fs::proximate(fs::path{MILLIWATT_DATA_DIR} / "configs/technologies" / (file + ".yaml"))
      .string();
}

std::vector<std::string> technology_names() {
  std::vector<std::string> names;
  for (const ShelfFile& file : shelf_files(Shelf::kTechnologies)) {
    names.push_back(file.name);
  }
  return names;
}

/// A technology that its name alone would find is called by its name, so that the effective
/// configuration does not depend on which of the two was given.
std::string technology_label(const std::string& file, const std::string& found,
                             const std::string& platform) {
  if (is_bare_name(file)) {
    return file;
  }
  const std::string name = std::filesystem::path{found}.stem().string();
  std::error_code absent;
  const bool same = std::filesystem::equivalent(technology_path(name, platform), found, absent);
  return same ? name : file;
}

/// The file of the platform's technology must exist.
void check_technology(const YamlNode& root, const std::string& file, const std::string& found,
                      Diagnostics& faults) {
  if (std::filesystem::exists(found)) {
    return;
  }
  const YamlNode* technology = root.find("technology");
  const YamlNode* node = technology != nullptr ? technology->find("file") : nullptr;
  faults.add(node != nullptr ? node->place : root.place,
             is_bare_name(file) ? fmt::format("'{}' is no technology{}", file,
                                              base::suggestion(file, technology_names()))
                                : fmt::format("the file '{}' does not exist", file));
}

/// Loads the technology that the platform names. Its faults join those of the platform.
void load_technology(const YamlNode& root, const std::string& path, TechnologyShelf& shelf,
                     Platform& platform, Diagnostics& faults) {
  const TechnologyConfig& config = platform.technology_config;
  const std::string file = technology_path(config.file, path);
  const bool exists = is_sound(faults, [&] { check_technology(root, config.file, file, faults); });
  if (!exists) {
    return;
  }
  energy::ConditionOverrides overrides;
  overrides.node_nm = config.node_nm;
  overrides.voltage_mv = config.voltage_mv;
  overrides.temperature_k = config.temperature_k;
  overrides.cell = config.cell;
  try {
    platform.technology = shelf.get(file, overrides);
    platform.technology_config.file = technology_label(config.file, file, path);
  } catch (const base::UserError& error) {
    for (const std::string& message : error.messages()) {
      faults.add(message);
    }
  }
}

void set_kind(YamlNode& map, const std::string& kind) { map.set("kind", YamlNode::scalar(kind)); }

}  // namespace

Platform load_platform(const std::string& path, const std::vector<std::string>& settings) {
  TechnologyShelf shelf;
  return load_platform(path, settings, shelf);
}

Platform load_platform(const std::string& path, const std::vector<std::string>& settings,
                       TechnologyShelf& shelf) {
  Diagnostics faults;
  std::optional<YamlNode> root = base::parse_yaml_file(path, faults);
  Platform platform;
  if (root) {
    base::apply_overrides(*root, settings, faults);
    platform.name = std::filesystem::path{path}.stem().string();
    read_parts(*root, Depth::kAll, platform, faults);
    load_technology(*root, path, shelf, platform, faults);
    if (faults.empty()) {
      check_prices(*root, platform, faults);
    }
  }
  faults.throw_if_any();
  return platform;
}

void check_platform_keys(const std::string& path, const std::vector<std::string>& settings) {
  Diagnostics faults;
  std::optional<YamlNode> root = base::parse_yaml_file(path, faults);
  if (root) {
    Platform platform;
    base::apply_overrides(*root, settings, faults);
    read_parts(*root, Depth::kKeys, platform, faults);
    const std::string& technology = platform.technology_config.file;
    check_technology(*root, technology, technology_path(technology, path), faults);
  }
  faults.throw_if_any();
}

Platform parse_platform(const std::string& text, const std::string& name) {
  Diagnostics faults;
  Platform platform;
  platform.name = name;
  if (const std::optional<YamlNode> root = base::parse_yaml_text(text, name, faults)) {
    read_parts(*root, Depth::kAll, platform, faults);
  }
  faults.throw_if_any();
  return platform;
}

std::string Platform::effective_yaml() const {
  YamlNode root = YamlNode::map();
  root.set("name", YamlNode::scalar(name));
  root.set("clocks", clock_schema().dump(clocks));
  root.set("technology", technology_schema().dump(technology_config));
  YamlNode host_map = mcu::native_host_schema().dump(host);
  set_kind(host_map, "native");
  root.set("host", host_map);
  root.set("bus", memory::interconnect_schema().dump(bus));
  YamlNode memories = YamlNode::map();
  memories.set("sram", memory::sram_schema().dump(sram));
  memories.set("external", external->dump());
  if (flash) {
    memories.set("flash", flash->dump());
  }
  root.set("memory", memories);
  if (machine) {
    YamlNode accelerator = machine->dump();
    accelerator.set(kShellKey, shell_schema().dump(shell));
    root.set("accelerator", accelerator);
  }
  return base::write_yaml(root);
}

std::vector<ComponentDoc> component_docs() {
  const auto doc = [](const char* name, const auto& schema) {
    return ComponentDoc{name, schema.doc(), schema.describe()};
  };
  std::vector<ComponentDoc> docs = {
      doc("clocks", clock_schema()), doc("technology", technology_schema()),
      doc("host", mcu::native_host_schema()), doc("bus", memory::interconnect_schema()),
      doc("memory.sram", memory::sram_schema())};
  docs.push_back({"memory.external", "Off-chip memory; its kind has further keys.",
                  memory::describe_external()});
  docs.push_back({"memory.flash",
                  "Second off-chip memory, for program and weights, if there is one; keys as of "
                  "memory.external.",
                  memory::describe_external(kDefaultFlashKind)});
  for (const memory::ExternalKind& kind : memory::external_kinds()) {
    docs.push_back({"memory (" + kind.name + ")", kind.doc, kind.describe()});
  }
  docs.push_back(doc("accelerator.shell", shell_schema()));
  for (const MachineKind& kind : machine_kinds()) {
    docs.push_back({"accelerator (" + kind.name + ")", kind.doc, kind.describe()});
  }
  return docs;
}

}  // namespace milliwatt::sim
