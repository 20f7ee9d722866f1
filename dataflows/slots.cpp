// SPDX-License-Identifier: Apache-2.0
#include "dataflows/slots.h"

#include <algorithm>

namespace milliwatt::dataflows {
namespace {

/// More slots than this of one kind bring no further reuse that a search would miss.
constexpr std::int64_t kMostSlots = 1024;

}  // namespace

SlotRing::SlotRing(Schedule& schedule, BufferId buffer, std::uint32_t offset, std::uint32_t bytes,
                   int count)
    : first_{static_cast<SlotId>(schedule.slots.size())},
      keys_(static_cast<std::size_t>(count), kEmpty) {
  for (int i = 0; i < count; ++i) {
    schedule.slots.push_back({buffer, offset + static_cast<std::uint32_t>(i) * bytes, bytes});
  }
}

SlotRing::Claim SlotRing::claim(std::int64_t key) {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found != keys_.end()) {
    return {static_cast<SlotId>(first_ + (found - keys_.begin())), true};
  }
  const std::size_t index = oldest_;
  oldest_ = (oldest_ + 1) % keys_.size();
  keys_[index] = key;
  return {static_cast<SlotId>(first_ + index), false};
}

int slots_that_fit(std::uint64_t room, std::uint64_t bytes, std::int64_t wanted) {
  const std::uint64_t fit = bytes == 0 ? 1 : room / bytes;
  return static_cast<int>(std::min<std::uint64_t>(
      fit, static_cast<std::uint64_t>(std::clamp<std::int64_t>(wanted, 1, kMostSlots))));
}

}  // namespace milliwatt::dataflows
