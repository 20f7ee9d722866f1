// SPDX-License-Identifier: Apache-2.0
// Any text as a network derived from a small one: it is refused with messages, or its graph passes
// the checks that every network must pass, and runs.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/yaml.h"
#include "workloads/derived_network.h"
#include "workloads/layer_trace.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt {
namespace {

/// Layers that decide their precision, follow another, or keep whole bytes.
constexpr const char* kNetwork = R"(
layer_trace: 1
name: small
inputs: [{name: image, shape: [1, 5, 5, 2]}]
layers:
  - {kind: conv2d, name: stem, filters: 3, kernel: 3, activation: relu}
  - {kind: max_pool2d, name: pool, kernel: 2}
  - {kind: depthwise_conv2d, name: deep, kernel: 3}
  - {kind: add, name: sum, inputs: [pool, deep]}
  - {kind: fully_connected, name: dense, units: 3}
  - {kind: softmax, name: classes}
)";

}  // namespace
}  // namespace milliwatt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  const std::string text(data, data + size);
  try {
    const workloads::Graph graph = workloads::derive_network(
        base::parse_yaml_text(text, "fuzz.yaml"), "fuzz", [](const std::string& /*word*/) {
          return workloads::parse_layer_trace(kNetwork, "small.yaml", "");
        });
    workloads::run_reference(graph, workloads::seeded_input(graph, 1));
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
  }
  return 0;
}
