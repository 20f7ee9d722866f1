// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "base/files.h"
#include "sim/diff.h"

namespace milliwatt::app {
namespace {

/// A result is its folder, or its results.json.
std::string results_file(const std::string& path) {
  return std::filesystem::is_directory(path) ? path + "/results.json" : path;
}

int run(const Arguments& arguments) {
  const std::string a = results_file(arguments.positionals()[0]);
  const std::string b = results_file(arguments.positionals()[1]);
  const std::vector<sim::DiffSection> sections =
      sim::diff_results(base::read_file(a), a, base::read_file(b), b);
  std::cout << sim::diff_text(sections, arguments.has("all"));
  if (sections.empty()) {
    std::cout << "equal\n";
  }
  return sections.empty() ? kGood : kFailed;
}

}  // namespace

Command diff_command() {
  return {
      "diff",
      "A B",
      "Shows what is different between two results: configuration, totals, layers, counts.",
      "A and B are folders of `milliwatt run --out`, or their results.json. Integers are compared\n"
      "exactly. Exit code 0: equal, 1: different.\n"
      "\n"
      "  milliwatt diff out/before out/after\n",
      CommandLine(
          {{"all", "", "Shows every difference, also of counters, energies and derived values."}},
          {"A", "B"}, 2, 2),
      run};
}

}  // namespace milliwatt::app
