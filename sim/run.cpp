// SPDX-License-Identifier: Apache-2.0
#include "sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "sim/estimate.h"
#include "sim/evaluate.h"
#include "sim/plan_file.h"
#include "sim/plan_text.h"
#include "sim/prepare.h"
#include "sim/sequence_builder.h"
#include "sim/simulation.h"
#include "sim/values.h"
#include "workloads/load.h"
#include "workloads/reference.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;
using workloads::Graph;
using workloads::TensorId;

dataflows::ForcedPlan forced_by(const RunOptions& options, const Graph& graph) {
  return options.plan_path.empty() ? dataflows::ForcedPlan{}
                                   : PlanFile::load(options.plan_path).forced(graph);
}

RunResult run_estimate(const Prepared& prepared, const Workload& workload) {
  SequenceBuilder sequence{prepared.context(), Level::kEstimate};
  for (const Estimate& e : estimate_sequence(prepared.platform, prepared.plan, prepared.program,
                                             workload.invocations())) {
    sequence.add(e.low, e.high, {});
  }
  RunResult result = sequence.take("");
  count_zeros(prepared.graph, {}, result.layers);
  return result;
}

/// Errors of one of several invocations say which.
CheckResult check_invocation(const Graph& graph, std::size_t index, std::size_t invocations,
                             const workloads::TensorValues& simulated,
                             const workloads::TensorValues& reference) {
  try {
    return check_tensors(graph, simulated, reference);
  } catch (const base::SimulationError& error) {
    if (invocations == 1) {
      throw;
    }
    throw base::SimulationError(fmt::format("invocation {}: {}", index, error.what()));
  }
}

/// What is kept of an invocation's values.
InvocationTensors values_of(const Graph& graph, const workloads::TensorValues& tensors,
                            const ReferenceValues* reference, bool dump) {
  InvocationTensors values{tensor_results(graph, tensors), {}};
  if (dump && reference != nullptr) {
    values.accumulators = accumulator_results(graph, reference->accumulators);
  }
  return values;
}

RunResult run_simulation(const Prepared& prepared, Workload& workload, const RunOptions& options) {
  SimulationOptions simulation;
  simulation.detail =
      options.level == Level::kExact ? shell::Detail::kExact : shell::Detail::kValues;
  const Graph& graph = prepared.graph;
  const std::vector<Simulated> done =
      simulate_sequence(prepared.platform, graph, prepared.plan, prepared.program,
                        workload.inputs().invocations, simulation);
  SequenceBuilder sequence{prepared.context(), options.level};
  CheckResult check;
  for (std::size_t i = 0; i < done.size(); ++i) {
    const ReferenceValues* reference = options.check ? &workload.reference().at(i) : nullptr;
    if (reference != nullptr) {
      const CheckResult one =
          check_invocation(graph, i, done.size(), done[i].tensors, reference->tensors);
      check = {true, check.tensors + one.tensors, check.bytes + one.bytes};
    }
    sequence.add(done[i].measurement, done[i].measurement,
                 values_of(graph, done[i].tensors, reference, options.dump), options.dump);
  }
  RunResult result = sequence.take(workload.inputs().origin);
  result.check = check;
  count_zeros(graph, done.back().tensors, result.layers);
  if (workload.dataset() != nullptr) {
    result.dataset = evaluate(prepared, *workload.dataset(), simulation.detail, options.check);
  }
  return result;
}

[[noreturn]] void report_difference(const Graph& graph, std::size_t op, TensorId id,
                                    const Bytes& simulated, const Bytes& reference) {
  std::size_t at = 0;
  std::size_t differing = 0;
  for (std::size_t i = reference.size(); i > 0; --i) {
    if (simulated[i - 1] != reference[i - 1]) {
      at = i - 1;
      ++differing;
    }
  }
  throw base::SimulationError(
      fmt::format("the output of operator {} ({}), tensor {}, differs from the reference in {} of "
                  "{} bytes; the "
                  "first is byte {}: {} instead of {}",
                  op, workloads::operator_name(graph.operators[op].kind), graph.tensor(id).name,
                  differing, reference.size(), at, static_cast<std::int8_t>(simulated[at]),
                  static_cast<std::int8_t>(reference[at])));
}

}  // namespace

CheckResult check_tensors(const Graph& graph, const std::vector<Bytes>& simulated,
                          const std::vector<Bytes>& reference) {
  CheckResult check;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const TensorId id : graph.operators[i].writes()) {
      const Bytes& ours = simulated.at(static_cast<std::size_t>(id));
      const Bytes& theirs = reference.at(static_cast<std::size_t>(id));
      if (ours.size() != theirs.size()) {
        throw base::InternalError("a tensor of another size than in the reference");
      }
      if (ours != theirs) {
        report_difference(graph, i, id, ours, theirs);
      }
      ++check.tensors;
      check.bytes += static_cast<std::int64_t>(ours.size());
    }
  }
  if (check.bytes == 0) {
    throw base::SimulationError("the check compared nothing");
  }
  check.done = true;
  return check;
}

Workload::Workload(const RunOptions& options)
    : graph_{workloads::load_network(options.network_path)}, accumulators_{options.dump} {
  if (options.level == Level::kEstimate) {
    check_invocations(options.input.invocations.value_or(1));
    invocations_ = options.input.invocations.value_or(1);
    return;
  }
  if (!options.dataset_path.empty()) {
    dataset_ = workloads::load_dataset(options.dataset_path, options.labels_path, graph_);
    inputs_ = {{{dataset_->images.front()}}, "the first image"};
  } else {
    inputs_ = load_inputs(graph_, options.input);
  }
  invocations_ = inputs_.invocations.size();
}

const std::vector<ReferenceValues>& Workload::reference() {
  if (reference_.empty()) {
    workloads::States states(graph_);
    for (const std::vector<Bytes>& inputs : inputs_.invocations) {
      ReferenceValues& values = reference_.emplace_back();
      values.tensors =
          workloads::run_reference(graph_, inputs, states, workloads::Rounding::kDouble,
                                   accumulators_ ? &values.accumulators : nullptr);
    }
  }
  return reference_;
}

RunResult run(Platform platform, Workload& workload, const RunOptions& options) {
  const Prepared prepared{std::move(platform), workload.graph(),
                          forced_by(options, workload.graph())};
  RunResult result = options.level == Level::kEstimate
                         ? run_estimate(prepared, workload)
                         : run_simulation(prepared, workload, options);
  result.plan = plan_text(prepared.graph, prepared.plan, prepared.program);
  result.plan_file = plan_yaml(prepared.graph, prepared.plan);
  return result;
}

RunResult run(const RunOptions& options) {
  Platform platform = load_platform(options.platform_path, options.settings);
  Workload workload{options};
  return run(std::move(platform), workload, options);
}

}  // namespace milliwatt::sim
