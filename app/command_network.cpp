// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.h"
#include "app/export_trace.h"
#include "app/write_file.h"
#include "sim/bundled.h"
#include "workloads/load.h"
#include "workloads/summary.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  if (arguments.has("out")) {
    check_file_target(arguments.value("out"));
  }
  const workloads::Graph graph =
      workloads::load_network(sim::find_file(arguments.positionals()[0], {sim::Shelf::kNetworks}));
  print_warnings(graph.notes);
  const workloads::NetworkSummary summary = workloads::summarize(graph);
  if (arguments.has("out")) {
    write_file(arguments.value("out"), workloads::summary_csv(summary));
  }
  if (arguments.has("export-trace")) {
    const std::string path = write_trace(graph, arguments.value("export-trace"));
    std::cerr << "wrote " << path << "\n";
  }
  std::cout << workloads::format_summary(summary);
  return kGood;
}

}  // namespace

Command network_command() {
  return {"network",
          "NETWORK",
          "Prints the operators of a network with shapes, MACs, parameters and memory.",
          "NETWORK is a TensorFlow Lite file (.tflite), an ONNX file (.onnx), a layer trace or a\n"
          "derived network (.yaml), a SCALE-Sim topology (.csv) or a name of `milliwatt list`.\n\n"
          "  milliwatt network resnet8\n"
          "  milliwatt network model.tflite --export-trace traces\n",
          CommandLine({{"out", "FILE", "Writes one row per operator and their total as CSV."},
                       {"export-trace", "DIR",
                        "Writes DIR/NAME.yaml, a layer trace of the network, and its constants."}},
                      {"NETWORK"}, 1, 1),
          run};
}

}  // namespace milliwatt::app
