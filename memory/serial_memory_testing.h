// SPDX-License-Identifier: Apache-2.0
// A serial memory at its own clock, for tests that count clocks.
#pragma once

#include <string>

#include "base/error.h"
#include "memory/serial_memory.h"

namespace milliwatt::memory {

constexpr std::int64_t kMHz = 1'000'000;

inline Burst read(std::uint64_t address, std::uint32_t bytes) {
  return {address, bytes, false, {}};
}
inline Burst write(std::uint64_t address, std::uint32_t bytes) {
  return {address, bytes, true, {}};
}

/// A memory of a kind at its own clock. Times are clocks of the device.
template <typename Config>
class Device {
 public:
  explicit Device(const Config& config, std::int64_t mhz = 50)
      : clock_{"device", mhz * kMHz},
        core_{"device", serial_rules("device", config, clock_), clock_} {}

  /// Clocks from `at`, when the burst arrives, to its end.
  base::Cycles clocks(base::Cycles at, const Burst& burst) {
    return clock_.cycle(core_.serve(clock_.edge(at), burst, 8)) - at;
  }
  std::int64_t openings() const {
    return core_.counters().total(core_.counters().component_class().index("burst"));
  }
  SerialMemoryCore& core() { return core_; }

 private:
  base::Clock clock_;
  SerialMemoryCore core_;
};

template <typename Config>
std::string fault_of(const Config& config, std::int64_t hz) {
  try {
    const base::Clock clock{"device", hz};
    SerialMemoryCore core{"device", serial_rules("device", config, clock), clock};
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

constexpr base::Cycles kLater = 1000;  // long after the burst before

}  // namespace milliwatt::memory
