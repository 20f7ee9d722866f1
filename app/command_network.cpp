// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.h"
#include "app/export_trace.h"
#include "sim/bundled.h"
#include "workloads/load.h"
#include "workloads/summary.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  const workloads::Graph graph =
      workloads::load_network(sim::find_file(arguments.positionals()[0], {sim::Shelf::kNetworks}));
  print_warnings(graph.notes);
  std::cout << workloads::format_summary(workloads::summarize(graph));
  if (arguments.has("export-trace")) {
    std::cerr << "wrote " << write_trace(graph, arguments.value("export-trace")) << "\n";
  }
  return kGood;
}

}  // namespace

Command network_command() {
  return {
      "network",
      "NETWORK",
      "Prints the operators of a network with shapes, MACs, parameters and memory.",
      "NETWORK is a TensorFlow Lite file (.tflite), an ONNX file (.onnx), a layer trace (.yaml), a\n"
      "SCALE-Sim topology (.csv) or a name of `milliwatt list`.\n\n"
      "  milliwatt network resnet8\n"
      "  milliwatt network model.tflite --export-trace traces\n",
      CommandLine({{"export-trace", "DIR",
                    "write DIR/NAME.yaml, a layer trace of the same network, and its constants"}},
                  {"NETWORK"}, 1, 1),
      run};
}

}  // namespace milliwatt::app
