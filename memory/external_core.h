// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/clock.h"
#include "base/counters.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

/// "external_memory" with the actions read_byte, burst (of the device) and, unless the memory is
/// read only, write_byte.
base::ComponentClass external_memory_class(bool writable = true);

/// What every off-chip memory has in common: its own clock, the counters of its class, and whether
/// it can be written while the system runs.
class ExternalCore : public TargetCore {
 public:
  ExternalCore(std::string name, const base::Clock& clock, bool writable);

  bool writable() const override { return writable_; }
  const base::Counters& counters() const { return counters_; }

 protected:
  /// `bursts`: of the device.
  void count(const Burst& burst, std::int64_t bursts);
  const base::Clock& clock() const { return clock_; }
  const std::string& name() const { return counters_.instance(); }

 private:
  base::Clock clock_;
  bool writable_;
  base::Counters counters_;
};

/// What a planner may know of the time of a burst, in cycles of the device's clock: a lower bound
/// that leaves out what depends on history.
struct BurstCost {
  base::Cycles latency = 0;  ///< before the first byte
  base::Cycles unit_clocks = 1;
  std::uint32_t unit_bytes = 1;  ///< take `unit_clocks`
};

}  // namespace milliwatt::memory
