// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "memory/burst.h"

namespace milliwatt::memory {

/// When a bus target answers. Plain, resumable, and without values: the same object serves the TLM
/// module and the estimate. Bursts arrive one after the other, in the order of their grants.
class TargetCore {
 public:
  virtual ~TargetCore() = default;

  /// The burst is granted at bus time `start`; returns when its last beat has passed (>= start).
  /// `burst.address` counts from the target's base. `beat_bytes`: width of the link. Counts the
  /// accesses. The link itself adds that every beat takes one of its cycles.
  virtual base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                                  std::uint32_t beat_bytes) = 0;
  /// Size of the address range in bytes.
  virtual std::uint64_t size() const = 0;
};

}  // namespace milliwatt::memory
