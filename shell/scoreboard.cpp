// SPDX-License-Identifier: Apache-2.0
#include "shell/scoreboard.h"

#include <algorithm>

namespace milliwatt::shell {

void Scoreboard::build(const dataflows::Schedule& schedule, int units, base::Cycles start) {
  units_ = units;
  start_ = start;
  left_ = schedule.steps.size();
  queues_.resize(static_cast<std::size_t>(units));
  for (Queue& queue : queues_) {
    queue.steps.clear();
    queue.ends.clear();
    queue.ended = 0;
    queue.running = false;
  }
  nearest_.assign(static_cast<std::size_t>(units), Dependence{0, kNone, StallCause::kOperand});
  dependences_.clear();
  first_dependence_.assign(1, 0);
  pieces_.cut(schedule.slots);
  writers_.assign(pieces_.count(), {});
  readers_.assign(std::size_t{pieces_.count()} * static_cast<std::size_t>(units_), kNone);
  token_.clear();
  for (const dataflows::Slot& slot : schedule.slots) {
    token_.push_back(slot.bytes == 0);
  }
  for (const dataflows::Step& step : schedule.steps) {
    enqueue(step);
  }
}

void Scoreboard::enqueue(const dataflows::Step& step) {
  for (const dataflows::SlotId slot : step.reads) {
    wait_to_read(step.unit, slot);
  }
  for (const dataflows::SlotId slot : step.writes) {
    wait_to_write(step.unit, slot);
  }
  for (int unit = 0; unit < units_; ++unit) {
    Dependence& nearest = nearest_[static_cast<std::size_t>(unit)];
    if (nearest.ordinal != kNone) {
      dependences_.push_back(nearest);
      nearest.ordinal = kNone;
    }
  }
  first_dependence_.push_back(static_cast<std::uint32_t>(dependences_.size()));
  Queue& queue = queues_[step.unit];
  note_use(step, static_cast<std::uint32_t>(queue.steps.size()));
  queue.steps.push_back(static_cast<std::uint32_t>(first_dependence_.size() - 2));
}

void Scoreboard::depend(dataflows::UnitId self, dataflows::UnitId unit, std::uint32_t ordinal,
                        StallCause cause) {
  if (ordinal == kNone || unit == self) {
    return;
  }
  Dependence& nearest = nearest_[unit];
  if (nearest.ordinal == kNone || nearest.ordinal < ordinal) {
    nearest = {unit, ordinal, cause};
  } else if (nearest.ordinal == ordinal) {
    nearest.cause = std::min(nearest.cause, cause);
  }
}

void Scoreboard::wait_to_read(dataflows::UnitId self, dataflows::SlotId slot) {
  const StallCause cause = token_[slot] ? StallCause::kOrder : StallCause::kOperand;
  for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
    depend(self, writers_[p].unit, writers_[p].ordinal, cause);
  }
}

void Scoreboard::wait_to_write(dataflows::UnitId self, dataflows::SlotId slot) {
  const StallCause cause = token_[slot] ? StallCause::kOrder : StallCause::kOutput;
  for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
    depend(self, writers_[p].unit, writers_[p].ordinal, cause);
    for (int unit = 0; unit < units_; ++unit) {
      depend(self, static_cast<dataflows::UnitId>(unit), reader(p, unit), cause);
    }
  }
}

void Scoreboard::note_use(const dataflows::Step& step, std::uint32_t ordinal) {
  for (const dataflows::SlotId slot : step.reads) {
    for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
      reader(p, step.unit) = ordinal;
    }
  }
  for (const dataflows::SlotId slot : step.writes) {
    for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
      writers_[p] = {step.unit, ordinal};
      std::fill_n(&reader(p, 0), units_, kNone);
    }
  }
}

bool Scoreboard::ready(dataflows::UnitId unit) const {
  if (running(unit) || drained(unit)) {
    return false;
  }
  for (const Dependence& dependence : dependences(head(unit))) {
    if (!satisfied(dependence)) {
      return false;
    }
  }
  return true;
}

Scoreboard::Binding Scoreboard::binding(dataflows::UnitId unit) const {
  const Queue& queue = queues_[unit];
  Binding binding{queue.ended == 0 ? start_ : queue.ends.back(), StallCause::kOrder};
  for (const Dependence& d : dependences(head(unit))) {
    const base::Cycles end = queues_[d.unit].ends[d.ordinal];
    if (end > binding.at) {
      binding = {end, d.cause};
    } else if (end == binding.at) {
      binding.cause = std::min(binding.cause, d.cause);
    }
  }
  return binding;
}

void Scoreboard::finish(dataflows::UnitId unit, base::Cycles at) {
  Queue& queue = queues_[unit];
  queue.ends.push_back(at);
  ++queue.ended;
  queue.running = false;
  --left_;
}

}  // namespace milliwatt::shell
