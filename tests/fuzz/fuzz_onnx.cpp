// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ONNX file: they are refused with messages, or a graph that can be summarized and
// whose operators the host accepts or refuses without a fault.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "dataflows/host_task.h"
#include "workloads/onnx.h"
#include "workloads/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const workloads::Graph graph = workloads::read_onnx(bytes, "fuzz.onnx");
    workloads::format_summary(workloads::summarize(graph));
    for (const workloads::Operator& op : graph.operators) {
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
