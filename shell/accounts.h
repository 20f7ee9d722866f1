// SPDX-License-Identifier: Apache-2.0
// Where every cycle of every unit went.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dataflows/schedule.h"
#include "shell/stall.h"

namespace milliwatt::shell {

/// One step as it ran: cycles [start, end) of the engine's clock.
struct Interval {
  dataflows::UnitId unit = 0;
  std::int16_t layer = 0;
  dataflows::StepKind kind = dataflows::StepKind::kCompute;
  base::Cycles start = 0;
  base::Cycles end = 0;
};
/// In the order in which steps ended.
using Timeline = std::vector<Interval>;

/// A command as it ran. Steps start at `begin` or later.
struct CommandSpan {
  std::int16_t first_layer = 0;
  std::uint16_t operators = 0;
  base::Cycles fetch = 0;  ///< START was seen
  base::Cycles begin = 0;  ///< decoded
  base::Cycles end = 0;    ///< the last step ended, or the command failed
};

/// From the start of an operator's first step to the end of its last.
struct LayerSpan {
  std::int16_t layer = 0;
  base::Cycles begin = 0;
  base::Cycles end = 0;
};

/// Cycles of a unit. Busy: it runs a step. Stalled: its next step waits. Idle: it has no step left
/// in the command, or there is no command.
struct UnitAccount {
  base::Cycles busy = 0;
  std::array<base::Cycles, kStallCauses> stalls{};
  base::Cycles idle = 0;

  base::Cycles stalled() const { return stalls[0] + stalls[1] + stalls[2]; }
  base::Cycles total() const { return busy + stalled() + idle; }
};

/// The accounts of an engine's units by layer: busy and stalled cycles belong to the layer of the
/// step, idle cycles to none. Each kind is added where it is seen to happen, so that their sum says
/// something.
class AccountBook {
 public:
  explicit AccountBook(std::size_t units) : rows_(units) {}

  void add_busy(dataflows::UnitId unit, std::int16_t layer, base::Cycles cycles) {
    row(unit, layer).busy += cycles;
  }
  void add_stall(dataflows::UnitId unit, std::int16_t layer, StallCause cause,
                 base::Cycles cycles) {
    row(unit, layer).stalls[static_cast<std::size_t>(cause)] += cycles;
  }
  void add_idle(dataflows::UnitId unit, base::Cycles cycles);

  std::size_t units() const { return rows_.size(); }
  /// Layers seen by the unit are kNoLayer .. layers(unit) - 1.
  int layers(dataflows::UnitId unit) const { return static_cast<int>(rows_.at(unit).size()) - 1; }
  UnitAccount account(dataflows::UnitId unit, std::int16_t layer) const;
  UnitAccount total(dataflows::UnitId unit) const;

 private:
  UnitAccount& row(dataflows::UnitId unit, std::int16_t layer);

  std::vector<std::vector<UnitAccount>> rows_;  // [unit][layer + 1]
};

/// Throws SimulationError naming every unit whose accounts do not close: busy + stalled + idle
/// must be `elapsed`, busy must be what the timeline says, and its intervals must not overlap.
void check_accounts(const AccountBook& book, const Timeline& timeline, base::Cycles elapsed,
                    const dataflows::EngineShape& shape);

}  // namespace milliwatt::shell
