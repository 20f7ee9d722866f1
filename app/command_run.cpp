// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>
#include <tuple>

#include "app/command.h"
#include "app/file_kind.h"
#include "app/run_output.h"
#include "app/write_file.h"
#include "base/error.h"
#include "sim/run.h"
#include "sim/write_table.h"

namespace milliwatt::app {
namespace {

/// Options that would be ignored are refused.
void check_combination(const Arguments& arguments, sim::Level level) {
  if (arguments.has("input") && arguments.has("seed")) {
    throw base::UserError("options '--input' and '--seed' exclude each other");
  }
  if (arguments.has("dataset") != arguments.has("labels")) {
    throw base::UserError("options '--dataset' and '--labels' go together");
  }
  for (const char* option : {"input", "seed", "invocations"}) {
    if (arguments.has("dataset") && arguments.has(option)) {
      throw base::UserError(
          fmt::format("options '--dataset' and '--{}' exclude each other", option));
    }
  }
  for (const char* option : {"input", "seed", "dataset", "tensors", "no-check"}) {
    if (level == sim::Level::kEstimate && arguments.has(option)) {
      throw base::UserError(
          fmt::format("option '--{}': the level estimate computes no values", option));
    }
  }
}

sim::RunOptions run_options(const Arguments& arguments) {
  sim::RunOptions options;
  options.settings = arguments.values("set");
  options.level = parse_level(arguments.value("level", "values"));
  options.input.files = arguments.values("input");
  options.input.seed = parse_count("seed", arguments.value("seed", "1"));
  if (arguments.has("invocations")) {
    options.input.invocations = parse_count("invocations", arguments.value("invocations"));
  }
  options.dump = arguments.has("tensors");
  options.dataset_path = arguments.value("dataset");
  options.labels_path = arguments.value("labels");
  options.check = !arguments.has("no-check");
  options.plan_path = arguments.value("use-plan");
  check_combination(arguments, options.level);
  std::tie(options.platform_path, options.network_path) =
      platform_and_network(arguments.positionals()[0], arguments.positionals()[1]);
  return options;
}

int run(const Arguments& arguments) {
  const sim::RunOptions options = run_options(arguments);
  if (arguments.has("plan-out")) {
    check_file_target(arguments.value("plan-out"));
  }
  RunOutput output(arguments.value("out"), arguments.value("tensors"));
  const sim::RunResult result = sim::run(options);
  print_warnings(result.network_notes);
  output.write(result);
  if (arguments.has("plan-out")) {
    write_file(arguments.value("plan-out"), result.plan_file);
  }
  if (!arguments.has("quiet")) {
    std::cout << sim::format_table(
        result, arguments.has("sparsity") ? sim::Columns::kZeros : sim::Columns::kByCause);
  }
  if (arguments.has("plan")) {
    std::cout << (arguments.has("quiet") ? "" : "\n") << result.plan;
  }
  return kGood;
}

constexpr const char* kDetails =
    "PLATFORM is a YAML file (docs/configuration.md); NETWORK a quantized TensorFlow Lite file\n"
    "(.tflite) or ONNX file (.onnx), a layer trace or a derived network (.yaml), or a SCALE-Sim\n"
    "topology (.csv). Either may be a name of `milliwatt list`. The table goes to the standard\n"
    "output; docs/results.md explains it and the files of --out.\n"
    "\n"
    "  milliwatt run systolic_16x16 resnet8\n"
    "  milliwatt run platform.yaml model.tflite --input image.npy --out out --tensors out/tensors\n"
    "  milliwatt run platform.yaml model.tflite --set accelerator.rows=8 --level estimate\n"
    "  milliwatt run platform.yaml speech.tflite --input frames.npy --invocations 20\n"
    "  milliwatt run platform.yaml model.tflite --plan-out plan.yaml\n"
    "  milliwatt run platform.yaml model.tflite --use-plan plan.yaml\n";

std::vector<Option> options() {
  return {{"input", "FILE",
           "Values of the network's input: .npy, or raw bytes as stored. Without it they are made "
           "from --seed. Repeatable: one for each input, in their order or as NAME=FILE. A file "
           "may hold the input of every invocation, one behind the other.",
           true},
          {"seed", "N",
           "Seed of the input's values, one stream over all invocations; 1 when "
           "absent."},
          {"invocations", "N",
           "Runs N inferences in a row, without a pause and with the network's states living on. "
           "As many as --input holds, or 1, when absent."},
          {"dataset", "FILE",
           "Runs every image of this .npy file (N x the input's shape) and reports the accuracy; "
           "the table above it is that of the first image."},
          {"labels", "FILE", "The classes of --dataset: an .npy file of N integers."},
          {"set", "KEY=VALUE",
           "Changes a key of the platform, e.g. accelerator.rows=8. Repeatable.", true},
          {"level", "LEVEL",
           "estimate: time, traffic and energy without values. values (default): "
           "a simulation that computes the outputs. exact: one that steps every "
           "register of the array."},
          {"out", "DIR",
           "Writes all results to this folder at the end, as a whole. It may be "
           "absent, empty, or hold an earlier result, which is replaced."},
          {"tensors", "DIR",
           "Writes every tensor of every invocation, and the sums that were requantized to it, as "
           ".npy with an index.csv; may lie below --out."},
          {"sparsity", "",
           "Shows in the table which share of each layer's weights, inputs and outputs is zero, "
           "in place of the cycles by cause."},
          {"no-check", "", "Skips the comparison of every tensor with the reference kernels."},
          {"plan", "", "Prints the plan after the table: mappings, tensors and their addresses."},
          {"plan-out", "FILE", "Writes the plan as YAML, to be edited and given to --use-plan."},
          {"use-plan", "FILE",
           "Forces what this plan file says of operators and tensors; everything else is planned "
           "as usual."},
          {"quiet", "", "Prints no table."}};
}

}  // namespace

Command run_command() {
  return {"run",
          "PLATFORM NETWORK",
          "Runs inferences of a network on a platform; shows where cycles, energy and off-chip "
          "traffic go.",
          kDetails,
          CommandLine(options(), {"PLATFORM", "NETWORK"}, 2, 2),
          run};
}

}  // namespace milliwatt::app
