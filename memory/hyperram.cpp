// SPDX-License-Identifier: Apache-2.0
#include "memory/hyperram.h"

#include <algorithm>

#include "base/error.h"
#include "memory/serial_schema.h"

namespace milliwatt::memory {
namespace {

/// The device needs `access_time` whatever the clock.
void check_latency(const std::string& name, const HyperRamConfig& config,
                   const base::Clock& clock) {
  const base::Cycles needed = clock.cycle_at_or_after(config.access_time);
  if (config.latency >= needed) return;
  throw base::UserError(name + ": a latency of " + std::to_string(config.latency) + " clocks at " +
                        base::print_integer(clock.frequency_hz(), base::Unit::kHertz) +
                        " is shorter than the access time of " +
                        base::print_integer(config.access_time, base::Unit::kPicoseconds) +
                        ": set latency to " + std::to_string(needed) + " cycles");
}

}  // namespace

base::Schema<HyperRamConfig> hyperram_schema() {
  using Config = HyperRamConfig;
  base::Schema<Config> schema{"hyperram", "HyperRAM: octal DDR, with latency doubled by refresh."};
  add_size(schema, 8 * 1024 * 1024);
  add_max_clock(schema, 200'000'000, "S27KS0642 front page");
  schema.cycles("command_address", &Config::command_address)
      .range(1, 64)
      .def(3)
      .source("48 bits at both edges of eight lines")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of command and address.");
  schema.cycles("latency", &Config::latency)
      .range(1, 64)
      .def(6)
      .source("S27KS0642: 6 at 166 MHz, 7 at 200 MHz")
      .confidence(base::Confidence::kPublished)
      .doc("Initial latency, of reads and writes alike.");
  schema.duration("access_time", &Config::access_time)
      .def(35'000)
      .source("S27KS0642 front page: tACC at most 35 ns")
      .confidence(base::Confidence::kPublished)
      .doc("Least time of the initial latency.");
  schema.boolean("fixed_latency", &Config::fixed_latency)
      .def(false)
      .doc("The device always takes the initial latency twice, collision or not.");
  add_wrap(schema, 16, 128, "S27KS0642: wrapped bursts of 16, 32, 64 and 128 bytes");
  schema.bytes("die", &Config::die)
      .range(1024, std::int64_t{1} << 32)
      .power_of_two()
      .def(8 * 1024 * 1024)
      .source("S27KS0642: one die; no linear burst crosses from die to die")
      .confidence(base::Confidence::kPublished)
      .doc("A linear burst stays within a die.");
  schema.duration("select_limit", &Config::select_limit)
      .def(4'000'000)
      .source("tCSM at up to 85 C (electronics.stackexchange 560465)")
      .confidence(base::Confidence::kPublished)
      .doc("Longest time that chip select may be low.");
  schema.duration("refresh_period", &Config::refresh_period)
      .def(4'000'000)
      .source("tCSM, which no opening may delay a refresh beyond")
      .assumed(1'000'000, 16'000'000)
      .doc("Time between two refreshes; 0: none is ever met.");
  schema.duration("refresh_window", &Config::refresh_window)
      .def(40'000)
      .source("about one access to a row")
      .assumed(20'000, 100'000)
      .doc("Time that one refresh takes; an opening within it collides.");
  add_selection(schema);
  return schema;
}

SerialRules serial_rules(const std::string& name, const HyperRamConfig& config,
                         const base::Clock& clock) {
  check_clock(name, "hyperram", clock, config.max_clock);
  check_latency(name, config, clock);
  check_block(name, "die", static_cast<std::uint64_t>(config.die));
  if (config.wrap) check_block(name, "wrap", *config.wrap);
  SerialRules rules;
  rules.size = static_cast<std::uint64_t>(config.size);
  rules.unit_bytes = 2;
  rules.read_opening = burst_cost(config).latency;
  rules.write_opening = rules.read_opening;
  rules.read_block = config.wrap.value_or(0);
  if (!config.wrap && config.die < config.size) {
    rules.read_block = static_cast<std::uint64_t>(config.die);
  }
  rules.write_block = rules.read_block;
  rules.select_limit = clocks_within(config.select_limit, clock);
  rules.deselect = config.deselect;
  rules.keep_selected = config.keep_selected;
  if (!config.fixed_latency && config.refresh_period > 0) {
    rules.refresh = {std::max<base::Cycles>(1, clocks_within(config.refresh_period, clock)),
                     clock.cycle_at_or_after(config.refresh_window), config.latency};
  }
  return rules;
}

BurstCost burst_cost(const HyperRamConfig& config) {
  return {config.command_address + (config.fixed_latency ? 2 : 1) * config.latency, 1, 2};
}

}  // namespace milliwatt::memory
