// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/file_kind.h"
#include "app/write_file.h"
#include "base/diagnostics.h"
#include "base/error.h"
#include "sim/bundled.h"
#include "sim/compare.h"
#include "sim/run.h"

namespace milliwatt::app {
namespace {

/// The messages, each with the platform that it is about.
std::vector<std::string> about(const std::string& platform, const base::UserError& error) {
  std::vector<std::string> messages;
  for (const std::string& message : error.messages()) {
    messages.push_back(message.rfind(platform, 0) == 0 ? message : platform + ": " + message);
  }
  return messages;
}

/// All of them, or the faults of all, before the first one runs.
std::vector<sim::Platform> load_all(const std::vector<std::string>& paths,
                                    const std::vector<std::string>& settings) {
  std::vector<sim::Platform> platforms;
  base::Diagnostics faults;
  for (const std::string& path : paths) {
    try {
      platforms.push_back(sim::load_platform(path, settings));
    } catch (const base::UserError& error) {
      for (const std::string& message : about(path, error)) {
        faults.add(message);
      }
    }
  }
  faults.throw_if_any();
  return platforms;
}

sim::RunResult run_one(const std::string& platform, sim::Platform loaded, sim::Workload& workload,
                       const sim::RunOptions& options) {
  try {
    return sim::run(std::move(loaded), workload, options);
  } catch (const base::UserError& error) {
    throw base::UserError(about(platform, error));
  } catch (const base::SimulationError& error) {
    throw base::SimulationError(platform + ": " + error.what());
  }
}

PlatformsAndNetworks files_of(const Arguments& arguments) {
  PlatformsAndNetworks files = platforms_and_networks(arguments.positionals());
  if (files.networks.size() != 1) {
    throw base::UserError(
        fmt::format("compare takes one network, found {}", files.networks.size()));
  }
  return files;
}

int run(const Arguments& arguments) {
  const PlatformsAndNetworks files = files_of(arguments);
  sim::RunOptions options;
  options.network_path = files.networks[0];
  options.settings = arguments.values("set");
  options.level = parse_level(arguments.value("level", "values"));
  options.plan_path = arguments.value("use-plan");
  if (arguments.has("out")) {
    check_file_target(arguments.value("out"));
  }
  std::vector<sim::Platform> platforms = load_all(files.platforms, options.settings);
  sim::Workload workload{options};
  std::vector<sim::ComparedRun> runs;
  for (std::size_t i = 0; i < platforms.size(); ++i) {
    const std::string& name = files.platforms[i];
    runs.push_back(
        {sim::file_label(name), run_one(name, std::move(platforms[i]), workload, options)});
  }
  if (arguments.has("out")) {
    write_file(arguments.value("out"), sim::compare_csv(runs));
  }
  std::cout << sim::compare_text(runs);
  return kGood;
}

constexpr const char* kDetails =
    "A column of the table is a platform, a row a quantity of the whole run; docs/results.md has\n"
    "their formulas. Names of `milliwatt list` do for files.\n"
    "\n"
    "  milliwatt compare resnet8 systolic_16x16 small_8x8\n"
    "  milliwatt compare model.tflite a.yaml b.yaml --level estimate --out comparison.csv\n";

}  // namespace

Command compare_command() {
  return {"compare",
          "NETWORK PLATFORM...",
          "Runs one network on several platforms and shows them side by side.",
          kDetails,
          CommandLine({{"set", "KEY=VALUE", "Changes a key of every platform. Repeatable.", true},
                       {"level", "LEVEL", "estimate, values (default) or exact."},
                       {"use-plan", "FILE",
                        "Forces what this plan file says on every platform, as `run` does."},
                       {"out", "FILE", "Writes one row per platform as CSV, with all digits."}},
                      {"NETWORK", "PLATFORM"}, 2, -1),
          run};
}

}  // namespace milliwatt::app
