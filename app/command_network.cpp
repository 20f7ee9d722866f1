// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.h"
#include "workloads/load.h"
#include "workloads/summary.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  const workloads::Graph graph = workloads::load_network(arguments.positionals()[0]);
  std::cout << workloads::format_summary(workloads::summarize(graph));
  return kGood;
}

}  // namespace

Command network_command() {
  return {"network",
          "NETWORK",
          "Prints the operators of a network with shapes, MACs, parameters and memory.",
          "NETWORK is a TensorFlow Lite file (.tflite) or a layer trace (.yaml).\n\n"
          "  milliwatt network workloads/networks/resnet8.yaml\n",
          CommandLine({}, {"NETWORK"}, 1, 1),
          run};
}

}  // namespace milliwatt::app
