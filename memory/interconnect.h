// SPDX-License-Identifier: Apache-2.0
// The system interconnect, plain: address map, arbitration and occupancy of the links.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/schema.h"
#include "memory/burst.h"
#include "memory/target_core.h"
#include "memory/traffic_ledger.h"

namespace milliwatt::memory {

enum class Arbitration : std::uint8_t { kRoundRobin, kPriority };

struct InterconnectConfig {
  std::uint32_t width_bytes = 8;  ///< data path of every link
  base::Cycles latency = 1;       ///< from grant to the target, and the response back, together
  Arbitration arbitration = Arbitration::kRoundRobin;
  std::optional<std::uint32_t> burst_limit = {};  ///< beats of one piece; none: no limit
  std::optional<std::uint32_t> boundary = {};     ///< bytes; no piece crosses a multiple of it
};

base::Schema<InterconnectConfig> interconnect_schema();
/// "bus" with the actions beat and burst, counted per link.
base::ComponentClass bus_class();

/// A crossbar: every target has an arbiter and as many links as it has ports; one burst at a time
/// per link, one outstanding burst per initiator. A burst offered in bus cycle c takes part in
/// decisions from cycle c + 1 on, when the link is free. The decision of a cycle is a function of
/// the set of offers alone: priorities and the round-robin order go by the initiators' declared
/// ranks, never by the order of calls.
///
/// Time of one burst, in edges of the bus clock, offered in c and granted at edge g >= c + 1:
///   narrow = the least width of initiator's port, link and target's port
///   beats  = aligned words of `narrow` bytes that the burst touches
///   end    = max(first edge at or after the target core's end, g + beats)
///   done   = end + latency
/// The link is taken from g to end, so that the next decision may fall on `end`; the latency is
/// pipelined and takes no link. A port of another width has a converter that packs and unpacks
/// without a buffer: the link itself carries, and counts, words of its own width.
///
/// A burst of more than `burst_limit` beats, or across a multiple of `boundary`, is cut into
/// pieces, each as long as both allow. A piece is a burst in all of the above; the next one is
/// offered at `done` of the one before, and the initiator has its response with the last.
///
/// Left out: separate address and data phases, read and write data at the same time, back-pressure
/// by the initiator, and the overlap of one burst's access latency with the beats of the one
/// before.
class Interconnect {
 public:
  /// Throws UserError when the width is no power of two, the latency is negative, the limit is
  /// zero, or the boundary is no power of two or less than the width.
  Interconnect(const InterconnectConfig& config, const base::Clock& clock);

  /// `rank`: unique; lower wins under kPriority, and is the round-robin order. `port_width`: bytes,
  /// a power of two; none: that of the link.
  InitiatorId add_initiator(std::string name, int rank,
                            std::optional<std::uint32_t> port_width = {});
  /// Throws UserError when ranges overlap or `base` is no multiple of the widths of link and port.
  TargetId add_target(std::string name, std::uint64_t base, TargetCore& core,
                      std::optional<std::uint32_t> port_width = {});

  /// Target of a burst; none when it is unmapped or leaves the target's range. A burst has one
  /// target: one that leaves it is refused as a whole, wherever it would be cut.
  std::optional<TargetId> route(const Burst& burst) const;

  /// A burst is offered at time `t` (its cycle is clock.cycle_at_or_after(t)). The initiator has
  /// no other burst outstanding. Throws SimulationError naming the initiator when nothing is mapped
  /// there, or the target cannot be written.
  void offer(InitiatorId id, base::Picoseconds t, const Burst& burst);
  /// The next time at which `decide` may grant something, if anything is offered.
  std::optional<base::Picoseconds> next_decision() const;

  struct Grant {
    InitiatorId initiator = 0;
    TargetId target = 0;
    base::Picoseconds done = 0;  ///< the piece's response
    int port = 0;                ///< of the target
    std::uint32_t offset = 0;    ///< of the piece in the burst
    std::uint32_t bytes = 0;     ///< of the piece
    bool last = true;  ///< the initiator has its response, and may offer again from `done`
  };
  /// Grants what the arbiters choose at bus edge `now`, serving each burst by its target's core.
  /// Appends to `grants`: the first of every target by rank, then the second of those with another
  /// free port, and so on. `now` never goes back.
  void decide(base::Picoseconds now, std::vector<Grant>& grants);

  /// The time at which a burst offered at `t` is done if nobody else uses the link: what `offer`
  /// and `decide` give then. Serves the burst.
  base::Picoseconds uncontended(InitiatorId initiator, base::Picoseconds t, const Burst& burst);

  /// Pieces in which a burst is granted.
  int pieces(InitiatorId initiator, const Burst& burst) const;

  /// Time of an error response to a burst offered at `t`: it takes a decision and the latency, but
  /// no link.
  base::Picoseconds error_response(base::Picoseconds t) const;
  /// "dma: read of 64 bytes at 0x1000", for messages.
  std::string describe(InitiatorId initiator, const Burst& burst) const;

  const base::Clock& clock() const { return clock_; }
  const InterconnectConfig& config() const { return config_; }
  int initiators() const { return static_cast<int>(initiators_.size()); }
  int targets() const { return static_cast<int>(links_.size()); }
  const std::string& initiator_name(InitiatorId id) const { return initiators_.at(id).name; }
  const std::string& target_name(TargetId id) const { return links_.at(id).name; }
  std::uint64_t target_base(TargetId id) const { return links_.at(id).base; }
  int ports(TargetId id) const { return links_.at(id).core->ports(); }
  bool writable(TargetId id) const { return links_.at(id).core->writable(); }

  /// Words of the link's width, and pieces, that went to a target; the instance is called
  /// "bus.<target>".
  const base::Counters& counters(TargetId id) const { return links_.at(id).counters; }
  /// Cycles from the first decision that a burst could win to its grant, over all pieces.
  base::Cycles wait_cycles(TargetId id) const { return links_.at(id).wait_cycles; }
  /// Cycles in which the link is taken, summed over the target's ports.
  base::Cycles busy_cycles(TargetId id) const { return links_.at(id).busy_cycles; }
  /// Bytes as the initiators offered them.
  const TrafficLedger& offered_bytes() const { return offered_bytes_; }
  /// Bytes as the targets served them.
  const TrafficLedger& served_bytes() const { return served_bytes_; }
  /// True when no initiator has a burst outstanding.
  bool idle() const;

 private:
  struct Initiator {
    std::string name;
    int rank = 0;
    std::uint32_t port_width = 0;
    bool waiting = false;  ///< offered, not yet granted to its end
    base::Cycles cycle = 0;
    base::Picoseconds free_from = 0;
    TargetId target = 0;
    Burst burst;                ///< what is left of it
    std::uint32_t granted = 0;  ///< bytes of it
  };
  struct Link {
    Link(std::string target, std::uint64_t first, TargetCore& timing, std::uint32_t width)
        : name{std::move(target)},
          base{first},
          core{&timing},
          port_width{width},
          free_cycles(static_cast<std::size_t>(timing.ports()), 0),
          counters{"bus." + name, bus_class()} {}

    std::string name;
    std::uint64_t base;
    TargetCore* core;
    std::uint32_t port_width;
    std::vector<base::Cycles> free_cycles;  ///< by port
    std::optional<int> last_rank;
    InitiatorId winner = -1;  ///< of the decision in progress
    base::Cycles wait_cycles = 0;
    base::Cycles busy_cycles = 0;
    base::Counters counters;

    /// Port that is free first.
    int next_port() const {
      const auto first = std::min_element(free_cycles.begin(), free_cycles.end());
      return static_cast<int>(first - free_cycles.begin());
    }
    base::Cycles free_cycle() const { return free_cycles[next_port()]; }
  };

  /// One burst per target at most; true when one of them has another free port.
  bool grant_once(base::Cycles cycle, std::vector<Grant>& grants);
  TargetId route_or_throw(InitiatorId initiator, const Burst& burst) const;
  /// Width in which a burst passes.
  std::uint32_t narrow_width(InitiatorId id, TargetId target) const;
  /// What of `rest` is granted at once.
  Burst first_piece(InitiatorId id, TargetId target, const Burst& rest) const;
  /// Serves the first piece of the initiator's burst and offers what is left.
  Grant grant(InitiatorId id, base::Cycles cycle);
  std::uint32_t checked_width(const std::string& name,
                              std::optional<std::uint32_t> port_width) const;
  bool wins_over(const Link& link, const Initiator& challenger, const Initiator& holder) const;
  base::Picoseconds serve(InitiatorId id, TargetId target, base::Cycles granted,
                          const Burst& burst);

  InterconnectConfig config_;
  base::Clock clock_;
  std::vector<Initiator> initiators_;
  std::vector<InitiatorId> by_rank_;
  std::vector<Link> links_;
  TrafficLedger offered_bytes_;
  TrafficLedger served_bytes_;
};

}  // namespace milliwatt::memory
