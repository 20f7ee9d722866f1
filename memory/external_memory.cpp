// SPDX-License-Identifier: Apache-2.0
#include "memory/external_memory.h"

#include <utility>

#include "base/error.h"

namespace milliwatt::memory {
namespace {

enum Action { kReadByte, kWriteByte, kBurst };

}  // namespace

base::ComponentClass external_memory_class() {
  return {"external_memory",
          {{"read_byte", "one byte read from the device"},
           {"write_byte", "one byte written to the device"},
           {"burst", "one burst of the device: command, address, latency"}}};
}

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
      .def(64)
      .source("HyperRAM S27KS0642: wrapped bursts of 16 to 128 bytes")
      .confidence(base::Confidence::kDerived)
      .doc("Aligned block that one burst of the device may not leave; a power of two.");
  return schema;
}

ExternalMemoryCore::ExternalMemoryCore(std::string name, const ExternalMemoryConfig& config,
                                       const base::Clock& clock)
    : config_{config}, clock_{clock}, counters_{std::move(name), external_memory_class()} {
  if (config.size <= 0 || config.bytes_per_cycle == 0) {
    throw base::UserError(counters_.instance() + ": size and bandwidth must not be zero");
  }
  if (config.latency < 0) throw base::UserError(counters_.instance() + ": negative latency");
  if (config.burst_bytes == 0 || (config.burst_bytes & (config.burst_bytes - 1)) != 0) {
    throw base::UserError(counters_.instance() + ": burst_bytes must be a power of two");
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
  counters_.add(burst.write ? kWriteByte : kReadByte, burst.tag.layer, burst.bytes);
  counters_.add(kBurst, burst.tag.layer, bursts);
  return clock_.after(start, cycles);
}

}  // namespace milliwatt::memory
