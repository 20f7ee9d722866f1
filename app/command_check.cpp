// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "base/error.h"
#include "base/yaml.h"
#include "energy/technology.h"
#include "sim/platform.h"
#include "workloads/load.h"

namespace milliwatt::app {
namespace {

void check_platform(const std::string& path) { sim::load_platform(path, {}); }
void check_technology(const std::string& path) { energy::Technology::load(path); }
void check_network(const std::string& path) { workloads::load_network(path); }

/// A kind of file, the top-level keys that only it has, and its reader.
struct FileKind {
  const char* name;
  std::vector<std::string> keys;
  void (*check)(const std::string& path);
};

std::vector<FileKind> yaml_kinds() {
  return {{"layer trace", {"layer_trace", "layers"}, check_network},
          {"technology", {"conditions", "primitives", "classes", "sram_table"}, check_technology},
          {"platform",
           {"clocks", "technology", "host", "bus", "memory", "accelerator"},
           check_platform}};
}

FileKind yaml_kind(const std::string& path) {
  const base::YamlNode root = base::parse_yaml_file(path);
  for (const FileKind& kind : yaml_kinds()) {
    const auto has = [&](const std::string& key) { return root.find(key) != nullptr; };
    if (std::any_of(kind.keys.begin(), kind.keys.end(), has)) {
      return kind;
    }
  }
  throw base::UserError(
      path +
      ": neither a platform (clocks, host, bus, memory, accelerator), nor a technology "
      "(conditions, primitives, classes), nor a layer trace (layer_trace, layers)");
}

FileKind kind_of(const std::string& path) {
  const std::string suffix = std::filesystem::path(path).extension().string();
  return suffix == ".tflite" ? FileKind{"network", {}, check_network} : yaml_kind(path);
}

int run(const Arguments& arguments) {
  std::vector<std::string> faults;
  for (const std::string& path : arguments.positionals()) {
    try {
      const FileKind kind = kind_of(path);
      kind.check(path);
      std::cout << fmt::format("{}: {}, no faults\n", path, kind.name);
    } catch (const base::UserError& error) {
      faults.insert(faults.end(), error.messages().begin(), error.messages().end());
    }
  }
  if (!faults.empty()) {
    throw base::UserError(faults);
  }
  return kGood;
}

}  // namespace

Command check_command() {
  return {
      "check",
      "FILE...",
      "Validates platforms, technologies, layer traces and .tflite networks without running "
      "them.",
      "Prints which kind each file is, told by its top-level keys, or every fault in it. With a\n"
      "platform, its technology is read too.\n\n"
      "  milliwatt check configs/platforms/systolic_16x16.yaml my_network.yaml\n",
      CommandLine({}, {"FILE"}, 1, -1),
      run};
}

}  // namespace milliwatt::app
