// SPDX-License-Identifier: Apache-2.0
// Any text as a layer trace: it is refused with messages, or read and summarized. The bytes that
// its tensors may take are few, for making weights is not what is tested.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "workloads/layer_trace.h"
#include "workloads/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  constexpr std::int64_t kMostBytes = 1 << 14;
  const std::string text(data, data + size);
  try {
    const workloads::Graph graph =
        workloads::parse_layer_trace(text, "fuzz.yaml", "no_such_folder", kMostBytes);
    workloads::format_summary(workloads::summarize(graph));
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
  }
  return 0;
}
