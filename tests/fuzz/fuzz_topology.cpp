// SPDX-License-Identifier: Apache-2.0
// Any text as a SCALE-Sim topology: it is refused with messages, or read and summarized.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "workloads/scalesim.h"
#include "workloads/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  constexpr std::int64_t kMostBytes = 1 << 14;
  const std::string text(data, data + size);
  try {
    const workloads::Graph graph = workloads::parse_topology(text, "fuzz.csv", kMostBytes);
    workloads::format_summary(workloads::summarize(graph));
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
  }
  return 0;
}
