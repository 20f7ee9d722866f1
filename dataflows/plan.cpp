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

LinkCost home_link(const PlannedTensor& tensor, const PlatformView& platform) {
  switch (tensor.place.region) {
    case MW_REGION_PROGRAM:
      return platform.program;
    case MW_REGION_SRAM:
      return platform.sram;
    default:
      return platform.external;
  }
}

/// Link costs as they are where the operator's tensors live, of several inputs or outputs those of
/// the slowest; all others are constants.
TransferCosts costs_of(const Operator& op, const Plan& plan, const PlatformView& platform) {
  const auto link = [&](const std::vector<workloads::TensorId>& ids) {
    LinkCost slowest{0, 0};
    for (const workloads::TensorId id : ids) {
      const LinkCost one = home_link(plan.tensors[static_cast<std::size_t>(id)], platform);
      slowest.cycles_per_burst = std::max(slowest.cycles_per_burst, one.cycles_per_burst);
      slowest.cycles_per_byte = std::max(slowest.cycles_per_byte, one.cycles_per_byte);
    }
    return slowest;
  };
  TransferCosts costs;
  costs.burst_bytes = platform.burst_bytes;
  costs.links.fill(platform.program);
  costs.links[static_cast<std::size_t>(base::TensorClass::kIfmap)] = link(data_inputs(op));
  costs.links[static_cast<std::size_t>(base::TensorClass::kOfmap)] = link(op.outputs);
  return costs;
}

constexpr const char* kForcedReason = "the plan file says so";

/// Everything but aliases.
class OperatorPlanner {
 public:
  OperatorPlanner(const Graph& graph, const Operator& op, const PlatformView& platform,
                  const Plan& plan, const ForcedOperator& forced)
      : graph_{graph}, op_{op}, platform_{platform}, plan_{plan}, forced_{forced} {}

  /// Throws UserError when it cannot be as forced.
  PlannedOperator run();

 private:
  bool on_an_engine(PlannedOperator& planned) const;
  void on_the_host(PlannedOperator& planned) const;
  [[noreturn]] void fail(const base::Place& place, const std::string& fault) const;

  const Graph& graph_;
  const Operator& op_;
  const PlatformView& platform_;
  const Plan& plan_;
  const ForcedOperator& forced_;
};

PlannedOperator OperatorPlanner::run() {
  PlannedOperator planned;
  if (forced_.runner == Runner::kAlias) {
    fail(forced_.place, "only a reshape can be an alias, whose output shares its input's bytes");
  }
  if (forced_.runner == Runner::kHost && !forced_.mapping.is_null()) {
    fail(forced_.place, "runner: host takes no mapping; leave one of them out");
  }
  if (!on_an_engine(planned)) {
    on_the_host(planned);
  }
  return planned;
}

/// The first engine that does not refuse; reasons of those that do go to `planned`.
bool OperatorPlanner::on_an_engine(PlannedOperator& planned) const {
  for (std::size_t e = 0; e < platform_.engines.size(); ++e) {
    const std::optional<std::string> reason = platform_.engines[e]->refuses(graph_, op_);
    if (!reason && forced_.runner == Runner::kHost) {
      planned.reason = kForcedReason;
      return false;
    }
    if (!reason) {
      planned.runner = Runner::kEngine;
      planned.engine = static_cast<int>(e);
      planned.task =
          platform_.engines[e]->map(graph_, op_, costs_of(op_, plan_, platform_), forced_.mapping);
      planned.reason.clear();
      return true;
    }
    planned.reason += (planned.reason.empty() ? "" : "; ") + *reason;
  }
  return false;
}

void OperatorPlanner::on_the_host(PlannedOperator& planned) const {
  if (forced_.runner == Runner::kEngine) {
    fail(forced_.place, platform_.engines.empty()
                            ? "the platform has no accelerator"
                            : "the accelerator does not run it: " + planned.reason);
  }
  if (!forced_.mapping.is_null()) {
    fail(forced_.mapping.place,
         "the host runs it, whose software kernels have no parameters" +
             (planned.reason.empty() ? "" : "; no engine does: " + planned.reason));
  }
  if (const std::optional<std::string> reason = host_refuses(graph_, op_)) {
    fail(forced_.place, "the host does not run it: " + *reason);
  }
  planned.runner = Runner::kHost;
  planned.task = host_task(graph_, op_);
}

void OperatorPlanner::fail(const base::Place& place, const std::string& fault) const {
  base::Diagnostics faults;
  faults.add(place, fault);
  faults.throw_if_any();
  throw base::InternalError("a fault of a plan that is none");
}

PlannedOperator plan_alias(const ForcedOperator& forced) {
  PlannedOperator planned;
  planned.runner = Runner::kAlias;
  base::Diagnostics faults;
  if (forced.runner.value_or(Runner::kAlias) != Runner::kAlias || !forced.mapping.is_null()) {
    faults.add(forced.place, "nobody runs it: its output shares its input's bytes; allowed: alias");
  }
  faults.throw_if_any();
  return planned;
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

Plan make_plan(const Graph& graph, const PlatformView& platform, const ForcedPlan& forced) {
  refuse_unsupported(graph, platform);
  Plan plan;
  std::vector<std::string> faults;
  const auto add = [&](const base::UserError& error) {
    faults.insert(faults.end(), error.messages().begin(), error.messages().end());
  };
  try {
    plan_memory(graph, platform, plan, forced);
  } catch (const base::UserError& error) {
    add(error);
  }
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const auto found = forced.operators.find(i);
    const ForcedOperator wanted =
        found != forced.operators.end() ? found->second : ForcedOperator{};
    try {
      plan.operators.push_back(is_alias(graph, op)
                                   ? plan_alias(wanted)
                                   : OperatorPlanner{graph, op, platform, plan, wanted}.run());
    } catch (const base::UserError& error) {
      add(error);
    }
  }
  if (!faults.empty()) {
    throw base::UserError(faults);
  }
  return plan;
}

}  // namespace milliwatt::dataflows
