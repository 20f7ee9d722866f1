// SPDX-License-Identifier: Apache-2.0
#include "dataflows/recurrence.h"

#include <numeric>

namespace milliwatt::dataflows {

std::vector<std::uint32_t> slot_groups(const std::vector<Slot>& slots) {
  std::vector<std::uint32_t> order(slots.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Slot& x = slots[a];
    const Slot& y = slots[b];
    return x.buffer != y.buffer ? x.buffer < y.buffer : x.offset < y.offset;
  });
  std::vector<std::uint32_t> groups(slots.size());
  std::uint32_t leader = 0;
  std::uint64_t end = 0;
  bool any = false;
  for (const std::uint32_t i : order) {
    const Slot& slot = slots[i];
    if (slot.bytes == 0) {
      groups[i] = i;
      continue;
    }
    const bool joins = any && slots[leader].buffer == slot.buffer && slot.offset < end;
    if (!joins) {
      leader = i;
      end = 0;
      any = true;
    }
    groups[i] = leader;
    end = std::max(end, std::uint64_t{slot.offset} + slot.bytes);
  }
  return groups;
}

}  // namespace milliwatt::dataflows
