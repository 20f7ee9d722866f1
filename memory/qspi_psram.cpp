// SPDX-License-Identifier: Apache-2.0
#include "memory/qspi_psram.h"

#include "base/error.h"
#include "memory/serial_schema.h"

namespace milliwatt::memory {

base::Schema<QspiPsramConfig> qspi_psram_schema() {
  using Config = QspiPsramConfig;
  base::Schema<Config> schema{"qspi_psram", "Quad-SPI pseudo-static RAM in QPI mode."};
  add_size(schema, 8 * 1024 * 1024);
  add_max_clock(schema, 144'000'000, "APS6404L front page");
  schema.frequency("fast_clock", &Config::fast_clock)
      .def(66'000'000)
      .source("APS6404L front page: 66 MHz for 0Bh")
      .confidence(base::Confidence::kPublished)
      .doc("Fastest clock at which the read command 0Bh serves.");
  schema.frequency("linear_clock", &Config::linear_clock)
      .def(84'000'000)
      .source("APS1604M-SQR rev 2.4 front page: 144 MHz wrapped, 84 MHz linear")
      .confidence(base::Confidence::kPublished)
      .doc("Fastest clock at which a burst may cross a page.");
  schema.cycles("command", &Config::command)
      .range(1, 64)
      .def(2)
      .source("QPI: 8 bits on four lines")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of the command.");
  schema.cycles("address", &Config::address)
      .range(1, 64)
      .def(6)
      .source("QPI: 24 bits on four lines")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks of the address.");
  schema.choice("read", &Config::read, {{"0Bh", QspiRead::kFast}, {"EBh", QspiRead::kQuad}})
      .def(QspiRead::kQuad)
      .doc("Read command, which sets dummy clocks and fastest clock.");
  schema.cycles("fast_dummy", &Config::fast_dummy)
      .range(0, 64)
      .def(4)
      .source("APS6404L, 0Bh in QPI: 12 clocks before data")
      .confidence(base::Confidence::kPublished)
      .doc("Clocks between address and first data of 0Bh.");
  schema.cycles("quad_dummy", &Config::quad_dummy)
      .range(0, 64)
      .def(6)
      .source("APS6404L, APS1604M, EBh (recalled)")
      .assumed(4, 8)
      .doc("Clocks between address and first data of EBh.");
  schema.integer("page", &Config::page, base::Unit::kBytes)
      .range(32, 1 << 20)
      .power_of_two()
      .def(1024)
      .source("APS6404L front page; APS1604M: 512")
      .confidence(base::Confidence::kPublished)
      .doc("A burst above linear_clock stays within an aligned page.");
  add_wrap(schema, 16, 1024, "APS6404L: 32 B by toggle; APS1604M: 16, 32, 64, 512 bytes");
  schema.duration("select_limit", &Config::select_limit)
      .def(8'000'000)
      .source("APS6404L, tCEM of the standard grade; 4 us extended (recalled)")
      .assumed(3'000'000, 8'000'000)
      .doc("Longest time that chip select may be low, for the device refreshes itself behind it.");
  add_selection(schema);
  return schema;
}

SerialRules serial_rules(const std::string& name, const QspiPsramConfig& config,
                         const base::Clock& clock) {
  check_clock(name, "qspi_psram", clock, config.max_clock);
  if (config.read == QspiRead::kFast && clock.frequency_hz() > config.fast_clock) {
    throw base::UserError(
        name + ": a clock of " + base::print_integer(clock.frequency_hz(), base::Unit::kHertz) +
        " is too fast for the read command 0Bh, which serves up to " +
        base::print_integer(config.fast_clock, base::Unit::kHertz) + ": take read: EBh");
  }
  check_block(name, "page", config.page);
  if (config.wrap) check_block(name, "wrap", *config.wrap);
  const bool crosses = clock.frequency_hz() <= config.linear_clock;
  SerialRules rules;
  rules.size = static_cast<std::uint64_t>(config.size);
  rules.unit_clocks = 2;
  rules.read_opening = burst_cost(config).latency;
  rules.write_opening = config.command + config.address;
  rules.read_block = config.wrap.value_or(crosses ? 0 : config.page);
  rules.write_block = rules.read_block;
  rules.select_limit = clocks_within(config.select_limit, clock);
  rules.deselect = config.deselect;
  rules.keep_selected = config.keep_selected;
  return rules;
}

BurstCost burst_cost(const QspiPsramConfig& config) {
  const base::Cycles dummy = config.read == QspiRead::kFast ? config.fast_dummy : config.quad_dummy;
  return {config.command + config.address + dummy, 2, 1};
}

}  // namespace milliwatt::memory
