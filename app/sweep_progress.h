// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "sim/sweep.h"

namespace milliwatt::app {

/// "1234/4000 points, 31%, 12 not ok, 210 points/s, 13 s left": `seconds` since the sweep began.
std::string progress_line(const sim::SweepProgress& progress, double seconds);

/// The line at the bottom of a terminal that shows how far a sweep is; nothing when the standard
/// error is no terminal.
class ProgressDisplay {
 public:
  ProgressDisplay();

  /// Rewrites the line, at most five times a second.
  void show(const sim::SweepProgress& progress);
  /// Takes the line away.
  void clear() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  Clock::time_point begin_;
  Clock::time_point next_;
};

}  // namespace milliwatt::app
