// SPDX-License-Identifier: Apache-2.0
#include "dataflows/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "dataflows/host_task.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::TensorRole;

/// Link costs as they are where the operator's tensors live.
TransferCosts costs_of(const Operator& op, const Plan& plan, const PlatformView& platform) {
  const auto link = [&](workloads::TensorId id) {
    const mw_ref place = plan.tensors[static_cast<std::size_t>(id)].place;
    return place.region == MW_REGION_SRAM ? platform.sram : platform.external;
  };
  TransferCosts costs;
  costs.burst_bytes = platform.burst_bytes;
  costs.links.fill(platform.external);
  costs.links[static_cast<std::size_t>(base::TensorClass::kIfmap)] = link(op.inputs.at(0));
  costs.links[static_cast<std::size_t>(base::TensorClass::kOfmap)] = link(op.outputs.at(0));
  return costs;
}

/// The first engine that does not refuse; reasons of those that do go to `planned`.
void choose_runner(const Graph& graph, const Operator& op, const PlatformView& platform,
                   const Plan& plan, PlannedOperator& planned) {
  for (std::size_t e = 0; e < platform.engines.size(); ++e) {
    const std::optional<std::string> reason = platform.engines[e]->refuses(graph, op);
    if (!reason) {
      planned.runner = Runner::kEngine;
      planned.engine = static_cast<int>(e);
      planned.task = platform.engines[e]->map(graph, op, costs_of(op, plan, platform));
      planned.reason.clear();
      return;
    }
    planned.reason += (planned.reason.empty() ? "" : "; ") + *reason;
  }
  planned.runner = Runner::kHost;
  planned.task = host_task(graph, op);
}

bool some_engine_runs(const Graph& graph, const Operator& op, const PlatformView& platform) {
  for (const EngineModel* engine : platform.engines) {
    if (!engine->refuses(graph, op)) {
      return true;
    }
  }
  return false;
}

/// Operators of one kind that nobody runs for one and the same reason.
struct Refusal {
  std::string kind;
  std::string reason;
  std::vector<std::string> operators;
};

void add_refusal(const Operator& op, std::size_t index, const std::string& reason,
                 std::vector<Refusal>& refusals) {
  const std::string kind = workloads::operator_name(op.kind);
  const auto same = std::find_if(refusals.begin(), refusals.end(), [&](const Refusal& refusal) {
    return refusal.kind == kind && refusal.reason == reason;
  });
  const std::string name = fmt::format("{}{}{}", index, op.name.empty() ? "" : " ", op.name);
  if (same == refusals.end()) {
    refusals.push_back({kind, reason, {name}});
  } else {
    same->operators.push_back(name);
  }
}

/// Throws UserError that counts and names all operators that nobody can run.
void refuse_unsupported(const Graph& graph, const PlatformView& platform) {
  std::vector<Refusal> refusals;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const std::optional<std::string> reason = host_refuses(graph, op);
    if (reason && !some_engine_runs(graph, op, platform)) {
      add_refusal(op, i, *reason, refusals);
    }
  }
  std::vector<std::string> faults;
  for (const Refusal& refusal : refusals) {
    faults.push_back(fmt::format("{}: no engine and no host kernel runs {} x {}: {} (operator {})",
                                 graph.name, refusal.operators.size(), refusal.kind, refusal.reason,
                                 fmt::join(refusal.operators, ", ")));
  }
  if (!faults.empty()) {
    throw base::UserError(faults);
  }
}

}  // namespace

bool is_alias(const Graph& graph, const Operator& op) {
  const auto plain = [&](workloads::TensorId id) {
    const TensorRole role = graph.tensor(id).role;
    return role != TensorRole::kConstant && role != TensorRole::kState;
  };
  return op.kind == OperatorKind::kReshape && plain(op.inputs[0]) && plain(op.outputs[0]);
}

Plan make_plan(const Graph& graph, const PlatformView& platform) {
  refuse_unsupported(graph, platform);
  Plan plan;
  plan_memory(graph, platform, plan);
  for (const Operator& op : graph.operators) {
    PlannedOperator planned;
    if (is_alias(graph, op)) {
      planned.runner = Runner::kAlias;
    } else {
      choose_runner(graph, op, platform, plan, planned);
    }
    plan.operators.push_back(std::move(planned));
  }
  return plan;
}

}  // namespace milliwatt::dataflows
