// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/file_kind.h"
#include "base/error.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  std::vector<std::string> faults;
  for (const std::string& path : arguments.positionals()) {
    try {
      const FileKind kind = kind_of_file(path);
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
