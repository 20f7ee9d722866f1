// SPDX-License-Identifier: Apache-2.0
#include "app/sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

namespace milliwatt::app {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
/// Back to the first column, and everything behind it erased.
constexpr const char* kFreshLine = "\r\x1b[K";

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 60) {
    return fmt::format("{} s", whole);
  }
  return whole < 3600 ? fmt::format("{} min {} s", whole / 60, whole % 60)
                      : fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string progress_line(const sim::SweepProgress& progress, double seconds) {
  const auto done = static_cast<double>(progress.finished - progress.resumed);
  std::string line = fmt::format("{}/{} points, {}%", progress.finished, progress.points,
                                 100 * progress.finished / progress.points);
  if (const std::int64_t faults = progress.finished - progress.by_status[0]; faults > 0) {
    line += fmt::format(", {} not ok", faults);
  }
  if (done > 0 && seconds > 0) {
    const double rate = done / seconds;
    const auto left = static_cast<double>(progress.points - progress.finished);
    line += fmt::format(", {:.3g} points/s, {} left", rate, duration(left / rate));
  }
  return line;
}

ProgressDisplay::ProgressDisplay()
    : terminal_{isatty(STDERR_FILENO) != 0}, begin_{Clock::now()}, next_{begin_} {}

void ProgressDisplay::show(const sim::SweepProgress& progress) {
  const Clock::time_point now = Clock::now();
  if (!terminal_ || now < next_) {
    return;
  }
  next_ = now + kInterval;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  std::cerr << kFreshLine << progress_line(progress, seconds) << std::flush;
}

void ProgressDisplay::clear() const {
  if (terminal_) {
    std::cerr << kFreshLine << std::flush;
  }
}

}  // namespace milliwatt::app
