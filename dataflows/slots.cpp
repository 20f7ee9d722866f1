// SPDX-License-Identifier: Apache-2.0
#include "dataflows/slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace milliwatt::dataflows {
namespace {

constexpr std::size_t kSlotIds = std::size_t{std::numeric_limits<SlotId>::max()} + 1;

}  // namespace

SlotRing::SlotRing(Schedule& schedule, BufferId buffer, std::uint32_t offset, std::uint32_t bytes,
                   int count)
    : first_{static_cast<SlotId>(schedule.slots.size())},
      keys_(static_cast<std::size_t>(std::max(count, 0)), kEmpty) {
  if (keys_.empty() || schedule.slots.size() + keys_.size() > kSlotIds) {
    throw base::InternalError(fmt::format("{} more slots in a schedule of {}: 1 .. {} are possible",
                                          count, schedule.slots.size(), kSlotIds));
  }
  for (int i = 0; i < count; ++i) {
    schedule.slots.push_back({buffer, offset + static_cast<std::uint32_t>(i) * bytes, bytes});
  }
}

SlotRing::Claim SlotRing::claim(std::int64_t key) {
  if (keys_[last_] == key) {
    return {static_cast<SlotId>(first_ + last_), true};
  }
  const auto found = key > highest_ ? keys_.end() : std::find(keys_.begin(), keys_.end(), key);
  const bool held = found != keys_.end();
  last_ = held ? static_cast<std::size_t>(found - keys_.begin()) : oldest_;
  if (!held) {
    oldest_ = (oldest_ + 1) % keys_.size();
    keys_[last_] = key;
    highest_ = std::max(highest_, key);
  }
  return {static_cast<SlotId>(first_ + last_), held};
}

int slots_that_fit(std::uint64_t room, std::uint64_t bytes, std::int64_t wanted) {
  const auto most = static_cast<std::uint64_t>(std::clamp<std::int64_t>(wanted, 1, kMostSlots));
  return static_cast<int>(bytes == 0 ? 1 : std::min(room / bytes, most));
}

}  // namespace milliwatt::dataflows
