// SPDX-License-Identifier: Apache-2.0
// Time. Kernel time is integer picoseconds; every component counts integer cycles of its clock.
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::base {

/// Picoseconds since the start of the simulation. 2^63 ps are 106 days of simulated time.
using Picoseconds = std::int64_t;
/// Number of a clock edge, or a difference of two.
using Cycles = std::int64_t;

/// A named clock. Edge n of an f Hz clock lies at ceil(n * 10^12 / f) ps, and cycle(t) is the
/// number of the last edge at or before t: floor(t * f / 10^12). Both are computed in 128 bits,
/// so that no error accumulates: durations are never multiplied by a rounded period.
class Clock {
 public:
  /// `frequency_hz`: 1 .. 10^12. Throws UserError outside.
  Clock(std::string name, std::int64_t frequency_hz);

  const std::string& name() const { return name_; }
  std::int64_t frequency_hz() const { return frequency_hz_; }

  /// Time of edge `n` (n >= 0). Throws UserError when it lies beyond 2^63 ps: a clock too slow.
  Picoseconds edge(Cycles n) const {
    if (period_ != 0 && n <= INT64_MAX / kMostPeriod) {
      return n * period_;
    }
    const auto scaled = static_cast<__int128>(n) * kPicosecondsPerSecond;
    const __int128 time = (scaled + frequency_hz_ - 1) / frequency_hz_;
    if (time > INT64_MAX) {
      throw_beyond_time();
    }
    return static_cast<Picoseconds>(time);
  }
  /// Number of the last edge at or before `t` (t >= 0).
  Cycles cycle(Picoseconds t) const {
    if (period_ != 0) {
      return t / period_;
    }
    return static_cast<Cycles>(static_cast<__int128>(t) * frequency_hz_ / kPicosecondsPerSecond);
  }
  /// Number of the first edge at or after `t`.
  Cycles cycle_at_or_after(Picoseconds t) const {
    if (period_ != 0) {
      return t / period_ + (t % period_ != 0 ? 1 : 0);
    }
    const Cycles n = cycle(t);
    return edge(n) == t ? n : n + 1;
  }
  /// Time of the edge `cycles` after the first edge at or after `t`.
  Picoseconds after(Picoseconds t, Cycles cycles) const {
    return edge(cycle_at_or_after(t) + cycles);
  }

 private:
  [[noreturn]] void throw_beyond_time() const;

  static constexpr __int128 kPicosecondsPerSecond = 1'000'000'000'000;
  static constexpr Picoseconds kMostPeriod = 1'000'000;

  std::string name_;
  std::int64_t frequency_hz_;
  /// In whole picoseconds, at most kMostPeriod (1 MHz): then 64 bits do. Else 0.
  Picoseconds period_ = 0;
};

}  // namespace milliwatt::base
