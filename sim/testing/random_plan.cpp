// SPDX-License-Identifier: Apache-2.0
#include "sim/testing/random_plan.h"

#include <algorithm>
#include <random>

#include "base/error.h"
#include "sim/prepare.h"

namespace milliwatt::sim::testing {
namespace {

using base::YamlNode;
using dataflows::ForcedOperator;
using dataflows::ForcedPlan;
using dataflows::ForcedTensor;
using dataflows::Runner;

class PlanForcer {
 public:
  PlanForcer(const RandomSystem& system, std::uint32_t seed) : system_{system}, random_{seed} {}

  ForcedPlan run() {
    const dataflows::Plan plan = plan_for(system_.platform, system_.graph);
    for (std::size_t i = 0; i < plan.operators.size(); ++i) {
      if (plan.operators[i].runner == Runner::kEngine) {
        ForcedPlan trial = forced_;
        trial.operators[i] = other_operator(*plan.operators[i].task);
        keep_if_possible(std::move(trial));
      }
    }
    for (const std::size_t id : dataflows::tensors_with_homes(system_.graph, plan)) {
      if (between(1, 3) == 1) {
        ForcedPlan trial = forced_;
        trial.tensors[id] = other_place();
        keep_if_possible(std::move(trial));
      }
    }
    return std::move(forced_);
  }

 private:
  int between(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }

  ForcedOperator other_operator(const dataflows::EngineTask& task) {
    ForcedOperator forced;
    if (between(1, 8) == 1) {
      forced.runner = Runner::kHost;
      return forced;
    }
    forced.mapping = YamlNode::map();
    for (const base::YamlEntry& parameter : task.parameters().entries) {
      if (between(1, 3) > 1) {
        forced.mapping.set(parameter.key, YamlNode::scalar(other_value(parameter.value.text)));
      }
    }
    return forced;
  }

  std::string other_value(const std::string& text) {
    if (text == "true" || text == "false") {
      return between(0, 1) == 0 ? "false" : "true";
    }
    return std::to_string(between(1, std::max(2, std::min(2 * std::stoi(text), 1000))));
  }

  ForcedTensor other_place() {
    ForcedTensor forced;
    forced.region = between(0, 1) == 0 ? MW_REGION_SRAM : MW_REGION_EXTERNAL;
    if (between(0, 1) == 0) {
      forced.offset = dataflows::kTensorAlignment * static_cast<std::uint32_t>(between(0, 40));
    }
    return forced;
  }

  void keep_if_possible(ForcedPlan trial) {
    try {
      const dataflows::Plan plan = plan_for(system_.platform, system_.graph, trial);
      program_for(system_.platform, system_.graph, plan, trial);
      forced_ = std::move(trial);
    } catch (const base::UserError&) {
      // Refused: the plan stays as it was.
    }
  }

  const RandomSystem& system_;
  std::mt19937 random_;
  ForcedPlan forced_;
};

}  // namespace

ForcedPlan random_forced_plan(const RandomSystem& system, std::uint32_t seed) {
  return PlanForcer{system, seed}.run();
}

}  // namespace milliwatt::sim::testing
