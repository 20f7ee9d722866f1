// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/traffic.h"

namespace milliwatt::memory {

/// One bus transaction: consecutive bytes, read or written.
struct Burst {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;
  bool write = false;
  base::Tag tag;
};

/// Number of aligned words of `width` bytes that `bytes` bytes at `address` touch: the beats of a
/// burst on a link, the accesses it makes to a memory, the blocks it opens in a device.
constexpr std::uint64_t words_touched(std::uint64_t address, std::uint64_t bytes,
                                      std::uint64_t width) {
  return (address % width + bytes + width - 1) / width;
}

/// Bursts that a DMA or core makes of `bytes` at `address`: each at most `max_bytes` long and none
/// crosses a multiple of `max_bytes` (a power of two). Calls `issue(address, bytes)` in order.
template <typename Issue>
void split_bursts(std::uint64_t address, std::uint64_t bytes, std::uint32_t max_bytes,
                  Issue&& issue) {
  while (bytes > 0) {
    const std::uint64_t room = max_bytes - (address & (max_bytes - 1));
    const std::uint64_t length = bytes < room ? bytes : room;
    issue(address, static_cast<std::uint32_t>(length));
    address += length;
    bytes -= length;
  }
}

}  // namespace milliwatt::memory
