// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// Which slots of a schedule overlap. Buffers are cut at every end of a slot; two slots overlap
/// when they share a piece. A slot of zero bytes, a token, has a piece of its own.
class SlotPieces {
 public:
  /// Pieces [first, last) of a slot; at least one.
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  /// Forgets the slots before; keeps their room.
  void cut(const std::vector<Slot>& slots);

  const Range& of(SlotId slot) const { return ranges_[slot]; }
  /// Pieces of all slots.
  std::uint32_t count() const { return count_; }

 private:
  std::uint32_t piece(std::uint64_t bound) const;

  std::vector<std::uint64_t> bounds_;
  std::vector<Range> ranges_;
  std::uint32_t count_ = 0;
};

}  // namespace milliwatt::dataflows
