// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/counters.h"
#include "base/schema.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

struct SramConfig {
  std::int64_t size = 256 * 1024;  ///< bytes
  std::uint32_t width_bytes = 8;   ///< of one access
  base::Cycles latency = 1;        ///< cycles of one access, at least 1; accesses are pipelined
  std::uint32_t banks = 1;         ///< a power of two; words are interleaved over them
  std::uint32_t ports = 1;         ///< bursts in service at once
  std::optional<std::uint32_t> port_width = {};  ///< bytes of each port; none: as wide as the bus
};

base::Schema<SramConfig> sram_schema();
/// "sram" with the actions read and write: one word of the memory's width each.
base::ComponentClass sram_class();

/// On-chip SRAM of single-ported banks: word n of `width_bytes` lies in bank n modulo `banks`, and
/// each bank starts one access per cycle of the memory's own clock. Left out: byte-write penalties,
/// retention and power states.
///
/// In every cycle a burst takes the words of one aligned group of min(banks * width, beat) bytes.
/// One that arrives at s takes, from the first edge a of the memory's clock at or after s,
///   end = a + latency + groups - 1
/// because a word that is wider than the link stays in the output register for its next beat. With
/// several ports, several bursts are in service: the accesses of a burst are reserved when it is
/// granted, a later burst takes the first cycles in which all banks of its group are free, group
/// after group. Energy counts the words that are touched, whole words each.
class SramCore : public TargetCore {
 public:
  /// Throws UserError when a size is out of range or `banks` is no power of two.
  SramCore(std::string name, const SramConfig& config, const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return config_.size; }
  int ports() const override { return static_cast<int>(config_.ports); }
  bool has_history() const override { return config_.ports > 1; }

  const SramConfig& config() const { return config_; }
  const base::Counters& counters() const { return counters_; }

 private:
  /// Cycle of the last access of a burst that starts at `at`, beside those reserved before.
  base::Cycles reserve(base::Cycles at, const Burst& burst, std::uint64_t group_bytes);
  bool taken(base::Cycles cycle, std::uint64_t first_word, std::uint64_t end_word) const;

  SramConfig config_;
  base::Clock clock_;
  base::Counters counters_;
  std::set<std::pair<base::Cycles, std::uint64_t>> reserved_;  ///< cycle and bank
};

}  // namespace milliwatt::memory
