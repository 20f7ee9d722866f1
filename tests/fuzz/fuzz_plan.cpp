// SPDX-License-Identifier: Apache-2.0
// Any text as a plan file: it is refused with messages, or read; what it says of a small network on
// a small array is refused with messages, or a plan that its own file describes again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "dataflows/systolic_engine.h"
#include "sim/plan_file.h"
#include "workloads/layer_trace.h"

namespace milliwatt {
namespace {

/// Two products, a pool, an alias and what the host runs.
constexpr const char* kNetwork =
    "layer_trace: 1\nname: tiny\n"
    "inputs:\n  - {name: image, shape: [1, 8, 8, 4]}\n"
    "layers:\n"
    "  - {kind: conv2d, name: conv, filters: 6, kernel: 3}\n"
    "  - {kind: average_pool2d, name: pool, kernel: 2, stride: 2}\n"
    "  - {kind: reshape, name: flat, shape: [1, 96]}\n"
    "  - {kind: fully_connected, name: classes, units: 5}\n"
    "  - {kind: softmax, name: probabilities}\n";

struct Bench {
  workloads::Graph graph = workloads::parse_layer_trace(kNetwork, "tiny.yaml", ".", 1 << 14);
  dataflows::SystolicEngine engine{shape()};
  dataflows::PlatformView platform;

  Bench() {
    platform.engines = {&engine};
    platform.sram_bytes = 2048;
    platform.external_bytes = 1 << 20;
  }

  static dataflows::SystolicShape shape() {
    dataflows::SystolicShape shape;
    shape.rows = shape.columns = 4;
    shape.input_buffer_bytes = shape.weight_buffer_bytes = 256;
    shape.accumulator_buffer_bytes = shape.output_buffer_bytes = 256;
    return shape;
  }

  /// The plan that `text` leads to, as a file.
  std::string replanned(const std::string& text) const {
    const dataflows::ForcedPlan forced = sim::PlanFile::parse(text, "fuzz.yaml").forced(graph);
    return sim::plan_yaml(graph, dataflows::make_plan(graph, platform, forced));
  }
};

}  // namespace
}  // namespace milliwatt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const milliwatt::Bench bench;
  std::string plan;
  try {
    plan = bench.replanned(std::string(data, data + size));
  } catch (const milliwatt::base::UserError& error) {
    if (error.messages().empty()) {
      throw milliwatt::base::InternalError("a refusal without a message");
    }
    return 0;
  }
  if (bench.replanned(plan) != plan) {
    throw milliwatt::base::InternalError("the file of a plan leads to another one");
  }
  return 0;
}
