// SPDX-License-Identifier: Apache-2.0
// The machines that a platform file may name. A new machine is one entry of the list in
// machines.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/parameter.h"
#include "base/yaml.h"
#include "dataflows/engine.h"
#include "dataflows/schedule.h"
#include "energy/pricing.h"
#include "shell/engine_config.h"
#include "shell/machine.h"

namespace milliwatt::sim {

/// A machine with its parameters: what composition needs to plan for it, build it and price it.
class MachineConfig {
 public:
  virtual ~MachineConfig() = default;

  virtual std::uint16_t machine_id() const = 0;  ///< enum mw_machine
  virtual dataflows::EngineShape shape() const = 0;
  virtual std::unique_ptr<dataflows::EngineModel> model() const = 0;
  virtual std::unique_ptr<shell::Machine> build(const std::string& engine,
                                                shell::Detail detail) const = 0;
  /// Parts of the engine `engine` that this machine sizes; the shell adds DMA and control.
  virtual std::vector<energy::Component> components(const std::string& engine) const = 0;
  /// The complete effective parameters, `kind` included.
  virtual base::YamlNode dump() const = 0;
};

struct MachineKind {
  std::string name;
  std::string doc;
  std::vector<base::ParameterRow> (*describe)();
  /// What its mappings are, and their parameters, as plan files give them.
  std::string mapping_doc;
  std::vector<base::ParameterRow> (*describe_mapping)();
  /// Reads the map under `accelerator`. Faults go to `faults`; the result is then of no use.
  std::shared_ptr<const MachineConfig> (*read)(const base::YamlNode& map,
                                               base::Diagnostics& faults);
};

/// Keys of `accelerator` that are not the machine's: which machine, and the shell around it.
constexpr const char* kMachineKindKey = "kind";
constexpr const char* kShellKey = "shell";

const std::vector<MachineKind>& machine_kinds();

}  // namespace milliwatt::sim
