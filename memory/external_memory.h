// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/counters.h"
#include "base/schema.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

struct ExternalMemoryConfig {
  std::int64_t size = 8 * 1024 * 1024;  ///< bytes
  std::uint32_t bytes_per_cycle = 2;    ///< bandwidth, per cycle of the device's own clock
  base::Cycles latency = 9;             ///< cycles from the opening of a block to its first byte
  std::uint32_t burst_bytes = 64;       ///< block that one device burst may not leave
};

base::Schema<ExternalMemoryConfig> external_memory_schema();
/// "external_memory" with the actions read_byte, write_byte and burst (of the device).
base::ComponentClass external_memory_class();

/// An off-chip memory as bandwidth, latency and burst length: enough for PSRAM, HyperRAM and the
/// average of a DRAM. Every aligned block of `burst_bytes` that a bus burst touches is one burst of
/// the device and pays the latency. Left out: banks and rows, refresh, the controller's queue,
/// different latencies of reads and writes, an open burst that the next bus burst continues.
///
/// A burst that arrives at s takes, from the first edge a of the device's clock at or after s,
///   end = a + sum over the touched blocks (latency + ceil(bytes in the block / bytes_per_cycle))
class ExternalMemoryCore : public TargetCore {
 public:
  /// Throws UserError when a size is out of range or `burst_bytes` is no power of two.
  ExternalMemoryCore(std::string name, const ExternalMemoryConfig& config,
                     const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return config_.size; }

  const ExternalMemoryConfig& config() const { return config_; }
  const base::Counters& counters() const { return counters_; }

 private:
  ExternalMemoryConfig config_;
  base::Clock clock_;
  base::Counters counters_;
};

}  // namespace milliwatt::memory
