// SPDX-License-Identifier: Apache-2.0
// The system interconnect, plain: address map, arbitration and occupancy of the links.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "memory/burst.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

enum class Arbitration : std::uint8_t { kRoundRobin, kPriority };

struct InterconnectConfig {
  std::uint32_t width_bytes = 8;  ///< data path of every link
  base::Cycles latency = 1;       ///< from grant to the target, and the response back, together
  Arbitration arbitration = Arbitration::kRoundRobin;
};

/// Index of an initiator / a target, in the order of declaration by name (see Interconnect).
using InitiatorId = int;
using TargetId = int;

/// A crossbar: every target has a link of its own with an arbiter; one burst at a time per link,
/// one outstanding burst per initiator. A burst offered in bus cycle c takes part in decisions from
/// cycle c + 1 on, when the link is free. The decision of a cycle is a function of the set of
/// offers alone: priorities and the round-robin order go by the initiators' declared ranks, never
/// by the order of calls.
class Interconnect {
 public:
  Interconnect(const InterconnectConfig& config, const base::Clock& clock);

  /// `rank`: unique; lower wins under kPriority, and is the round-robin order.
  InitiatorId add_initiator(std::string name, int rank);
  /// Throws UserError when ranges overlap.
  TargetId add_target(std::string name, std::uint64_t base, TargetCore& core);

  /// Target of a burst; none when it is unmapped or leaves the target's range.
  std::optional<TargetId> route(const Burst& burst) const;

  /// A burst is offered at time `t` (its cycle is clock.cycle_at_or_after(t)). The initiator has
  /// no other burst outstanding.
  void offer(InitiatorId initiator, base::Picoseconds t, const Burst& burst);
  /// The next time at which `decide` may grant something, if anything is offered.
  std::optional<base::Picoseconds> next_decision() const;

  struct Grant {
    InitiatorId initiator = 0;
    TargetId target = 0;
    base::Picoseconds done = 0;  ///< the initiator has the response; it may offer again from here
  };
  /// Grants what the arbiters choose at bus edge `now`, serving each burst by its target's core.
  void decide(base::Picoseconds now, std::vector<Grant>& grants);

  /// The time at which a burst offered at `t` is done if nobody else uses the link: what `offer`
  /// and `decide` give then. Serves the burst.
  base::Picoseconds uncontended(InitiatorId initiator, base::Picoseconds t, const Burst& burst);

  const base::Clock& clock() const { return clock_; }

 private:
  base::Clock clock_;
};

}  // namespace milliwatt::memory
