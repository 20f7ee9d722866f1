// SPDX-License-Identifier: Apache-2.0
#include "dataflows/arena.h"

#include <algorithm>

namespace milliwatt::dataflows {

std::optional<std::uint32_t> Arena::place(const Demand& demand) {
  std::uint64_t offset = 0;
  for (const Block& block : blocks_) {
    const bool at_once = block.demand.first <= demand.last && demand.first <= block.demand.last;
    if (at_once && block.offset < offset + demand.bytes) {
      offset = std::max(offset, block.offset + block.demand.bytes);
    }
  }
  const std::uint64_t end = offset + demand.bytes;
  if (end > size_) {
    next_size_ = std::min(next_size_.value_or(end), end);
    return std::nullopt;
  }
  claim(demand, offset);
  return static_cast<std::uint32_t>(offset);
}

void Arena::claim(const Demand& demand, std::uint64_t offset) {
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                       [](std::uint64_t at, const Block& block) { return at < block.offset; });
  blocks_.insert(behind, {offset, demand});
  used_ = std::max(used_, offset + demand.bytes);
}

}  // namespace milliwatt::dataflows
