// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "sim/sweep_evaluator.h"
#include "sim/sweep_folder.h"
#include "sim/sweep_journal.h"
#include "sim/sweep_table.h"

namespace milliwatt::sim {
namespace {

using Clock = std::chrono::steady_clock;

/// One attempt at a sweep: hands out points, collects outcomes, replaces workers that died.
class Attempt {
 public:
  Attempt(const SweepOptions& options, const MakeEvaluator& make)
      : options_{options},
        make_{make},
        journal_{options.out + "/" + kSweepJournal, sweep_identity(options)},
        outcomes_(static_cast<std::size_t>(options.space.size())) {
    progress_.points = options.space.size();
    for (PointOutcome& outcome : journal_.take_finished()) {
      store(std::move(outcome));
    }
    progress_.resumed = progress_.finished;
  }

  const SweepProgress& run() {
    report();
    const std::int64_t left = progress_.points - progress_.finished;
    workers_.resize(static_cast<std::size_t>(std::min<std::int64_t>(left, options_.jobs)));
    while (!progress_.complete() && !interrupted_) {
      for (std::unique_ptr<SweepWorker>& worker : workers_) {
        employ(worker);
      }
      wait();
    }
    return progress_;
  }

  std::string table() const {
    std::vector<std::vector<std::string>> keys;
    std::vector<const PointOutcome*> rows;
    for (const std::optional<PointOutcome>& outcome : outcomes_) {
      keys.push_back(options_.space.key_cells(options_.space.point(outcome->point)));
      rows.push_back(&*outcome);
    }
    return outcome_table(options_.space.key_columns(), keys, rows);
  }

 private:
  /// The first point from next_ on that has no outcome.
  std::optional<std::int64_t> next_point() {
    while (next_ < progress_.points && outcomes_[static_cast<std::size_t>(next_)]) {
      ++next_;
    }
    return next_ < progress_.points ? std::optional(next_++) : std::nullopt;
  }

  /// Gives an idle worker a point, and a dead one a successor first.
  void employ(std::unique_ptr<SweepWorker>& worker) {
    if (worker && worker->busy()) {
      return;
    }
    const std::optional<std::int64_t> point = next_point();
    if (!point) {
      return;
    }
    if (!worker || !worker->alive()) {
      worker = std::make_unique<SweepWorker>(options_.space, make_, inherited());
    }
    worker->start(*point);
  }

  /// What a new worker gets from this process and must not keep.
  std::vector<int> inherited() const {
    std::vector<int> descriptors = {journal_.descriptor()};
    for (const std::unique_ptr<SweepWorker>& worker : workers_) {
      if (worker) {
        descriptors.push_back(worker->descriptor());
      }
    }
    return descriptors;
  }

  /// Until a worker has sent something, a point has run out of time, or the user interrupts.
  void wait() {
    std::vector<pollfd> events = {{options_.interrupt, POLLIN, 0}};
    for (const std::unique_ptr<SweepWorker>& worker : workers_) {
      events.push_back({worker && worker->busy() ? worker->descriptor() : -1, POLLIN, 0});
    }
    if (poll(events.data(), events.size(), milliseconds_left()) < 0) {
      return;
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (events[i + 1].revents != 0) {
        finish(workers_[i]->receive());
      } else if (workers_[i] && workers_[i]->busy() && deadline(*workers_[i]) <= Clock::now()) {
        finish(
            workers_[i]->time_out(fmt::format("no result within {} s", options_.timeout_seconds)));
      }
    }
    interrupted_ = events[0].revents != 0;
  }

  Clock::time_point deadline(const SweepWorker& worker) const {
    return options_.timeout_seconds == 0
               ? Clock::time_point::max()
               : worker.started() + std::chrono::seconds(options_.timeout_seconds);
  }

  /// Until the first deadline, for poll: -1 without one.
  int milliseconds_left() const {
    Clock::time_point first = Clock::time_point::max();
    for (const std::unique_ptr<SweepWorker>& worker : workers_) {
      if (worker && worker->busy()) {
        first = std::min(first, deadline(*worker));
      }
    }
    if (first == Clock::time_point::max()) {
      return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void finish(std::optional<PointOutcome> outcome) {
    if (outcome) {
      journal_.append(*outcome);
      store(std::move(*outcome));
      report();
    }
  }

  void store(PointOutcome outcome) {
    std::optional<PointOutcome>& slot = outcomes_.at(static_cast<std::size_t>(outcome.point));
    if (slot) {
      throw base::InternalError(fmt::format("point {} was evaluated twice", outcome.point));
    }
    ++progress_.finished;
    ++progress_.by_status[static_cast<std::size_t>(outcome.status)];
    slot = std::move(outcome);
  }

  void report() const {
    if (options_.progress) {
      options_.progress(progress_);
    }
  }

  const SweepOptions& options_;
  const MakeEvaluator& make_;
  SweepJournal journal_;
  std::vector<std::optional<PointOutcome>> outcomes_;
  SweepProgress progress_;
  std::vector<std::unique_ptr<SweepWorker>> workers_;
  std::int64_t next_ = 0;
  bool interrupted_ = false;
};

}  // namespace

SweepProgress sweep(const SweepOptions& options, const MakeEvaluator& make) {
  prepare_sweep_folder(options.out);
  Attempt attempt{options, make};
  const SweepProgress progress = attempt.run();
  if (progress.complete()) {
    write_sweep_file(options.out, kSweepSummary, attempt.table());
  }
  return progress;
}

SweepProgress sweep(const SweepOptions& options) {
  return sweep(options, [&options]() -> EvaluatePoint {
    auto evaluator = std::make_shared<SweepEvaluator>(options.space, options.level);
    return [evaluator](const Point& point) { return evaluator->evaluate(point); };
  });
}

}  // namespace milliwatt::sim
