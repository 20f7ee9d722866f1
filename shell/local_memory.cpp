// SPDX-License-Identifier: Apache-2.0
#include "shell/local_memory.h"

#include <fmt/format.h>

#include "base/error.h"

namespace milliwatt::shell {

LocalMemory::LocalMemory(const dataflows::EngineShape& shape) {
  buffers_.reserve(shape.buffers.size());
  for (const dataflows::BufferShape& buffer : shape.buffers) {
    buffers_.emplace_back(buffer.bytes);
  }
}

void LocalMemory::bind(const std::vector<dataflows::Slot>& slots) {
  lengths_.clear();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const dataflows::Slot& slot = slots[i];
    if (slot.buffer >= buffers_.size()) {
      throw base::SimulationError(
          fmt::format("slot {} names buffer {} of {}", i, slot.buffer, buffers_.size()));
    }
    const std::size_t size = buffers_[slot.buffer].size();
    if (std::uint64_t{slot.offset} + slot.bytes > size) {
      throw base::SimulationError(
          fmt::format("slot {}: {} bytes at offset {} leave buffer {} of {} bytes", i, slot.bytes,
                      slot.offset, slot.buffer, size));
    }
    lengths_.push_back(slot.bytes);
  }
  slots_ = slots;
}

std::uint8_t* LocalMemory::slot(dataflows::SlotId id) {
  const dataflows::Slot& slot = slots_[id];
  return buffers_[slot.buffer].data() + slot.offset;
}

std::uint32_t LocalMemory::slot_bytes(dataflows::SlotId id) const { return slots_[id].bytes; }

void LocalMemory::set_length(dataflows::SlotId id, std::uint32_t bytes) {
  if (bytes > slots_[id].bytes) {
    throw base::SimulationError(
        fmt::format("slot {} of {} bytes cannot hold {}", id, slots_[id].bytes, bytes));
  }
  lengths_[id] = bytes;
}

std::uint32_t LocalMemory::length(dataflows::SlotId id) const { return lengths_[id]; }

std::vector<std::uint8_t>& LocalMemory::buffer(dataflows::BufferId id) { return buffers_.at(id); }

}  // namespace milliwatt::shell
