// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "memory/burst.h"

namespace milliwatt::shell {

/// What an engine asks of the system around it. Calls must not call the engine back.
class EnginePort {
 public:
  virtual ~EnginePort() = default;

  /// DMA channel `channel` offers a burst at `offer`: an edge of the engine's clock, now or later.
  /// `data` holds the bytes to write, or takes those that are read, until the engine is told that
  /// the burst is done. Throws SimulationError, naming the initiator, when no target takes the
  /// burst.
  virtual void issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
                     std::uint8_t* data) = 0;
  /// The interrupt line changes to `level`.
  virtual void interrupt(base::Picoseconds when, bool level) = 0;
};

}  // namespace milliwatt::shell
