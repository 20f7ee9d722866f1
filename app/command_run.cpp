// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "base/error.h"
#include "base/nearest.h"
#include "sim/run.h"
#include "sim/write_table.h"

namespace milliwatt::app {
namespace {

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

int run(const Arguments& arguments) {
  sim::RunOptions options;
  options.platform_path = arguments.positionals()[0];
  options.network_path = arguments.positionals()[1];
  options.settings = arguments.values("set");
  options.level = parse_level(arguments.value("level", "values"));
  options.input_path = arguments.value("input");
  options.seed = parse_count("seed", arguments.value("seed", "1"));
  options.check = !arguments.has("no-check");
  const sim::RunResult result = sim::run(options);
  if (!arguments.has("quiet")) {
    std::cout << sim::format_table(result);
  }
  if (arguments.has("plan")) {
    std::cout << "\n" << result.plan;
  }
  return kGood;
}

}  // namespace

Command run_command() {
  return {
      "run",
      "PLATFORM NETWORK",
      "Runs one inference of a network on a platform and prints where cycles, energy and "
      "off-chip traffic go.",
      "",
      CommandLine({{"input", "FILE", "Input tensor, .npy or raw bytes; without it, seeded values."},
                   {"seed", "N", "Seed of the input's values; 1 by default."},
                   {"set", "KEY=VALUE", "Changes a key of the platform.", true},
                   {"level", "LEVEL", "estimate, values (default) or exact."},
                   {"no-check", "", "Does not compare with the reference."},
                   {"plan", "", "Prints the plan too."},
                   {"quiet", "", "Prints no table."}},
                  {"PLATFORM", "NETWORK"}, 2, 2),
      run};
}

}  // namespace milliwatt::app
