// SPDX-License-Identifier: Apache-2.0
#include "memory/interconnect.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "base/error.h"

namespace milliwatt::memory {
namespace {

std::string hex(std::uint64_t value) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

enum Action { kBeat, kBurst };

/// Takes `piece` off the front of `rest`.
void advance(Burst& rest, const Burst& piece) {
  rest.address += piece.bytes;
  rest.bytes -= piece.bytes;
}

bool power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace

base::ComponentClass bus_class() {
  return {"bus", {{"beat", "one beat of the link's width"}, {"burst", "one granted burst"}}};
}

base::Schema<InterconnectConfig> interconnect_schema() {
  using Config = InterconnectConfig;
  base::Schema<Config> schema{"interconnect",
                              "Crossbar with an arbiter per target and a link per port."};
  schema.integer("width", &Config::width_bytes, base::Unit::kBytes)
      .range(1, 128)
      .power_of_two()
      .def(8)
      .doc("Data path of every link.");
  schema.cycles("latency", &Config::latency)
      .range(0, 64)
      .def(1)
      .assumed(0, 4)
      .doc("From the grant to the target, and of the response back, together.");
  schema
      .choice("arbitration", &Config::arbitration,
              {{"round_robin", Arbitration::kRoundRobin}, {"priority", Arbitration::kPriority}})
      .def(Arbitration::kRoundRobin)
      .doc("How a link chooses among the initiators that want it.");
  schema.integer("burst_limit", &Config::burst_limit)
      .range(4, 4096)
      .doc(
          "Most beats of a burst; a longer one is split. 16: AHB and AXI3, 256: AXI4. Absent: "
          "any.");
  schema.integer("boundary", &Config::boundary, base::Unit::kBytes)
      .range(128, 1 << 20)
      .power_of_two()
      .doc("No burst crosses a multiple of it; one that would is split. 1 KiB: AHB, 4 KiB: AXI.");
  return schema;
}

Interconnect::Interconnect(const InterconnectConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock} {
  if (!power_of_two(config.width_bytes)) {
    throw base::UserError("interconnect: width of " + std::to_string(config.width_bytes) +
                          " bytes is no power of two");
  }
  if (config.latency < 0) throw base::UserError("interconnect: latency must not be negative");
  if (config.burst_limit == 0u) throw base::UserError("interconnect: burst limit of no beats");
  const std::uint32_t boundary = config.boundary.value_or(config.width_bytes);
  if (!power_of_two(boundary) || boundary < config.width_bytes) {
    throw base::UserError("interconnect: boundary of " + std::to_string(boundary) +
                          " bytes is no power of two or less than the width");
  }
}

std::uint32_t Interconnect::checked_width(const std::string& name,
                                          std::optional<std::uint32_t> port_width) const {
  const std::uint32_t width = port_width.value_or(config_.width_bytes);
  if (!power_of_two(width)) {
    throw base::UserError("interconnect: port width of " + std::to_string(width) + " bytes of " +
                          name + " is no power of two");
  }
  return width;
}

InitiatorId Interconnect::add_initiator(std::string name, int rank,
                                        std::optional<std::uint32_t> port_width) {
  const auto position = std::find_if(by_rank_.begin(), by_rank_.end(),
                                     [&](int id) { return initiators_[id].rank >= rank; });
  if (position != by_rank_.end() && initiators_[*position].rank == rank) {
    throw base::UserError("interconnect: initiators " + initiators_[*position].name + " and " +
                          name + " have the same rank " + std::to_string(rank));
  }
  const InitiatorId id = initiators();
  by_rank_.insert(position, id);
  Initiator initiator;
  initiator.port_width = checked_width(name, port_width);
  initiator.name = std::move(name);
  initiator.rank = rank;
  initiators_.push_back(std::move(initiator));
  return id;
}

TargetId Interconnect::add_target(std::string name, std::uint64_t base, TargetCore& core,
                                  std::optional<std::uint32_t> port_width) {
  const std::uint64_t last = base + core.size() - 1;
  if (core.size() == 0 || last < base) {
    throw base::UserError("interconnect: target " + name + " has no valid address range");
  }
  const std::uint32_t width = checked_width(name, port_width);
  if (base % std::max(config_.width_bytes, width) != 0) {
    throw base::UserError("interconnect: base " + hex(base) + " of target " + name +
                          " is no multiple of the link's width");
  }
  for (const Link& link : links_) {
    if (base <= link.base + link.core->size() - 1 && link.base <= last) {
      throw base::UserError("interconnect: address ranges of " + link.name + " (from " +
                            hex(link.base) + ") and " + name + " (from " + hex(base) + ") overlap");
    }
  }
  links_.emplace_back(std::move(name), base, core, width);
  return targets() - 1;
}

std::optional<TargetId> Interconnect::route(const Burst& burst) const {
  for (TargetId id = 0; id < targets(); ++id) {
    const Link& link = links_[id];
    const std::uint64_t size = link.core->size();
    if (burst.address < link.base || burst.address - link.base >= size) continue;
    if (burst.bytes > size - (burst.address - link.base)) return std::nullopt;
    return id;
  }
  return std::nullopt;
}

std::string Interconnect::describe(InitiatorId initiator, const Burst& burst) const {
  return initiator_name(initiator) + ": " + (burst.write ? "write" : "read") + " of " +
         std::to_string(burst.bytes) + " bytes at " + hex(burst.address);
}

TargetId Interconnect::route_or_throw(InitiatorId initiator, const Burst& burst) const {
  if (burst.bytes == 0) throw base::InternalError(describe(initiator, burst) + ": empty burst");
  const auto target = route(burst);
  if (!target) {
    throw base::SimulationError(describe(initiator, burst) + ": no target is mapped there");
  }
  if (burst.write && !writable(*target)) {
    throw base::SimulationError(describe(initiator, burst) + ": " + target_name(*target) +
                                " cannot be written");
  }
  return *target;
}

void Interconnect::offer(InitiatorId id, base::Picoseconds t, const Burst& burst) {
  const TargetId target = route_or_throw(id, burst);
  Initiator& initiator = initiators_.at(id);
  if (initiator.waiting || t < initiator.free_from) {
    throw base::InternalError(describe(id, burst) + ": offered while another is outstanding");
  }
  initiator.waiting = true;
  initiator.cycle = clock_.cycle_at_or_after(t);
  initiator.target = target;
  initiator.burst = burst;
  initiator.granted = 0;
  offered_bytes_.add(id, target, burst);
}

std::optional<base::Picoseconds> Interconnect::next_decision() const {
  std::optional<base::Cycles> next;
  for (const Initiator& initiator : initiators_) {
    if (!initiator.waiting) continue;
    const base::Cycles cycle = std::max(initiator.cycle + 1, links_[initiator.target].free_cycle());
    if (!next || cycle < *next) next = cycle;
  }
  if (!next) return std::nullopt;
  return clock_.edge(*next);
}

bool Interconnect::wins_over(const Link& link, const Initiator& challenger,
                             const Initiator& holder) const {
  if (config_.arbitration == Arbitration::kPriority || !link.last_rank) {
    return challenger.rank < holder.rank;
  }
  const bool challenger_next = challenger.rank > *link.last_rank;
  const bool holder_next = holder.rank > *link.last_rank;
  return challenger_next != holder_next ? challenger_next : challenger.rank < holder.rank;
}

void Interconnect::decide(base::Picoseconds now, std::vector<Grant>& grants) {
  const base::Cycles cycle = clock_.cycle(now);
  if (clock_.edge(cycle) != now) {
    throw base::InternalError("interconnect: decision at " + std::to_string(now) +
                              " ps, which is no edge of clock " + clock_.name());
  }
  while (grant_once(cycle, grants)) {
  }
}

bool Interconnect::grant_once(base::Cycles cycle, std::vector<Grant>& grants) {
  for (Link& link : links_) link.winner = -1;
  for (const InitiatorId id : by_rank_) {
    const Initiator& initiator = initiators_[id];
    if (!initiator.waiting || initiator.cycle >= cycle) continue;
    Link& link = links_[initiator.target];
    if (link.free_cycle() > cycle) continue;
    if (link.winner < 0 || wins_over(link, initiator, initiators_[link.winner])) link.winner = id;
  }
  bool again = false;
  for (const InitiatorId id : by_rank_) {
    Initiator& initiator = initiators_[id];
    if (!initiator.waiting || links_[initiator.target].winner != id) continue;
    grants.push_back(grant(id, cycle));
    again = again || links_[initiator.target].free_cycle() <= cycle;
  }
  return again;
}

Interconnect::Grant Interconnect::grant(InitiatorId id, base::Cycles cycle) {
  Initiator& initiator = initiators_[id];
  Link& link = links_[initiator.target];
  link.wait_cycles += cycle - (initiator.cycle + 1);
  const Burst piece = first_piece(id, initiator.target, initiator.burst);
  advance(initiator.burst, piece);
  Grant result;
  result.initiator = id;
  result.target = initiator.target;
  result.port = link.next_port();
  result.done = serve(id, initiator.target, cycle, piece);
  result.offset = initiator.granted;
  result.bytes = piece.bytes;
  result.last = initiator.burst.bytes == 0;
  initiator.granted += piece.bytes;
  initiator.waiting = !result.last;
  initiator.cycle = clock_.cycle(result.done);
  initiator.free_from = result.done;
  return result;
}

std::uint32_t Interconnect::narrow_width(InitiatorId id, TargetId target) const {
  return std::min(
      {initiators_.at(id).port_width, config_.width_bytes, links_.at(target).port_width});
}

Burst Interconnect::first_piece(InitiatorId id, TargetId target, const Burst& rest) const {
  std::uint64_t bytes = rest.bytes;
  if (config_.burst_limit) {
    const std::uint64_t narrow = narrow_width(id, target);
    bytes = std::min(bytes, *config_.burst_limit * narrow - rest.address % narrow);
  }
  if (config_.boundary) {
    bytes = std::min(bytes, *config_.boundary - rest.address % *config_.boundary);
  }
  Burst piece = rest;
  piece.bytes = static_cast<std::uint32_t>(bytes);
  return piece;
}

int Interconnect::pieces(InitiatorId initiator, const Burst& burst) const {
  const TargetId target = route_or_throw(initiator, burst);
  int count = 0;
  for (Burst rest = burst; rest.bytes > 0; ++count) {
    advance(rest, first_piece(initiator, target, rest));
  }
  return count;
}

base::Picoseconds Interconnect::serve(InitiatorId id, TargetId target, base::Cycles granted,
                                      const Burst& burst) {
  Link& link = links_[target];
  const std::uint32_t narrow = narrow_width(id, target);
  const auto words = [&](std::uint32_t width) {
    return static_cast<base::Cycles>(words_touched(burst.address, burst.bytes, width));
  };
  Burst local = burst;
  local.address -= link.base;
  const base::Picoseconds served = link.core->serve(clock_.edge(granted), local, narrow);
  const base::Cycles end = std::max(clock_.cycle_at_or_after(served), granted + words(narrow));
  base::Cycles& free_cycle = link.free_cycles[link.next_port()];
  free_cycle = std::max(free_cycle, end);
  link.last_rank = initiators_[id].rank;
  link.busy_cycles += end - granted;
  link.counters.add(kBeat, burst.tag.layer, words(config_.width_bytes));
  link.counters.add(kBurst, burst.tag.layer);
  local.address += link.base;
  served_bytes_.add(id, target, local);
  return clock_.edge(end + config_.latency);
}

base::Picoseconds Interconnect::uncontended(InitiatorId initiator, base::Picoseconds t,
                                            const Burst& burst) {
  const TargetId target = route_or_throw(initiator, burst);
  offered_bytes_.add(initiator, target, burst);
  Burst rest = burst;
  while (rest.bytes > 0) {
    const Burst piece = first_piece(initiator, target, rest);
    t = serve(initiator, target, clock_.cycle_at_or_after(t) + 1, piece);
    advance(rest, piece);
  }
  return t;
}

base::Picoseconds Interconnect::error_response(base::Picoseconds t) const {
  return clock_.edge(clock_.cycle_at_or_after(t) + 1 + config_.latency);
}

bool Interconnect::idle() const {
  return std::none_of(initiators_.begin(), initiators_.end(),
                      [](const Initiator& initiator) { return initiator.waiting; });
}

}  // namespace milliwatt::memory
