// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "sim/points.h"
#include "sim/run.h"
#include "sim/sweep_outcome.h"
#include "sim/technology_shelf.h"

namespace milliwatt::sim {

/// Evaluates points one after the other. Networks with their reference outputs and technologies are
/// read once and kept; a point's result does not depend on what came before it.
class SweepEvaluator {
 public:
  /// Keeps a reference to `space`.
  SweepEvaluator(const PointSpace& space, Level level) : space_{space}, level_{level} {}

  /// Every fault is an outcome: a UserError of the platform, the plan or the prices is infeasible,
  /// anything else failed.
  PointOutcome evaluate(const Point& point);

 private:
  RunOptions options_of(const Point& point) const;
  Workload& workload(const Point& point, const RunOptions& options);

  const PointSpace& space_;
  Level level_;
  TechnologyShelf shelf_;
  std::map<std::size_t, std::unique_ptr<Workload>> workloads_;
};

/// Names and cells of the one row of summary_csv.
void take_summary(const RunResult& result, PointOutcome& outcome);

}  // namespace milliwatt::sim
