// SPDX-License-Identifier: Apache-2.0
#include "memory/serial_memory.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/units.h"

namespace milliwatt::memory {

SerialMemoryCore::SerialMemoryCore(std::string name, const SerialRules& rules,
                                   const base::Clock& clock)
    : ExternalCore{std::move(name), clock, rules.writable},
      rules_{rules},
      released_{-rules.deselect} {
  if (rules.size == 0 || rules.size % rules.unit_bytes != 0) {
    throw base::UserError(this->name() + ": the size must be a multiple of " +
                          std::to_string(rules.unit_bytes) + " bytes and not zero");
  }
  if (rules.read_block % rules.unit_bytes != 0 || rules.write_block % rules.unit_bytes != 0) {
    throw base::UserError(this->name() + ": a page must be a multiple of " +
                          std::to_string(rules.unit_bytes) + " bytes");
  }
  const base::Cycles opening =
      std::max(rules.read_opening + rules.first_read, rules.write_opening) +
      rules.refresh.collision;
  if (room_in_selection(opening) == 0) {
    throw base::UserError(this->name() + ": chip select may stay low for " +
                          std::to_string(rules.select_limit) +
                          " clocks, which leaves no data behind an opening of " +
                          std::to_string(opening) + ": raise the clock or select_limit");
  }
}

base::Picoseconds SerialMemoryCore::serve(base::Picoseconds start, const Burst& burst,
                                          std::uint32_t /*beat_bytes*/) {
  Rest rest;
  rest.at = clock().cycle_at_or_after(start);
  rest.unit = burst.address / rules_.unit_bytes;
  rest.units = words_touched(burst.address, burst.bytes, rules_.unit_bytes);
  rest.write = burst.write;
  std::int64_t openings = 0;
  if (const std::uint64_t room = room_in_open(rest)) transfer(rest, room);
  for (; rest.units > 0; ++openings) open(rest);
  count(burst, openings);
  return clock().edge(rest.at);
}

std::uint64_t SerialMemoryCore::room_in_block(const Rest& rest) const {
  const std::uint64_t block = rest.write ? rules_.write_block : rules_.read_block;
  if (block == 0) return kAll;
  const std::uint64_t units = block / rules_.unit_bytes;
  return units - rest.unit % units;
}

std::uint64_t SerialMemoryCore::room_in_selection(base::Cycles clocks_used) const {
  if (rules_.select_limit == 0) return kAll;
  const base::Cycles left = rules_.select_limit - clocks_used;
  return left < rules_.unit_clocks ? 0 : static_cast<std::uint64_t>(left / rules_.unit_clocks);
}

/// Units that the latest opening still takes. In the best case there is one that just waits for
/// this burst.
std::uint64_t SerialMemoryCore::room_in_open(const Rest& rest) const {
  if (!rules_.keep_selected || assumed() == Case::kWorst) return 0;
  const std::uint64_t block = rest.write ? rules_.write_block : rules_.read_block;
  if (block != 0 && rest.unit % (block / rules_.unit_bytes) == 0) return 0;
  if (assumed() == Case::kBest) return std::min(room_in_block(rest), room_in_selection(0));
  if (!selected_ || rest.unit != next_unit_ || rest.write != writing_) return 0;
  return std::min(room_in_block(rest), room_in_selection(rest.at - selected_from_));
}

void SerialMemoryCore::transfer(Rest& rest, std::uint64_t units) {
  units = std::min(units, rest.units);
  rest.at += static_cast<base::Cycles>(units) * rules_.unit_clocks;
  rest.unit += units;
  rest.units -= units;
  next_unit_ = rest.unit;
  released_ = rest.at;
}

void SerialMemoryCore::open(Rest& rest) {
  base::Cycles opening = rest.write ? rules_.write_opening : rules_.read_opening;
  if (first_ && !rest.write && assumed() != Case::kBest) {
    opening += rules_.first_read;
    first_ = false;
  }
  base::Cycles select = rest.at;
  if (assumed() == Case::kActual) {
    released_ = rise(rest.at);
    select = std::max(select, released_ + rules_.deselect);
    opening += collision(select);
  } else if (assumed() == Case::kWorst) {
    select += rules_.deselect;
    opening += rules_.refresh.collision;
  }
  rest.at = select + opening;
  transfer(rest, std::min(room_in_block(rest), room_in_selection(opening)));
  selected_ = rules_.keep_selected;
  selected_from_ = select;
  writing_ = rest.write;
}

/// When chip select rose, or rises now that a burst at `at` does not go on: at the limit at last.
base::Cycles SerialMemoryCore::rise(base::Cycles at) const {
  if (!selected_) return released_;
  if (rules_.select_limit == 0) return at;
  return std::min(at, std::max(released_, selected_from_ + rules_.select_limit));
}

/// The latest refresh that was due by `select` and has not been met by an opening before runs from
/// its edge, or from the rise of chip select.
base::Cycles SerialMemoryCore::collision(base::Cycles select) const {
  const SerialRules::Refresh& refresh = rules_.refresh;
  if (refresh.period == 0) return 0;
  const base::Cycles due = select / refresh.period * refresh.period;
  if (due == 0 || due <= selected_from_) return 0;
  return select < std::max(due, released_) + refresh.window ? refresh.collision : 0;
}

base::Cycles clocks_within(base::Picoseconds time, const base::Clock& clock) {
  return clock.cycle(time);
}

void check_clock(const std::string& name, const char* kind, const base::Clock& clock,
                 std::int64_t max_hz) {
  if (clock.frequency_hz() <= max_hz) return;
  throw base::UserError(name + ": a clock of " +
                        base::print_integer(clock.frequency_hz(), base::Unit::kHertz) +
                        " is too fast for this " + kind + ", whose max_clock is " +
                        base::print_integer(max_hz, base::Unit::kHertz) + ": lower clocks." + name);
}

void check_block(const std::string& name, const char* key, std::uint64_t bytes) {
  if (bytes != 0 && (bytes & (bytes - 1)) == 0) return;
  throw base::UserError(name + ": " + key + " must be a power of two, not " +
                        std::to_string(bytes) + " bytes");
}

}  // namespace milliwatt::memory
