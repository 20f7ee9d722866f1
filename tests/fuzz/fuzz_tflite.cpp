// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .tflite file: they are refused with messages, or a graph that can be summarized
// and whose operators an array and the host accept or refuse without a fault. What the array
// accepts it also maps, where the search is short.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "dataflows/host_task.h"
#include "dataflows/systolic_engine.h"
#include "workloads/summary.h"
#include "workloads/tflite.h"

namespace {

using namespace milliwatt;

/// Pixels and taps for which a mapping is looked for in no time.
constexpr std::int64_t kFewBytes = 4096;

dataflows::SystolicShape small_array() {
  dataflows::SystolicShape shape;
  shape.rows = shape.columns = 8;
  shape.input_buffer_bytes = shape.weight_buffer_bytes = 4096;
  shape.accumulator_buffer_bytes = shape.output_buffer_bytes = 4096;
  return shape;
}

void ask_the_array(const workloads::Graph& graph, const workloads::Operator& op) {
  const dataflows::SystolicEngine array{small_array()};
  std::int64_t bytes = 0;
  for (const workloads::TensorId id : op.reads()) {
    bytes += graph.tensor(id).bytes();
  }
  for (const workloads::TensorId id : op.writes()) {
    bytes += graph.tensor(id).bytes();
  }
  if (!array.refuses(graph, op) && bytes <= kFewBytes) {
    array.map(graph, op, {}, {})->parameters();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> bytes(data, data + size);
  try {
    const workloads::Graph graph = workloads::read_tflite(bytes, "fuzz");
    workloads::format_summary(workloads::summarize(graph));
    for (const workloads::Operator& op : graph.operators) {
      ask_the_array(graph, op);
      if (!dataflows::host_refuses(graph, op)) {
        dataflows::host_task(graph, op);
      }
    }
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
  }
  return 0;
}
