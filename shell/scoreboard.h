// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "dataflows/schedule.h"
#include "dataflows/slot_pieces.h"
#include "shell/stall.h"

namespace milliwatt::shell {

/// The order that a schedule's slots impose on its steps (dataflows/schedule.h): which unit may
/// start its next step, since when, and what it waited for. One pass over the steps finds for each
/// the latest step of every other unit that it depends on; since units work in order, all earlier
/// ones have then ended too. Knows nothing of what steps do or how long they take.
class Scoreboard {
 public:
  /// A step that another must wait for: the `ordinal`-th of its unit.
  struct Dependence {
    dataflows::UnitId unit = 0;
    std::uint32_t ordinal = 0;
    StallCause cause = StallCause::kOperand;
  };
  /// A half-open range of dependences, at most one per unit.
  struct Dependences {
    const Dependence* first;
    const Dependence* last;
    const Dependence* begin() const { return first; }
    const Dependence* end() const { return last; }
  };
  /// When the last dependence of a step ended, and why the step waited for it.
  struct Binding {
    base::Cycles at = 0;
    StallCause cause = StallCause::kOperand;
  };

  /// Forgets the previous schedule. Every step's unit is below `units`, its slots exist. Nothing
  /// may start before cycle `start`.
  void build(const dataflows::Schedule& schedule, int units, base::Cycles start);

  /// What the step must wait for, apart from the earlier steps of its own unit.
  Dependences dependences(std::uint32_t step) const {
    return {dependences_.data() + first_dependence_[step],
            dependences_.data() + first_dependence_[step + 1]};
  }

  /// The unit is free, has a step left, and every dependence of that step has ended.
  bool ready(dataflows::UnitId unit) const;
  /// Index of the unit's next step, or of the one it runs; the unit has steps left.
  std::uint32_t head(dataflows::UnitId unit) const {
    return queues_[unit].steps[queues_[unit].ended];
  }
  bool drained(dataflows::UnitId unit) const {
    return queues_[unit].ended == queues_[unit].steps.size();
  }
  bool running(dataflows::UnitId unit) const { return queues_[unit].running; }
  std::uint32_t ended(dataflows::UnitId unit) const { return queues_[unit].ended; }
  std::uint32_t queued(dataflows::UnitId unit) const {
    return static_cast<std::uint32_t>(queues_[unit].steps.size());
  }
  /// The step `ordinal` of the unit has ended.
  bool satisfied(const Dependence& d) const { return queues_[d.unit].ended > d.ordinal; }

  /// The earliest start of a ready unit's next step; ties go to the unit's own previous step, then
  /// to the lower cause.
  Binding binding(dataflows::UnitId unit) const;

  void start(dataflows::UnitId unit) { queues_[unit].running = true; }
  void finish(dataflows::UnitId unit, base::Cycles at);
  /// Drops the steps that are left.
  void abandon() { left_ = 0; }
  /// No step is left or running.
  bool finished() const { return left_ == 0; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Queue {
    std::vector<std::uint32_t> steps;
    std::vector<base::Cycles> ends;
    std::uint32_t ended = 0;
    bool running = false;
  };
  /// Who wrote a piece last.
  struct Writer {
    dataflows::UnitId unit = 0;
    std::uint32_t ordinal = kNone;
  };

  void enqueue(const dataflows::Step& step);
  void depend(dataflows::UnitId self, dataflows::UnitId unit, std::uint32_t ordinal,
              StallCause cause);
  void wait_to_read(dataflows::UnitId self, dataflows::SlotId slot);
  void wait_to_write(dataflows::UnitId self, dataflows::SlotId slot);
  void note_use(const dataflows::Step& step, std::uint32_t ordinal);
  std::uint32_t& reader(std::uint32_t piece, int unit) { return readers_[piece * units_ + unit]; }

  int units_ = 0;
  base::Cycles start_ = 0;
  std::size_t left_ = 0;
  std::vector<Queue> queues_;
  std::vector<Dependence> dependences_;
  std::vector<std::uint32_t> first_dependence_;
  // Working space of build(), kept for its capacity.
  dataflows::SlotPieces pieces_;
  std::vector<bool> token_;
  std::vector<Writer> writers_;
  std::vector<std::uint32_t> readers_;
  std::vector<Dependence> nearest_;
};

}  // namespace milliwatt::shell
