// SPDX-License-Identifier: Apache-2.0
// What a stuck engine says of itself.
#include <fmt/format.h>

#include "shell/engine_core.h"
#include "shell/schedule_runner.h"

namespace milliwatt::shell {
namespace {

const char* status_name(mw_status status) {
  switch (status) {
    case MW_STATUS_IDLE:
      return "idle";
    case MW_STATUS_BUSY:
      return "busy";
    case MW_STATUS_DONE:
      return "done";
    case MW_STATUS_ERROR:
      return "error";
  }
  return "?";
}

}  // namespace

std::string ScheduleRunner::describe_unit(dataflows::UnitId id) const {
  std::string text = fmt::format("  {}: {} of {} steps ended", machine_.shape().units[id].name,
                                 scoreboard_.ended(id), scoreboard_.queued(id));
  if (scoreboard_.drained(id)) {
    return text + "\n";
  }
  const dataflows::Step& step = this->step(id);
  text += fmt::format(", step {} (layer {}, job {}) ", scoreboard_.head(id), layer(step), step.job);
  if (scoreboard_.running(id)) {
    return text + fmt::format("runs since cycle {}\n", units_[id].begin);
  }
  text += "waits";
  for (const Scoreboard::Dependence& d : scoreboard_.dependences(scoreboard_.head(id))) {
    if (!scoreboard_.satisfied(d)) {
      text += fmt::format(" for step {} of {} ({})", d.ordinal, machine_.shape().units[d.unit].name,
                          stall_cause_name(d.cause));
    }
  }
  return text + "\n";
}

std::string ScheduleRunner::describe() const {
  std::string text;
  for (std::size_t i = 0; i < units_.size() && !finished(); ++i) {
    text += describe_unit(static_cast<dataflows::UnitId>(i));
  }
  return text;
}

std::string EngineCore::describe_bursts() const {
  std::string text;
  for (int channel = 0; channel < channels(); ++channel) {
    if (bursts_.waits(channel)) {
      const memory::Burst& burst = bursts_.burst(channel);
      text += fmt::format("  channel {}: {} of {} bytes at {:#x} is outstanding\n", channel,
                          burst.write ? "write" : "read", burst.bytes, burst.address);
    }
  }
  return text;
}

std::string EngineCore::describe_state() const {
  static constexpr const char* kPhases[] = {"idle", "fetching a descriptor", "decoding", "running",
                                            "raising its interrupt"};
  return fmt::format("{}: {}, status {}, interrupt {}\n", config_.name,
                     kPhases[static_cast<int>(phase_)], status_name(status_), interrupt_ ? 1 : 0) +
         describe_bursts() + runner_.describe();
}

}  // namespace milliwatt::shell
