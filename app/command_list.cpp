// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "app/help.h"
#include "memory/external_kinds.h"
#include "sim/machines.h"

namespace milliwatt::app {
namespace {

namespace fs = std::filesystem;

/// The folder under the working directory when it is there, else the one that came with milliwatt.
fs::path shelf(const std::string& folder) {
  return fs::is_directory(folder) ? fs::path(folder) : fs::path(MILLIWATT_DATA_DIR) / folder;
}

/// The files in `folder` with one of the suffixes, sorted; none when there is no such folder.
std::vector<std::string> files(const fs::path& folder, const std::vector<std::string>& suffixes) {
  std::vector<std::string> found;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
    const std::string suffix = entry.path().extension().string();
    if (std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end()) {
      found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string section(const std::string& title, const std::vector<std::string>& lines) {
  std::string text = title + "\n";
  for (const std::string& line : lines) {
    text += "  " + line + "\n";
  }
  return text + (lines.empty() ? "  none\n" : "");
}

/// Machines, memories: their names with a sentence each.
template <typename Kind>
std::vector<std::string> kinds(const std::vector<Kind>& all) {
  std::vector<std::string> lines;
  for (const Kind& kind : all) {
    lines.push_back(fmt::format("{:<12}  {}", kind.name, wrap(kind.doc, 84, 16)));
  }
  return lines;
}

int run(const Arguments& /*arguments*/) {
  std::cout << section("platforms", files(shelf("configs/platforms"), {".yaml"})) << "\n"
            << section("technologies", files(shelf("configs/technologies"), {".yaml"})) << "\n"
            << section("networks", files(shelf("workloads/networks"), {".yaml", ".tflite"})) << "\n"
            << section("machines", kinds(sim::machine_kinds())) << "\n"
            << section("memories off chip", kinds(memory::external_kinds()));
  return kGood;
}

}  // namespace

Command list_command() {
  return {
      "list",
      "",
      "Lists the platforms, technologies, networks, machines and memories that are at hand.",
      "Files are those under configs/ and workloads/networks/ of the working directory, or else\n"
      "those that came with milliwatt.\n",
      CommandLine({}, {}, 0, 0),
      run};
}

}  // namespace milliwatt::app
