// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <utility>

#include "base/error.h"

namespace milliwatt::base {

Clock::Clock(std::string name, std::int64_t frequency_hz)
    : name_(std::move(name)), frequency_hz_(frequency_hz) {
  constexpr std::int64_t kHighestHz = 1'000'000'000'000;
  if (frequency_hz < 1 || frequency_hz > kHighestHz) {
    throw UserError("clock '" + name_ + "': found " + std::to_string(frequency_hz) +
                    " Hz; allowed: 1 Hz .. 1000 GHz");
  }
  const Picoseconds period = kHighestHz / frequency_hz;
  const bool whole = kHighestHz % frequency_hz == 0;
  period_ = whole && period <= kMostPeriod ? period : 0;
}

void Clock::throw_beyond_time() const {
  throw UserError("clock '" + name_ + "': at " + std::to_string(frequency_hz_) +
                  " Hz the run takes longer than the 106 days that can be simulated");
}

}  // namespace milliwatt::base
