// SPDX-License-Identifier: Apache-2.0
#include "shell/command_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace milliwatt::shell {
namespace {

using dataflows::Command;
using dataflows::EngineShape;
using dataflows::SlotId;
using dataflows::Step;
using dataflows::StepKind;
using dataflows::UnitKind;

/// Checks the steps of one command, one after the other.
class StepCheck {
 public:
  StepCheck(const Command& command, const EngineShape& shape) : command_{command}, shape_{shape} {}

  void check(std::size_t index) {
    index_ = index;
    const Step& step = command_.schedule.steps[index];
    require(step.unit < shape_.units.size(), "names a unit that does not exist");
    require(step.op < command_.schedule.operators, "works for an operator outside the command");
    check_slots(step.reads);
    check_slots(step.writes);
    const UnitKind kind = shape_.units[step.unit].kind;
    const bool transfer = step.kind == StepKind::kLoad || step.kind == StepKind::kStore;
    require(transfer == (kind == UnitKind::kDma), "is on a unit of the wrong kind");
    if (transfer) {
      check_transfer(step);
    } else if (kind == UnitKind::kOutputStage) {
      check_output(step);
    } else if (kind == UnitKind::kVector) {
      check_vector(step);
    }
  }

 private:
  void require(bool good, const char* fault) const {
    if (!good) {
      throw base::SimulationError(fmt::format("step {} of the command {}", index_, fault));
    }
  }

  template <typename Slots>
  void check_slots(const Slots& slots) const {
    for (const SlotId slot : slots) {
      require(slot < command_.schedule.slots.size(), "names a slot that does not exist");
    }
  }

  void check_transfer(const Step& step) const {
    require(step.job < command_.schedule.transfers.size(), "names a transfer that does not exist");
    const bool load = step.kind == StepKind::kLoad;
    require((load ? step.writes.size() : step.reads.size()) > 0, "moves nothing");
    const SlotId slot =
        load ? data_slot(command_.schedule, step.writes) : data_slot(command_.schedule, step.reads);
    require(command_.schedule.transfers[step.job].bytes() <= command_.schedule.slots[slot].bytes,
            "moves more bytes than its slot has");
  }

  template <typename Slots>
  void require_slot(const Slots& slots, SlotId slot) const {
    require(std::find(slots.begin(), slots.end(), slot) != slots.end(),
            "does not name a slot of its job");
  }

  void check_output(const Step& step) const {
    require(step.job < command_.output_jobs.size(), "names an output job that does not exist");
    const dataflows::OutputJob& job = command_.output_jobs[step.job];
    require_slot(step.reads, job.sums);
    require_slot(step.reads, job.parameters);
    require_slot(step.writes, job.output);
  }

  void check_vector(const Step& step) const {
    require(step.job < command_.vector_jobs.size(), "names a vector job that does not exist");
    const dataflows::VectorJob& job = command_.vector_jobs[step.job];
    if (const auto* add = std::get_if<dataflows::AddJob>(&job)) {
      require_slot(step.reads, add->a);
      require_slot(step.reads, add->b);
      require_slot(step.writes, add->output);
    } else {
      require_slot(step.reads, std::get<dataflows::PoolJob>(job).input);
      require_slot(step.writes, std::get<dataflows::PoolJob>(job).output);
    }
  }

  const Command& command_;
  const EngineShape& shape_;
  std::size_t index_ = 0;
};

}  // namespace

void check_command(const Command& command, const EngineShape& shape) {
  StepCheck check(command, shape);
  for (std::size_t i = 0; i < command.schedule.steps.size(); ++i) {
    check.check(i);
  }
}

}  // namespace milliwatt::shell
