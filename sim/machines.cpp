// SPDX-License-Identifier: Apache-2.0
#include "sim/machines.h"

#include "accelerators/systolic/systolic_config.h"
#include "accelerators/systolic/systolic_machine.h"
#include "dataflows/systolic_engine.h"
#include "dataflows/systolic_parameters.h"

namespace milliwatt::sim {
namespace {

base::Schema<systolic::SystolicConfig> systolic_schema() {
  auto schema = systolic::systolic_schema();
  schema.elsewhere(kMachineKindKey, "The machine: systolic.");
  schema.elsewhere(kShellKey, "Parameters of the shell around the machine.");
  return schema;
}

class SystolicPlatform : public MachineConfig {
 public:
  explicit SystolicPlatform(const systolic::SystolicConfig& config) : config_{config} {}

  std::uint16_t machine_id() const override { return MW_MACHINE_SYSTOLIC; }
  dataflows::EngineShape shape() const override {
    return dataflows::systolic_engine_shape(systolic::mapping_shape(config_));
  }
  std::unique_ptr<dataflows::EngineModel> model() const override {
    return std::make_unique<dataflows::SystolicEngine>(systolic::mapping_shape(config_));
  }
  std::unique_ptr<shell::Machine> build(const std::string& engine,
                                        shell::Detail detail) const override {
    return std::make_unique<systolic::SystolicMachine>(engine, config_, detail);
  }
  std::vector<energy::Component> components(const std::string& engine) const override {
    return systolic::components(engine, config_);
  }
  base::YamlNode dump() const override {
    base::YamlNode map = base::YamlNode::map();
    map.set(kMachineKindKey, base::YamlNode::scalar("systolic"));
    for (const base::YamlEntry& entry : systolic_schema().dump(config_).entries) {
      map.set(entry.key, entry.value);
    }
    return map;
  }

 private:
  systolic::SystolicConfig config_;
};

std::shared_ptr<const MachineConfig> read_systolic(const base::YamlNode& map,
                                                   base::Diagnostics& faults) {
  systolic::SystolicConfig config;
  systolic_schema().read(map, config, faults);
  return std::make_shared<SystolicPlatform>(config);
}

std::vector<base::ParameterRow> describe_systolic() { return systolic_schema().describe(); }

std::vector<base::ParameterRow> describe_systolic_mapping() {
  return dataflows::systolic_parameter_schema().describe();
}

}  // namespace

const std::vector<MachineKind>& machine_kinds() {
  static const std::vector<MachineKind> kKinds = {
      {"systolic",
       "Systolic array of int8 processing elements: weight, output or input stationary.",
       describe_systolic,
       "How a convolution or fully connected layer is cut up for a systolic array.",
       describe_systolic_mapping, read_systolic},
  };
  return kKinds;
}

}  // namespace milliwatt::sim
