// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/points.h"
#include "sim/sweep_outcome.h"

namespace milliwatt::sim {

/// Evaluates one point.
using EvaluatePoint = std::function<PointOutcome(const Point&)>;
/// Makes the function that a worker calls for each of its points; called in the worker, so that
/// nothing of the simulation exists in the process that forks.
using MakeEvaluator = std::function<EvaluatePoint()>;

/// A child process that evaluates points, one at a time, as long as it lives. It dies with its
/// parent and ignores nothing: whoever owns it sees the end of the process as the end of the point.
class SweepWorker {
 public:
  /// Forks. The child closes `descriptors`. Throws SimulationError when the system refuses.
  SweepWorker(const PointSpace& space, const MakeEvaluator& make,
              const std::vector<int>& descriptors);
  /// Kills the process.
  ~SweepWorker();
  SweepWorker(const SweepWorker&) = delete;
  SweepWorker& operator=(const SweepWorker&) = delete;

  void start(std::int64_t point);
  bool busy() const { return point_.has_value(); }
  std::int64_t point() const { return *point_; }
  std::chrono::steady_clock::time_point started() const { return started_; }

  /// Becomes readable when receive() has something to do.
  int descriptor() const { return socket_; }

  /// Takes what the process has sent. The outcome when it is complete, also when the process has
  /// died over the point; nothing while it is still working.
  std::optional<PointOutcome> receive();

  /// False after the process has died.
  bool alive() const { return pid_ > 0; }
  /// Ends the process over its point, which it returns as timed out.
  PointOutcome time_out(const std::string& why);

 private:
  std::optional<PointOutcome> take_lines();
  PointOutcome end_of_process();
  PointOutcome give_up(PointStatus status, std::string why);
  void reap(int& status);

  pid_t pid_ = -1;
  int socket_ = -1;
  std::string received_;
  OutcomeCodec codec_;
  std::optional<std::int64_t> point_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace milliwatt::sim
