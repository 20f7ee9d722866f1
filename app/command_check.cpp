// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/file_kind.h"
#include "base/error.h"
#include "sim/bundled.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  std::vector<std::string> faults;
  for (const std::string& word : arguments.positionals()) {
    try {
      const std::string path = sim::find_file(
          word, {sim::Shelf::kPlatforms, sim::Shelf::kTechnologies, sim::Shelf::kNetworks});
      const FileKind kind = kind_of_file(path);
      const std::vector<std::string> notes = kind.check(path);
      std::cout << fmt::format("{}: {}, no faults\n", path, kind.name);
      for (const std::string& note : notes) {
        std::cout << fmt::format("  note: {}\n", note);
      }
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
  return {"check",
          "FILE...",
          "Validates platforms, technologies and networks of any format without running them.",
          "Prints which kind each file is, told by its suffix or its keys, or every fault in it. "
          "With a\n"
          "platform, its technology is read too. FILE may be a name of `milliwatt list`.\n\n"
          "  milliwatt check systolic_16x16 my_network.yaml\n",
          CommandLine({}, {"FILE"}, 1, -1),
          run};
}

}  // namespace milliwatt::app
