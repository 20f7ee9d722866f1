// SPDX-License-Identifier: Apache-2.0
#include "memory/external_kinds.h"

#include <utility>

#include "base/nearest.h"
#include "memory/external_memory.h"
#include "memory/hyperram.h"
#include "memory/octal_psram.h"
#include "memory/qspi_nor.h"
#include "memory/qspi_psram.h"

namespace milliwatt::memory {
namespace {

constexpr const char* kKindDoc = "Kind of memory: its timing, its keys and its prices.";
constexpr const char* kPricesDoc =
    "Entry of the technology that prices it, if not that of the kind.";

constexpr const char* kPortWidthDoc =
    "Data path of the controller's port on the bus. Absent: as wide as the bus.";

constexpr const char* kGenericKind = "generic";
constexpr const char* kNeedsPrices =
    "kind generic needs the key 'prices', the entry of the technology's external_memory that "
    "prices "
    "it, for example prices: psram";

template <typename Config>
std::unique_ptr<ExternalCore> make_core(std::string name, const Config& config,
                                        const base::Clock& clock) {
  const SerialRules rules = serial_rules(name, config, clock);
  return std::make_unique<SerialMemoryCore>(std::move(name), rules, clock);
}

bool is_writable(const ExternalMemoryConfig& config) { return config.writable; }
bool is_writable(const QspiNorConfig&) { return false; }
template <typename Config>
bool is_writable(const Config&) {
  return true;
}

template <typename Config>
using MakeSchema = base::Schema<Config> (*)();

template <typename Config, MakeSchema<Config> kSchema>
base::Schema<Config> full_schema() {
  base::Schema<Config> schema = kSchema();
  schema.elsewhere("kind", kKindDoc);
  schema.elsewhere("prices", kPricesDoc);
  schema.elsewhere("port_width", kPortWidthDoc);
  return schema;
}

template <typename Config, MakeSchema<Config> kSchema>
class Configured : public ExternalConfig {
 public:
  Configured(const ExternalKind& kind, ExternalCommon common, Config config)
      : ExternalConfig{kind, std::move(common)}, config_{std::move(config)} {}

  std::int64_t size() const override { return config_.size; }
  bool writable() const override { return is_writable(config_); }
  BurstCost cost() const override { return burst_cost(config_); }
  std::unique_ptr<ExternalCore> build(const std::string& name,
                                      const base::Clock& clock) const override {
    return make_core(name, config_, clock);
  }

 private:
  base::YamlNode dump_parameters() const override {
    return full_schema<Config, kSchema>().dump(config_);
  }

  Config config_;
};

template <typename Config, MakeSchema<Config> kSchema>
ExternalKind kind(const char* name, const char* doc) {
  return {name, doc, [] { return full_schema<Config, kSchema>().describe(); },
          [](const ExternalKind& kind, const ExternalCommon& common, const base::YamlNode& map,
             base::Diagnostics& faults) -> std::shared_ptr<const ExternalConfig> {
            Config config;
            full_schema<Config, kSchema>().read(map, config, faults);
            return std::make_shared<Configured<Config, kSchema>>(kind, common, config);
          }};
}

ExternalKind generic(const char* name, const char* doc) {
  return kind<ExternalMemoryConfig, external_memory_schema>(name, doc);
}

ExternalKind read_only(const char* name, const char* doc) {
  ExternalKind result = generic(name, doc);
  result.read = [](const ExternalKind& kind, const ExternalCommon& common,
                   const base::YamlNode& map,
                   base::Diagnostics& faults) -> std::shared_ptr<const ExternalConfig> {
    ExternalMemoryConfig config;
    full_schema<ExternalMemoryConfig, external_memory_schema>().read(map, config, faults);
    config.writable = false;
    return std::make_shared<Configured<ExternalMemoryConfig, external_memory_schema>>(kind, common,
                                                                                      config);
  };
  return result;
}

ExternalKind on_chip(ExternalKind kind) {
  kind.on_chip = true;
  return kind;
}

base::Parameter port_width_parameter() {
  base::Parameter parameter{"port_width", base::Parameter::Kind::kInteger, base::Unit::kBytes};
  parameter.optional().range(1, 128).power_of_two().doc(kPortWidthDoc);
  return parameter;
}

/// The text under `key`, or nothing.
std::string text_of(const base::YamlNode& map, const char* key, base::Diagnostics& faults) {
  base::Parameter parameter{key, base::Parameter::Kind::kText, base::Unit::kCount};
  parameter.def("").doc("Text.");
  const auto value = parameter.read_from(map, faults);
  return value ? std::get<std::string>(*value) : "";
}

ExternalCommon read_common(const base::YamlNode& map, base::Diagnostics& faults) {
  ExternalCommon common;
  common.prices = text_of(map, "prices", faults);
  const auto width = port_width_parameter().read_from(map, faults);
  if (width && !base::is_absent(*width)) {
    common.port_width = static_cast<std::uint32_t>(std::get<std::int64_t>(*width));
  }
  return common;
}

}  // namespace

const std::vector<ExternalKind>& external_kinds() {
  static const std::vector<ExternalKind> kinds = {
      generic("psram", "A PSRAM or HyperRAM as bandwidth, latency and burst length."),
      kind<QspiNorConfig, qspi_nor_schema>("qspi_nor", "Quad-SPI NOR flash, read only."),
      kind<QspiPsramConfig, qspi_psram_schema>("qspi_psram", "Quad-SPI PSRAM."),
      kind<OctalPsramConfig, octal_psram_schema>("octal_psram", "Octal DDR PSRAM."),
      kind<HyperRamConfig, hyperram_schema>("hyperram", "HyperRAM."),
      generic("lpddr4", "The average of an LPDDR4, with its prices."),
      generic("lpddr3", "The average of an LPDDR3, with its prices."),
      generic("ddr3", "The average of a DDR3, with its prices."),
      on_chip(read_only("emram", "MRAM on the chip for weights, read only.")),
      generic(kGenericKind, "Any memory as bandwidth, latency and burst length; needs `prices`."),
  };
  return kinds;
}

std::vector<base::ParameterRow> describe_external(const std::string& default_kind) {
  std::string names;
  for (const ExternalKind& kind : external_kinds()) {
    names += (names.empty() ? "" : ", ") + kind.name;
  }
  base::ParameterRow kind{"kind", "", default_kind, names, kKindDoc, "", ""};
  base::ParameterRow prices{"prices", "", "none", "", kPricesDoc, "", ""};
  return {kind, prices, port_width_parameter().row()};
}

ExternalConfig::ExternalConfig(const ExternalKind& kind, ExternalCommon common)
    : kind_{kind.name}, on_chip_{kind.on_chip}, common_{std::move(common)} {}

base::YamlNode ExternalConfig::dump() const {
  base::YamlNode map = dump_parameters();
  map.set("kind", base::YamlNode::scalar(kind_));
  if (!common_.prices.empty()) map.set("prices", base::YamlNode::scalar(common_.prices));
  if (common_.port_width) {
    map.set("port_width", port_width_parameter().dump(std::int64_t{*common_.port_width}));
  }
  return map;
}

std::shared_ptr<const ExternalConfig> read_external(const base::YamlNode& map,
                                                    base::Diagnostics& faults,
                                                    const std::string& otherwise) {
  std::string wanted = text_of(map, "kind", faults);
  if (wanted.empty()) wanted = otherwise;
  std::vector<std::string> names;
  for (const ExternalKind& kind : external_kinds()) {
    if (kind.name == wanted) {
      const ExternalCommon common = read_common(map, faults);
      if (wanted == kGenericKind && common.prices.empty()) faults.add(map.place, kNeedsPrices);
      return kind.read(kind, common, map, faults);
    }
    names.push_back(kind.name);
  }
  const base::YamlNode* node = map.find("kind");
  faults.add(node ? node->place : map.place,
             "'" + wanted + "' is no kind of memory" + base::suggestion(wanted, names));
  return nullptr;
}

}  // namespace milliwatt::memory
