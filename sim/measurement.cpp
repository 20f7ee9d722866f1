// SPDX-License-Identifier: Apache-2.0
#include "sim/measurement.h"

#include <algorithm>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

base::Counters difference(const base::Counters& after, const base::Counters& before) {
  base::Counters result{after.instance(), after.component_class()};
  for (int layer = base::kNoLayer; layer < after.layers(); ++layer) {
    for (int action = 0; action < after.actions(); ++action) {
      const std::int64_t n = after.value(action, layer) - before.value(action, layer);
      if (n != 0) {
        result.add(action, layer, n);
      }
    }
  }
  return result;
}

bool same_flow(const memory::TrafficLedger::Entry& a, const memory::TrafficLedger::Entry& b) {
  return a.initiator == b.initiator && a.target == b.target && a.write == b.write &&
         a.tensor_class == b.tensor_class && a.layer == b.layer;
}

}  // namespace

base::ActionCounts difference(const base::ActionCounts& after, const base::ActionCounts& before) {
  if (after.components.size() != before.components.size()) {
    throw base::InternalError("counts of different platforms");
  }
  base::ActionCounts result;
  for (std::size_t i = 0; i < after.components.size(); ++i) {
    result.components.push_back(difference(after.components[i], before.components[i]));
  }
  return result;
}

std::vector<memory::TrafficLedger::Entry> difference(
    const std::vector<memory::TrafficLedger::Entry>& after,
    const std::vector<memory::TrafficLedger::Entry>& before) {
  std::vector<memory::TrafficLedger::Entry> result = after;
  for (memory::TrafficLedger::Entry& entry : result) {
    const auto earlier =
        std::find_if(before.begin(), before.end(),
                     [&](const memory::TrafficLedger::Entry& e) { return same_flow(e, entry); });
    if (earlier != before.end()) {
      entry.bytes -= earlier->bytes;
    }
  }
  result.erase(std::remove_if(result.begin(), result.end(),
                              [](const memory::TrafficLedger::Entry& e) { return e.bytes == 0; }),
               result.end());
  return result;
}

}  // namespace milliwatt::sim
