// SPDX-License-Identifier: Apache-2.0
// Sweeps: many points, each a run of its own, as rows of one table.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "sim/points.h"
#include "sim/results.h"
#include "sim/sweep_outcome.h"
#include "sim/sweep_worker.h"

namespace milliwatt::sim {

/// Files of a sweep's folder.
constexpr const char* kSweepJournal = "sweep.journal";
constexpr const char* kSweepSummary = "summary.csv";

struct SweepProgress {
  std::int64_t points = 0;                               ///< of the sweep
  std::int64_t finished = 0;                             ///< those of earlier attempts included
  std::int64_t resumed = 0;                              ///< found finished at the beginning
  std::array<std::int64_t, kPointStatuses> by_status{};  ///< sums to finished
  bool complete() const { return finished == points; }
};

struct SweepOptions {
  explicit SweepOptions(PointSpace the_space) : space{std::move(the_space)} {}

  PointSpace space;
  Level level = Level::kValues;
  int jobs = 1;             ///< worker processes, at least 1
  int timeout_seconds = 0;  ///< of one point; 0: none
  std::string out;          ///< absent, empty, or the folder of the same sweep
  std::string program;      ///< digest of what computes the numbers; another one cannot continue
  int interrupt = -1;       ///< a descriptor: the sweep stops when it becomes readable
  std::function<void(const SweepProgress&)> progress;  ///< called after every point; may be empty
};

/// Evaluates every point that the folder does not have yet and then writes the summary: one row per
/// point in the order of the space, whose bytes depend on nothing but the space, the level and the
/// files. Faults of a point are its row. The calling process must have no SystemC kernel: workers
/// are forked from it.
///
/// Throws UserError when the folder belongs to something else, a platform or network does not
/// exist, or the disk refuses. An interrupted sweep returns an incomplete progress and leaves no
/// summary; calling again continues it.
SweepProgress sweep(const SweepOptions& options);

/// The same with another evaluator: tests bring points that crash or hang.
SweepProgress sweep(const SweepOptions& options, const MakeEvaluator& make);

}  // namespace milliwatt::sim
