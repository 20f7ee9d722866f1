// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_evaluator.h"

#include <new>

#include "base/csv.h"
#include "base/error.h"
#include "sim/write_csv.h"

namespace milliwatt::sim {
namespace {

void fail(PointOutcome& outcome, PointStatus status, const std::string& why) {
  outcome.status = status;
  outcome.error = one_line(why);
}

}  // namespace

void take_summary(const RunResult& result, PointOutcome& outcome) {
  const base::CsvTable table = base::CsvTable::parse(summary_csv(result), "summary");
  outcome.columns = table.header();
  for (const std::string& column : outcome.columns) {
    outcome.cells.push_back(one_line(table.text(0, column)));
  }
}

RunOptions SweepEvaluator::options_of(const Point& point) const {
  RunOptions options;
  options.platform_path = space_.platforms()[point.platform];
  options.network_path = space_.networks()[point.network];
  options.settings = space_.settings_of(point);
  options.level = level_;
  return options;
}

Workload& SweepEvaluator::workload(const Point& point, const RunOptions& options) {
  std::unique_ptr<Workload>& slot = workloads_[point.network];
  if (!slot) {
    slot = std::make_unique<Workload>(options);
  }
  return *slot;
}

PointOutcome SweepEvaluator::evaluate(const Point& point) {
  PointOutcome outcome;
  outcome.point = point.index;
  PointStatus of_bad_input = PointStatus::kFailed;
  try {
    const RunOptions options = options_of(point);
    Workload& network = workload(point, options);
    of_bad_input = PointStatus::kInfeasible;
    Platform platform = load_platform(options.platform_path, options.settings, shelf_);
    take_summary(run(std::move(platform), network, options), outcome);
  } catch (const base::UserError& error) {
    fail(outcome, of_bad_input, error.what());
  } catch (const base::InternalError& error) {
    fail(outcome, PointStatus::kFailed, std::string("a bug in milliwatt: ") + error.what());
  } catch (const std::bad_alloc&) {
    fail(outcome, PointStatus::kFailed, "out of memory");
  } catch (const std::exception& error) {
    fail(outcome, PointStatus::kFailed, error.what());
  }
  return outcome;
}

}  // namespace milliwatt::sim
