// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/help.h"
#include "memory/external_kinds.h"
#include "sim/bundled.h"
#include "sim/machines.h"

namespace milliwatt::app {
namespace {

std::vector<std::string> files(sim::Shelf shelf) {
  std::vector<std::string> lines;
  for (const sim::ShelfFile& file : sim::shelf_files(shelf)) {
    lines.push_back(fmt::format("{:<18}  {}", file.name, file.path));
  }
  return lines;
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
    lines.push_back(fmt::format("{:<18}  {}", kind.name, wrap(kind.doc, 78, 22)));
  }
  return lines;
}

int run(const Arguments& /*arguments*/) {
  std::cout << section("platforms", files(sim::Shelf::kPlatforms)) << "\n"
            << section("technologies", files(sim::Shelf::kTechnologies)) << "\n"
            << section("networks", files(sim::Shelf::kNetworks)) << "\n"
            << section("machines", kinds(sim::machine_kinds())) << "\n"
            << section("memories beyond the SRAM", kinds(memory::external_kinds()));
  return kGood;
}

}  // namespace

Command list_command() {
  return {
      "list",
      "",
      "Lists the platforms, technologies, networks, machines and memories that are at hand.",
      "Files have a name that commands take in their place. They are those under configs/ and\n"
      "workloads/networks/ of the working directory and those that came with milliwatt; of two\n"
      "with one name, the former.\n",
      CommandLine({}, {}, 0, 0),
      run};
}

}  // namespace milliwatt::app
