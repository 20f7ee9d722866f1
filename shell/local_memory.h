// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/schedule.h"

namespace milliwatt::shell {

/// The bytes of an engine's buffers. Contents stay from command to command, so that what a set-up
/// command left in a slot is there for every inference. Holds values only: when a slot may be used
/// is the scoreboard's business, what an access costs is counted by whoever makes it.
class LocalMemory {
 public:
  explicit LocalMemory(const dataflows::EngineShape& shape);

  /// Names the slots of the running command; every length becomes the slot's size. Throws
  /// SimulationError when one leaves its buffer.
  void bind(const std::vector<dataflows::Slot>& slots);

  std::uint8_t* slot(dataflows::SlotId id);
  std::uint32_t slot_bytes(dataflows::SlotId id) const;

  /// Valid bytes of a slot whose contents have a length known only at run time.
  void set_length(dataflows::SlotId id, std::uint32_t bytes);
  std::uint32_t length(dataflows::SlotId id) const;

  /// A whole buffer, for a memory window on the bus.
  std::vector<std::uint8_t>& buffer(dataflows::BufferId id);

 private:
  std::vector<std::vector<std::uint8_t>> buffers_;
  std::vector<dataflows::Slot> slots_;
  std::vector<std::uint32_t> lengths_;
};

}  // namespace milliwatt::shell
