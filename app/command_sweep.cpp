// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "app/command.h"
#include "app/file_kind.h"
#include "app/stop_signals.h"
#include "app/sweep_progress.h"
#include "base/diagnostics.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "sim/space_check.h"
#include "sim/sweep.h"

namespace milliwatt::app {
namespace {

constexpr const char* kTimeout = "600";
constexpr std::uint32_t kMostJobs = 1024;

/// Digest of the program that runs.
std::string own_digest() {
  const std::string bytes = base::read_file("/proc/self/exe");
  return base::digest_text(bytes.data(), bytes.size());
}

sim::PointSpace space_of(const Arguments& arguments) {
  PlatformsAndNetworks files = platforms_and_networks(arguments.positionals());
  std::vector<sim::Axis> axes;
  base::Diagnostics faults;
  for (const std::string& text : arguments.values("vary")) {
    try {
      axes.push_back(sim::parse_axis(text));
    } catch (const base::UserError& error) {
      faults.add(error.what());
    }
  }
  faults.throw_if_any();
  return {std::move(files.platforms), std::move(files.networks), std::move(axes),
          arguments.values("set")};
}

int jobs_of(const Arguments& arguments) {
  if (!arguments.has("jobs")) {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  const std::uint32_t jobs = parse_count("jobs", arguments.value("jobs"));
  if (jobs == 0 || jobs > kMostJobs) {
    throw base::UserError(fmt::format("option '--jobs': {} is not 1 .. {}", jobs, kMostJobs));
  }
  return static_cast<int>(jobs);
}

sim::SweepOptions sweep_options(const Arguments& arguments) {
  sim::SweepOptions options{space_of(arguments)};
  options.level = parse_level(arguments.value("level", "values"));
  options.jobs = jobs_of(arguments);
  const std::uint32_t timeout = parse_count("timeout", arguments.value("timeout", kTimeout));
  options.timeout_seconds = static_cast<int>(std::min(timeout, 1'000'000U));
  options.out = arguments.value("out");
  options.program = own_digest();
  return options;
}

/// "3990 ok, 10 infeasible"
std::string count_text(const sim::SweepProgress& progress) {
  std::string text;
  for (int i = 0; i < sim::kPointStatuses; ++i) {
    const std::int64_t count = progress.by_status[static_cast<std::size_t>(i)];
    if (count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count,
                          sim::status_name(static_cast<sim::PointStatus>(i)));
    }
  }
  return text;
}

int finish(const sim::SweepProgress& progress, const std::string& out) {
  if (!progress.complete()) {
    std::cerr << fmt::format(
        "milliwatt: interrupted after {} of {} points; the same command continues\n",
        progress.finished, progress.points);
    return kFailed;
  }
  std::cout << fmt::format("{} points: {}; {}/{}\n", progress.points, count_text(progress), out,
                           sim::kSweepSummary);
  return progress.by_status[static_cast<std::size_t>(sim::PointStatus::kOk)] > 0 ? kGood : kFailed;
}

int run(const Arguments& arguments) {
  sim::SweepOptions options = sweep_options(arguments);
  sim::check_space(options.space);
  if (arguments.has("dry-run")) {
    std::cout << fmt::format("{} points\n", options.space.size());
    return kGood;
  }
  if (options.out.empty()) {
    throw base::UserError("option '--out' is missing: the folder of the sweep");
  }
  std::cout.flush();
  const StopSignals stop;
  options.interrupt = stop.descriptor();
  ProgressDisplay display;
  options.progress = [&display](const sim::SweepProgress& progress) { display.show(progress); };
  const sim::SweepProgress progress = sim::sweep(options);
  display.clear();
  return finish(progress, options.out);
}

constexpr const char* kDetails =
    "Evaluates every combination of the platforms, networks and varied keys, and writes one row "
    "for\n"
    "each to DIR/summary.csv. A point that is bad input, fails, crashes or hangs is a row with "
    "its\n"
    "error. An interrupted sweep continues when the same command is given again. docs/sweeps.md\n"
    "explains columns and files. Exit code 1 when no point is ok.\n"
    "\n"
    "  milliwatt sweep small_8x8 resnet8 --vary accelerator.rows=4,8,16 --out out/rows\n"
    "  milliwatt sweep configs/platforms/*.yaml workloads/networks/*.yaml --out out/all --jobs 8\n"
    "  milliwatt sweep platform.yaml model.tflite --vary memory.sram.size=64KiB,256KiB \\\n"
    "      --vary technology.file=45nm,my.yaml --level values --out out/memory\n";

std::vector<Option> options() {
  return {{"vary", "KEY=A,B,C", "A key of the platform and the values it takes. Repeatable.", true},
          {"set", "KEY=VALUE", "Changes a key of the platform for every point. Repeatable.", true},
          {"level", "LEVEL", "estimate, values (default) or exact; see `milliwatt run --help`."},
          {"jobs", "N",
           "Processes that work side by side; as many as processors when absent. The "
           "result does not depend on it."},
          {"timeout", "SECONDS", "Gives up a point that takes longer; 600 when absent, 0: never."},
          {"out", "DIR", "Folder of the sweep: absent, empty, or that of the same sweep."},
          {"dry-run", "", "Prints the number of points and evaluates none."}};
}

}  // namespace

Command sweep_command() {
  return {
      "sweep",
      "PLATFORM... NETWORK...",
      "Runs every combination of platforms, networks and values of keys; one row of a table for "
      "each.",
      kDetails,
      CommandLine(options(), {"PLATFORM", "NETWORK"}, 2, -1),
      run};
}

}  // namespace milliwatt::app
