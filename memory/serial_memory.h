// SPDX-License-Identifier: Apache-2.0
// Memories behind a narrow bus that carries command, address and data one after the other.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/clock.h"
#include "memory/external_core.h"

namespace milliwatt::memory {

/// How a serial memory answers, in clocks of its bus. One opening of the device is: chip select
/// falls, command and address pass, latency, data, chip select rises.
struct SerialRules {
  std::uint64_t size = 0;         ///< bytes
  std::uint32_t unit_bytes = 1;   ///< least that the bus moves, aligned
  base::Cycles unit_clocks = 1;   ///< per unit
  base::Cycles first_read = 0;    ///< further clocks of the very first opening
  base::Cycles read_opening = 0;  ///< from chip select to the first data
  base::Cycles write_opening = 0;
  std::uint64_t read_block = 0;  ///< aligned block that one opening may not leave; 0: the memory
  std::uint64_t write_block = 0;
  base::Cycles select_limit = 0;  ///< longest opening from chip select to chip select; 0: none
  base::Cycles deselect = 0;      ///< least between two openings
  bool keep_selected = false;  ///< an opening lasts until a burst comes that does not go on in it
  bool writable = true;

  /// The device refreshes itself at the edges that are multiples of `period`, for `window` clocks;
  /// while it is selected, it waits for chip select to rise. An opening within the window pays
  /// `collision`. A period of 0: none is visible.
  struct Refresh {
    base::Cycles period = 0;
    base::Cycles window = 0;
    base::Cycles collision = 0;
  } refresh;
};

/// The memory that these rules describe, with a controller that makes one opening of every burst,
/// or several where a block or the chip-select limit ends. Left out: prefetching and caching
/// controllers, the settling of delay lines, commands that set the device up.
///
/// A burst that arrives at s starts at the first edge a of the bus clock at or after s, an opening
/// at the first edge e >= a with `deselect` clocks since the one before:
///   end = e + opening + units * unit_clocks,   units = aligned units that the bytes touch
class SerialMemoryCore : public ExternalCore {
 public:
  /// Throws UserError when the rules leave no room for data within the chip-select limit, or a
  /// block is no multiple of the unit.
  SerialMemoryCore(std::string name, const SerialRules& rules, const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return rules_.size; }
  bool has_history() const override { return true; }

  const SerialRules& rules() const { return rules_; }

 private:
  /// What is left of a burst, in units.
  struct Rest {
    base::Cycles at = 0;
    std::uint64_t unit = 0;
    std::uint64_t units = 0;
    bool write = false;
  };

  static constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t room_in_block(const Rest& rest) const;
  std::uint64_t room_in_selection(base::Cycles clocks_used) const;
  std::uint64_t room_in_open(const Rest& rest) const;
  void transfer(Rest& rest, std::uint64_t units);
  void open(Rest& rest);
  base::Cycles collision(base::Cycles select) const;
  base::Cycles rise(base::Cycles at) const;

  SerialRules rules_;
  bool first_ = true;
  bool selected_ = false;
  base::Cycles selected_from_ = -1;  ///< of the latest opening
  base::Cycles released_ = 0;        ///< when its chip select rose
  std::uint64_t next_unit_ = 0;      ///< that it would go on with
  bool writing_ = false;
};

/// Whole clocks of `clock` within `time`.
base::Cycles clocks_within(base::Picoseconds time, const base::Clock& clock);
/// Throws UserError when `clock` is faster than `max_hz`.
void check_clock(const std::string& name, const char* kind, const base::Clock& clock,
                 std::int64_t max_hz);
/// Throws UserError when `bytes`, given for `key`, is no power of two.
void check_block(const std::string& name, const char* key, std::uint64_t bytes);

}  // namespace milliwatt::memory
