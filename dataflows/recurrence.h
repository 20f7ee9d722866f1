// SPDX-License-Identifier: Apache-2.0
// When the steps of a schedule start and end, without values: one pass in schedule order,
//
//   start(i) = engine edge at or after max(end of the unit's previous step,
//                                          ends of the steps that i's slots depend on)
//   end(i)   = start(i) + duration(i)
//
// It is the planner's cost and the heart of the estimate. The shell finds the same times by events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "dataflows/schedule.h"
#include "dataflows/slot_pieces.h"

namespace milliwatt::dataflows {

/// How much of what a schedule may do at once is assumed to happen at once.
enum class Overlap : std::uint8_t {
  kFull,    ///< units work side by side: the lower bound where they disturb each other
  kSerial,  ///< one step after the other: the upper bound
};

class Recurrence {
 public:
  /// `units`: number of units of the engine.
  Recurrence(const Schedule& schedule, const base::Clock& clock, std::size_t units, Overlap overlap)
      : schedule_{schedule}, clock_{clock}, overlap_{overlap}, free_(units, 0) {
    pieces_.cut(schedule.slots);
    written_.assign(pieces_.count(), 0);
    read_.assign(pieces_.count(), 0);
  }

  /// Walks all steps from `start` on and returns when the last has ended. `duration` is called as
  /// end = duration(step, start of the step), `visit` as visit(step, start, end); both in order.
  template <typename Duration, typename Visit>
  base::Picoseconds run(base::Picoseconds start, Duration&& duration, Visit&& visit) {
    base::Picoseconds finish = start;
    for (const Step& step : schedule_.steps) {
      base::Picoseconds ready = std::max(start, free_[step.unit]);
      ready = std::max(ready, overlap_ == Overlap::kSerial ? finish : dependences_end(step));
      const base::Picoseconds begin = clock_.edge(clock_.cycle_at_or_after(ready));
      const base::Picoseconds end = duration(step, begin);
      visit(step, begin, end);
      record(step, end);
      finish = std::max(finish, end);
    }
    return finish;
  }

 private:
  base::Picoseconds dependences_end(const Step& step) const {
    base::Picoseconds end = 0;
    for (const SlotId slot : step.reads) {
      for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
        end = std::max(end, written_[p]);
      }
    }
    for (const SlotId slot : step.writes) {
      for (std::uint32_t p = pieces_.of(slot).first; p < pieces_.of(slot).last; ++p) {
        end = std::max({end, written_[p], read_[p]});
      }
    }
    return end;
  }

  void record(const Step& step, base::Picoseconds end) {
    free_[step.unit] = end;
    for (const SlotId slot : step.reads) {
      note(read_, pieces_.of(slot), end);
    }
    for (const SlotId slot : step.writes) {
      note(written_, pieces_.of(slot), end);
    }
  }

  static void note(std::vector<base::Picoseconds>& latest, const SlotPieces::Range& pieces,
                   base::Picoseconds end) {
    for (std::uint32_t p = pieces.first; p < pieces.last; ++p) {
      latest[p] = std::max(latest[p], end);
    }
  }

  const Schedule& schedule_;
  const base::Clock& clock_;
  Overlap overlap_;
  SlotPieces pieces_;
  std::vector<base::Picoseconds> written_;  ///< end of the last write, by piece
  std::vector<base::Picoseconds> read_;     ///< end of the last read, by piece
  std::vector<base::Picoseconds> free_;     ///< end of the last step, by unit
};

}  // namespace milliwatt::dataflows
