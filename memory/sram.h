// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/counters.h"
#include "base/schema.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

struct SramConfig {
  std::int64_t size = 256 * 1024;  ///< bytes
  std::uint32_t width_bytes = 8;   ///< of one access
  base::Cycles latency = 1;        ///< cycles of one access, at least 1; accesses are pipelined
};

base::Schema<SramConfig> sram_schema();
/// "sram" with the actions read and write: one word of the memory's width each.
base::ComponentClass sram_class();

/// One single-ported on-chip SRAM: an access of `width_bytes` starts in every cycle of its own
/// clock. Left out: banks, byte-write penalties, retention and power states.
///
/// A burst that arrives at s takes, from the first edge a of the SRAM's clock at or after s,
///   end = a + latency + accesses - 1,   accesses = aligned words of min(width, beat) bytes
/// because a word that is wider than the link stays in the output register for its next beat.
/// Energy counts the aligned words of `width_bytes` that are touched, whole words each.
class SramCore : public TargetCore {
 public:
  /// Throws UserError when a size is out of range.
  SramCore(std::string name, const SramConfig& config, const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return config_.size; }

  const SramConfig& config() const { return config_; }
  const base::Counters& counters() const { return counters_; }

 private:
  SramConfig config_;
  base::Clock clock_;
  base::Counters counters_;
};

}  // namespace milliwatt::memory
