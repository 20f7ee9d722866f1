// SPDX-License-Identifier: Apache-2.0
#include "memory/qspi_nor.h"

#include <utility>

#include "memory/serial_schema.h"

namespace milliwatt::memory {

base::Schema<QspiNorConfig> qspi_nor_schema() {
  using Config = QspiNorConfig;
  base::Schema<Config> schema{"qspi_nor", "Quad-SPI NOR flash, executed in place; read only."};
  add_size(schema, 16 * 1024 * 1024);
  add_max_clock(schema, 133'000'000, "W25Q128 class: 104 to 133 MHz");
  schema.cycles("command", &Config::command)
      .range(0, 64)
      .def(8)
      .source("W25Q128 class: EBh, 8 bits on one line")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of the command; with continuous_read only before the first read.");
  schema.cycles("address", &Config::address)
      .range(1, 64)
      .def(6)
      .source("W25Q128 class: 24 bits on four lines")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of the address.");
  schema.cycles("mode", &Config::mode)
      .range(0, 64)
      .def(2)
      .source("W25Q128 class: EBh, 8 mode bits on four lines")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of the mode bits.");
  schema.cycles("dummy", &Config::dummy)
      .range(0, 64)
      .def(4)
      .source("W25Q128 class: EBh")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks between the mode bits and the first data.");
  schema.boolean("continuous_read", &Config::continuous_read)
      .def(true)
      .doc("The mode bits say that the next read comes without a command.");
  add_wrap(schema, 8, 64, "W25Q128 class: wraps of 8, 16, 32 and 64 bytes");
  add_selection(schema);
  return schema;
}

SerialRules serial_rules(const std::string& name, const QspiNorConfig& config,
                         const base::Clock& clock) {
  check_clock(name, "qspi_nor", clock, config.max_clock);
  if (config.wrap) check_block(name, "wrap", *config.wrap);
  SerialRules rules;
  rules.size = static_cast<std::uint64_t>(config.size);
  rules.unit_clocks = 2;
  rules.read_opening = burst_cost(config).latency;
  rules.first_read = config.continuous_read ? config.command : 0;
  rules.read_block = config.wrap.value_or(0);
  rules.deselect = config.deselect;
  rules.keep_selected = config.keep_selected;
  rules.writable = false;
  return rules;
}

BurstCost burst_cost(const QspiNorConfig& config) {
  const base::Cycles command = config.continuous_read ? 0 : config.command;
  return {command + config.address + config.mode + config.dummy, 2, 1};
}

}  // namespace milliwatt::memory
