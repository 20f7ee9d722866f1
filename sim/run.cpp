// SPDX-License-Identifier: Apache-2.0
#include "sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "sim/estimate.h"
#include "sim/evaluate.h"
#include "sim/plan_file.h"
#include "sim/plan_text.h"
#include "sim/prepare.h"
#include "sim/result_builder.h"
#include "sim/simulation.h"
#include "workloads/load.h"
#include "workloads/reference.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;
using workloads::Graph;
using workloads::TensorId;

/// The network's inputs; a file serves the only one.
std::vector<Bytes> inputs_of(const Graph& graph, const RunOptions& options) {
  if (options.input_path.empty()) {
    return workloads::seeded_input(graph, options.seed);
  }
  if (graph.inputs.size() != 1) {
    throw base::UserError(fmt::format("{}: the network has {} inputs, one file serves only one",
                                      options.input_path, graph.inputs.size()));
  }
  return {workloads::load_input(options.input_path, graph.tensor(graph.inputs[0]))};
}

std::vector<TensorResult> tensor_results(const Graph& graph,
                                         const workloads::TensorValues& values) {
  std::vector<TensorResult> results;
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    const workloads::Tensor& tensor = graph.tensors[id];
    const bool output = std::find(graph.outputs.begin(), graph.outputs.end(),
                                  static_cast<TensorId>(id)) != graph.outputs.end();
    if (!values.empty() && values[id].empty()) {
      continue;
    }
    TensorResult result;
    result.id = static_cast<int>(id);
    result.name = tensor.name;
    result.type = workloads::element_name(tensor.type);
    result.shape = tensor.shape;
    result.output = output;
    if (!values.empty()) {
      result.bytes = values[id];
      result.digest = base::digest_text(result.bytes.data(), result.bytes.size());
    }
    results.push_back(std::move(result));
  }
  return results;
}

dataflows::ForcedPlan forced_by(const RunOptions& options, const Graph& graph) {
  return options.plan_path.empty() ? dataflows::ForcedPlan{}
                                   : PlanFile::load(options.plan_path).forced(graph);
}

RunResult run_estimate(const Prepared& prepared) {
  const Estimate e = estimate(prepared.platform, prepared.plan, prepared.program);
  return build_result(prepared.context(), Level::kEstimate, e.low, e.high);
}

RunResult run_simulation(const Prepared& prepared, Workload& workload, const RunOptions& options) {
  SimulationOptions simulation;
  simulation.detail =
      options.level == Level::kExact ? shell::Detail::kExact : shell::Detail::kValues;
  const Simulated done = simulate(prepared.platform, prepared.graph, prepared.plan,
                                  prepared.program, workload.inputs(), simulation);
  RunResult result =
      build_result(prepared.context(), options.level, done.measurement, done.measurement);
  if (options.check) {
    result.check = check_tensors(prepared.graph, done.tensors, workload.reference());
  }
  result.tensors = tensor_results(prepared.graph, done.tensors);
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
    for (const TensorId id : graph.operators[i].outputs) {
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
    : graph_{workloads::load_network(options.network_path)} {
  if (options.level == Level::kEstimate) {
    return;
  }
  if (!options.dataset_path.empty()) {
    dataset_ = workloads::load_dataset(options.dataset_path, options.labels_path, graph_);
    inputs_ = {dataset_->images.front()};
  } else {
    inputs_ = inputs_of(graph_, options);
  }
}

const workloads::TensorValues& Workload::reference() {
  if (!reference_) {
    reference_ = workloads::run_reference(graph_, inputs_);
  }
  return *reference_;
}

RunResult run(Platform platform, Workload& workload, const RunOptions& options) {
  const Prepared prepared{std::move(platform), workload.graph(),
                          forced_by(options, workload.graph())};
  RunResult result = options.level == Level::kEstimate
                         ? run_estimate(prepared)
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
