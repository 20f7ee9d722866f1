// SPDX-License-Identifier: Apache-2.0
#include "dataflows/slot_pieces.h"

#include <algorithm>

namespace milliwatt::dataflows {
namespace {

/// Place of a slot's first byte in the order of buffers; offsets have 32 bits.
std::uint64_t place(const Slot& slot) { return std::uint64_t{slot.buffer} << 40 | slot.offset; }

}  // namespace

void SlotPieces::cut(const std::vector<Slot>& slots) {
  bounds_.clear();
  for (const Slot& slot : slots) {
    if (slot.bytes > 0) {
      bounds_.push_back(place(slot));
      bounds_.push_back(place(slot) + slot.bytes);
    }
  }
  std::sort(bounds_.begin(), bounds_.end());
  bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
  count_ = static_cast<std::uint32_t>(bounds_.size());
  ranges_.clear();
  for (const Slot& slot : slots) {
    if (slot.bytes > 0) {
      ranges_.push_back({piece(place(slot)), piece(place(slot) + slot.bytes)});
    } else {
      ranges_.push_back({count_, count_ + 1});
      ++count_;
    }
  }
}

std::uint32_t SlotPieces::piece(std::uint64_t bound) const {
  return static_cast<std::uint32_t>(std::lower_bound(bounds_.begin(), bounds_.end(), bound) -
                                    bounds_.begin());
}

}  // namespace milliwatt::dataflows
