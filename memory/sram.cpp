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
  base::Schema<SramConfig> schema{"sram", "On-chip memory of interleaved single-ported banks."};
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
  schema.integer("banks", &SramConfig::banks)
      .range(1, 1024)
      .power_of_two()
      .def(1)
      .doc("Banks; words are interleaved, each bank starts one access per cycle.");
  schema.integer("ports", &SramConfig::ports)
      .range(1, 64)
      .def(1)
      .doc("Bursts in service at once, each with a link of its own; they compete for the banks.");
  schema.integer("port_width", &SramConfig::port_width, base::Unit::kBytes)
      .range(1, 128)
      .power_of_two()
      .doc("Data path of each port. Absent: as wide as the bus.");
  return schema;
}

SramCore::SramCore(std::string name, const SramConfig& config, const base::Clock& clock)
    : config_{config}, clock_{clock}, counters_{std::move(name), sram_class()} {
  const std::string& instance = counters_.instance();
  if (config.banks == 0 || (config.banks & (config.banks - 1)) != 0) {
    throw base::UserError(instance + ": banks must be a power of two, not " +
                          std::to_string(config.banks));
  }
  if (config.width_bytes == 0 || config.size <= 0 ||
      config.size % (std::int64_t{config.width_bytes} * config.banks) != 0) {
    throw base::UserError(instance + ": size must be a multiple of width x banks, which is " +
                          std::to_string(std::int64_t{config.width_bytes} * config.banks) +
                          " bytes");
  }
  if (config.latency < 1)
    throw base::UserError(instance + ": the latency must be at least 1 cycle");
  if (config.ports == 0) throw base::UserError(instance + ": there must be at least 1 port");
}

base::Picoseconds SramCore::serve(base::Picoseconds start, const Burst& burst,
                                  std::uint32_t beat_bytes) {
  const auto words = words_touched(burst.address, burst.bytes, config_.width_bytes);
  counters_.add(burst.write ? kWrite : kRead, burst.tag.layer, static_cast<std::int64_t>(words));
  const auto group =
      std::min<std::uint64_t>(std::uint64_t{config_.width_bytes} * config_.banks, beat_bytes);
  const base::Cycles at = clock_.cycle_at_or_after(start);
  if (config_.ports > 1 && assumed() == Case::kActual) {
    return clock_.edge(reserve(at, burst, group) + config_.latency);
  }
  const auto groups = static_cast<base::Cycles>(words_touched(burst.address, burst.bytes, group));
  return clock_.edge(at + groups - 1 + config_.latency);
}

base::Cycles SramCore::reserve(base::Cycles at, const Burst& burst, std::uint64_t group_bytes) {
  reserved_.erase(reserved_.begin(), reserved_.lower_bound({at, 0}));
  const std::uint64_t last = burst.address + burst.bytes - 1;
  std::uint64_t word = burst.address / config_.width_bytes;
  base::Cycles cycle = at;
  for (std::uint64_t group = burst.address / group_bytes;; ++group, ++cycle) {
    const std::uint64_t end_byte = std::min((group + 1) * group_bytes - 1, last);
    const std::uint64_t end_word = end_byte / config_.width_bytes + 1;
    while (taken(cycle, word, end_word)) ++cycle;
    for (; word < end_word; ++word) reserved_.emplace(cycle, word % config_.banks);
    if (end_byte == last) return cycle;
  }
}

bool SramCore::taken(base::Cycles cycle, std::uint64_t first_word, std::uint64_t end_word) const {
  for (std::uint64_t word = first_word; word < end_word; ++word) {
    if (reserved_.count({cycle, word % config_.banks}) > 0) return true;
  }
  return false;
}

}  // namespace milliwatt::memory
