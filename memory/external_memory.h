// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/schema.h"
#include "memory/external_core.h"

namespace milliwatt::memory {

struct ExternalMemoryConfig {
  std::int64_t size = 8 * 1024 * 1024;  ///< bytes
  std::uint32_t bytes_per_cycle = 2;    ///< bandwidth, per cycle of the device's own clock
  base::Cycles latency = 9;             ///< cycles from the opening of a block to its first byte
  std::uint32_t burst_bytes = 64;       ///< block that one device burst may not leave
  bool writable = true;                 ///< follows from the kind, no key
};

base::Schema<ExternalMemoryConfig> external_memory_schema();

/// An off-chip memory as bandwidth, latency and burst length: the average of whatever has no model
/// of its own. Every aligned block of `burst_bytes` that a bus burst touches is one burst of the
/// device and pays the latency. Left out: banks and rows, refresh, the controller's queue,
/// different latencies of reads and writes, an open burst that the next bus burst continues.
///
/// A burst that arrives at s takes, from the first edge a of the device's clock at or after s,
///   end = a + sum over the touched blocks (latency + ceil(bytes in the block / bytes_per_cycle))
class ExternalMemoryCore : public ExternalCore {
 public:
  /// Throws UserError when a size is out of range or `burst_bytes` is no power of two.
  ExternalMemoryCore(std::string name, const ExternalMemoryConfig& config,
                     const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return config_.size; }

  const ExternalMemoryConfig& config() const { return config_; }

 private:
  ExternalMemoryConfig config_;
};

std::unique_ptr<ExternalCore> make_core(std::string name, const ExternalMemoryConfig& config,
                                        const base::Clock& clock);
BurstCost burst_cost(const ExternalMemoryConfig& config);

}  // namespace milliwatt::memory
