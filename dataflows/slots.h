// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// More slots than this of one kind bring no reuse that a search would miss.
constexpr int kMostSlots = 1024;

/// Equal slots of one buffer that a mapping fills in turn. Each remembers what it holds (its key),
/// so that a tile still there is not loaded again; the oldest is replaced first.
class SlotRing {
 public:
  /// Appends `count` slots of `bytes` at `offset` of `buffer` to the schedule. Throws InternalError
  /// without any slot, or when the schedule has more than a SlotId can name.
  SlotRing(Schedule& schedule, BufferId buffer, std::uint32_t offset, std::uint32_t bytes,
           int count);

  struct Claim {
    SlotId slot = 0;
    bool held = false;  ///< the slot held the key already
  };
  /// The slot that holds `key`, or else the oldest slot, which holds it from now on.
  Claim claim(std::int64_t key);

 private:
  static constexpr std::int64_t kEmpty = -1;

  SlotId first_;
  std::vector<std::int64_t> keys_;
  std::size_t oldest_ = 0;
  std::size_t last_ = 0;           ///< claimed last: often claimed again
  std::int64_t highest_ = kEmpty;  ///< of all keys so far: a higher one is held nowhere
};

/// How many slots of `bytes` fit into `room`, at most `wanted` and kMostSlots.
int slots_that_fit(std::uint64_t room, std::uint64_t bytes, std::int64_t wanted);

}  // namespace milliwatt::dataflows
