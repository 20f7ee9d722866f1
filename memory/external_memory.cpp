// SPDX-License-Identifier: Apache-2.0
#include "memory/external_memory.h"

#include <utility>

#include "base/error.h"

namespace milliwatt::memory {
base::Schema<ExternalMemoryConfig> external_memory_schema() {
  using Config = ExternalMemoryConfig;
  base::Schema<Config> schema{"external_memory",
                              "Off-chip memory as bandwidth, latency and burst length."};
  schema.bytes("size", &Config::size)
      .range(1024, std::int64_t{1} << 40)
      .def(8 * 1024 * 1024)
      .doc("Size of the memory.");
  schema.integer("bytes_per_cycle", &Config::bytes_per_cycle, base::Unit::kBytes)
      .range(1, 1024)
      .def(2)
      .source("HyperRAM S27KS0642: 8 lines, both clock edges")
      .confidence(base::Confidence::kPublished)
      .doc("Bandwidth, per cycle of the device's own clock.");
  schema.cycles("latency", &Config::latency)
      .range(0, 10'000)
      .def(9)
      .source("HyperRAM S27KS0642 at 166 MHz: 3 clocks of command and address, 6 of latency")
      .confidence(base::Confidence::kDerived)
      .doc("From the opening of a block to its first byte, in cycles of the device's clock.");
  schema.integer("burst", &Config::burst_bytes, base::Unit::kBytes)
      .range(1, 1 << 20)
      .power_of_two()
      .def(64)
      .source("HyperRAM S27KS0642: wrapped bursts of 16 to 128 bytes")
      .confidence(base::Confidence::kDerived)
      .doc("Aligned block that one burst of the device may not leave.");
  return schema;
}

ExternalMemoryCore::ExternalMemoryCore(std::string name, const ExternalMemoryConfig& config,
                                       const base::Clock& clock)
    : ExternalCore{std::move(name), clock, config.writable}, config_{config} {
  if (config.size <= 0 || config.bytes_per_cycle == 0) {
    throw base::UserError(this->name() + ": size and bandwidth must not be zero");
  }
  if (config.latency < 0) throw base::UserError(this->name() + ": negative latency");
  if (config.burst_bytes == 0 || (config.burst_bytes & (config.burst_bytes - 1)) != 0) {
    throw base::UserError(this->name() + ": burst_bytes must be a power of two");
  }
}

base::Picoseconds ExternalMemoryCore::serve(base::Picoseconds start, const Burst& burst,
                                            std::uint32_t /*beat_bytes*/) {
  base::Cycles cycles = 0;
  std::int64_t bursts = 0;
  split_bursts(burst.address, burst.bytes, config_.burst_bytes,
               [&](std::uint64_t /*address*/, std::uint32_t bytes) {
                 ++bursts;
                 cycles += config_.latency +
                           (bytes + config_.bytes_per_cycle - 1) / config_.bytes_per_cycle;
               });
  count(burst, bursts);
  return clock().after(start, cycles);
}

std::unique_ptr<ExternalCore> make_core(std::string name, const ExternalMemoryConfig& config,
                                        const base::Clock& clock) {
  return std::make_unique<ExternalMemoryCore>(std::move(name), config, clock);
}

BurstCost burst_cost(const ExternalMemoryConfig& config) {
  return {config.latency, 1, config.bytes_per_cycle};
}

}  // namespace milliwatt::memory
