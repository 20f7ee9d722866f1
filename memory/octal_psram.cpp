// SPDX-License-Identifier: Apache-2.0
#include "memory/octal_psram.h"

#include "memory/serial_schema.h"

namespace milliwatt::memory {

base::Schema<OctalPsramConfig> octal_psram_schema() {
  using Config = OctalPsramConfig;
  base::Schema<Config> schema{"octal_psram", "Octal DDR pseudo-static RAM."};
  add_size(schema, 8 * 1024 * 1024);
  add_max_clock(schema, 200'000'000, "APS6408L rev 1.8 and APS256XXN rev 1.00 front pages");
  schema.cycles("command_address", &Config::command_address)
      .range(1, 64)
      .def(3)
      .source("8 bits of command at one clock, 32 of address at two (recalled)")
      .assumed(2, 4)
      .doc("Clocks of command and address.");
  schema.cycles("read_latency", &Config::read_latency)
      .range(0, 64)
      .def(5)
      .source("APS6408L: programmable")
      .assumed(3, 10)
      .doc("Clocks between address and first data of a read, as the device is set.");
  schema.cycles("write_latency", &Config::write_latency)
      .range(0, 64)
      .def(5)
      .source("APS6408L: programmable")
      .assumed(3, 10)
      .doc("Clocks between address and first data of a write, as the device is set.");
  schema.integer("page", &Config::page, base::Unit::kBytes)
      .range(32, 1 << 20)
      .power_of_two()
      .def(1024)
      .source("APS6408L rev 1.8 front page; APS256XXN: 2048")
      .confidence(base::Confidence::kPublished)
      .doc("A linear burst wraps at the end of an aligned page.");
  schema.boolean("row_crossing", &Config::row_crossing)
      .def(false)
      .source("APS256XXN rev 1.00 front page: row boundary crossing reads by a mode bit")
      .confidence(base::Confidence::kPublished)
      .doc("Reads go on over the end of a page; writes never do.");
  add_wrap(schema, 16, 2048, "APS6408L: 16, 32, 64, 128 bytes; APS256XXN also 2 KiB");
  schema.duration("select_limit", &Config::select_limit)
      .def(4'000'000)
      .source("APS256XXN, tCEM: 4 us at standard and 1 us at extended temperature (litex PR 2573)")
      .confidence(base::Confidence::kPublished)
      .doc("Longest time that chip select may be low, for the device refreshes itself behind it.");
  add_selection(schema);
  return schema;
}

SerialRules serial_rules(const std::string& name, const OctalPsramConfig& config,
                         const base::Clock& clock) {
  check_clock(name, "octal_psram", clock, config.max_clock);
  check_block(name, "page", config.page);
  if (config.wrap) check_block(name, "wrap", *config.wrap);
  SerialRules rules;
  rules.size = static_cast<std::uint64_t>(config.size);
  rules.unit_bytes = 2;
  rules.read_opening = config.command_address + config.read_latency;
  rules.write_opening = config.command_address + config.write_latency;
  rules.read_block = config.wrap.value_or(config.row_crossing ? 0 : config.page);
  rules.write_block = config.wrap.value_or(config.page);
  rules.select_limit = clocks_within(config.select_limit, clock);
  rules.deselect = config.deselect;
  rules.keep_selected = config.keep_selected;
  return rules;
}

BurstCost burst_cost(const OctalPsramConfig& config) {
  return {config.command_address + config.read_latency, 1, 2};
}

}  // namespace milliwatt::memory
