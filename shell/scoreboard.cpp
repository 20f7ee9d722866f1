// SPDX-License-Identifier: Apache-2.0
#include "shell/scoreboard.h"

#include <algorithm>

namespace milliwatt::shell {
namespace {

std::uint64_t place(const dataflows::Slot& slot) {
  return std::uint64_t{slot.buffer} << 40 | slot.offset;
}

}  // namespace

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
  cover(schedule.slots);
  for (const dataflows::Step& step : schedule.steps) {
    enqueue(step);
  }
}

/// Cuts the buffers at every end of a slot. Slots that share a piece overlap; a slot without bytes
/// gets a piece of its own.
void Scoreboard::cover(const std::vector<dataflows::Slot>& slots) {
  bounds_.clear();
  for (const dataflows::Slot& slot : slots) {
    if (slot.bytes > 0) {
      bounds_.push_back(place(slot));
      bounds_.push_back(place(slot) + slot.bytes);
    }
  }
  std::sort(bounds_.begin(), bounds_.end());
  bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
  const auto piece = [this](std::uint64_t bound) {
    return static_cast<std::uint32_t>(std::lower_bound(bounds_.begin(), bounds_.end(), bound) -
                                      bounds_.begin());
  };
  auto pieces = static_cast<std::uint32_t>(bounds_.size());
  covers_.clear();
  token_.clear();
  for (const dataflows::Slot& slot : slots) {
    const bool token = slot.bytes == 0;
    token_.push_back(token);
    covers_.push_back(token ? Cover{pieces, pieces + 1}
                            : Cover{piece(place(slot)), piece(place(slot) + slot.bytes)});
    pieces += token ? 1 : 0;
  }
  writers_.assign(pieces, {});
  readers_.assign(std::size_t{pieces} * static_cast<std::size_t>(units_), kNone);
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
  for (std::uint32_t r = covers_[slot].first; r < covers_[slot].last; ++r) {
    depend(self, writers_[r].unit, writers_[r].ordinal, cause);
  }
}

void Scoreboard::wait_to_write(dataflows::UnitId self, dataflows::SlotId slot) {
  const StallCause cause = token_[slot] ? StallCause::kOrder : StallCause::kOutput;
  for (std::uint32_t r = covers_[slot].first; r < covers_[slot].last; ++r) {
    depend(self, writers_[r].unit, writers_[r].ordinal, cause);
    for (int unit = 0; unit < units_; ++unit) {
      depend(self, static_cast<dataflows::UnitId>(unit), reader(r, unit), cause);
    }
  }
}

void Scoreboard::note_use(const dataflows::Step& step, std::uint32_t ordinal) {
  for (const dataflows::SlotId slot : step.reads) {
    for (std::uint32_t r = covers_[slot].first; r < covers_[slot].last; ++r) {
      reader(r, step.unit) = ordinal;
    }
  }
  for (const dataflows::SlotId slot : step.writes) {
    for (std::uint32_t r = covers_[slot].first; r < covers_[slot].last; ++r) {
      writers_[r] = {step.unit, ordinal};
      std::fill_n(&reader(r, 0), units_, kNone);
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
