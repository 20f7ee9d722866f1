// SPDX-License-Identifier: Apache-2.0
#include "memory/sram.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace milliwatt::memory {
namespace {

enum Action { kRead, kWrite };

}  // namespace

base::ComponentClass sram_class() {
  return {
      "sram",
      {{"read", "one word of the memory's width"}, {"write", "one word of the memory's width"}}};
}

base::Schema<SramConfig> sram_schema() {
  base::Schema<SramConfig> schema{"sram", "On-chip memory with one port."};
  schema.bytes("size", &SramConfig::size)
      .range(64, std::int64_t{1} << 32)
      .def(256 * 1024)
      .doc("Size of the memory; a multiple of its width.");
  schema.integer("width", &SramConfig::width_bytes, base::Unit::kBytes)
      .range(1, 128)
      .def(8)
      .doc("Word that one access reads or writes.");
  schema.cycles("latency", &SramConfig::latency)
      .range(1, 64)
      .def(1)
      .assumed(1, 2)
      .doc("From an access to its data, in cycles of the memory's clock; accesses are pipelined.");
  return schema;
}

SramCore::SramCore(std::string name, const SramConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock}, counters_{std::move(name), sram_class()} {
  if (config.width_bytes == 0 || config.size <= 0 || config.size % config.width_bytes != 0) {
    throw base::UserError(counters_.instance() +
                          ": the size must be a multiple of the width, and neither be zero");
  }
  if (config.latency < 1)
    throw base::UserError(counters_.instance() + ": the latency must be at least 1 cycle");
}

base::Picoseconds SramCore::serve(base::Picoseconds start, const Burst& burst,
                                  std::uint32_t beat_bytes) {
  const auto words = words_touched(burst.address, burst.bytes, config_.width_bytes);
  counters_.add(burst.write ? kWrite : kRead, burst.tag.layer, static_cast<std::int64_t>(words));
  const auto step = std::min(config_.width_bytes, beat_bytes);
  const auto accesses = words_touched(burst.address, burst.bytes, step);
  return clock_.after(start, config_.latency + static_cast<base::Cycles>(accesses) - 1);
}

}  // namespace milliwatt::memory
