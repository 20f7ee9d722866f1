// SPDX-License-Identifier: Apache-2.0
// A platform as its YAML file describes it, with all defaults filled in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/parameter.h"
#include "base/yaml.h"
#include "dataflows/plan.h"
#include "energy/technology.h"
#include "mcu/native_config.h"
#include "memory/external_kinds.h"
#include "memory/interconnect.h"
#include "memory/sram.h"
#include "sim/machines.h"
#include "sim/technology_shelf.h"

namespace milliwatt::sim {

/// Frequencies in Hz; those that are absent follow the system clock.
struct ClockConfig {
  std::int64_t system = 0;
  std::optional<std::int64_t> host;
  std::optional<std::int64_t> bus;
  std::optional<std::int64_t> sram;
  std::optional<std::int64_t> external;
  std::optional<std::int64_t> flash;
  std::optional<std::int64_t> accelerator;
};

/// A technology file and what the platform says otherwise.
struct TechnologyConfig {
  std::string file;
  std::optional<std::int64_t> node_nm;
  std::optional<std::int64_t> voltage_mv;
  std::optional<std::int64_t> temperature_k;
  std::optional<std::string> cell;
};

/// The shell around the machine.
struct ShellConfig {
  std::uint32_t burst_bytes = 0;
  std::optional<std::uint32_t> port_width = {};  ///< bytes; none: as wide as the bus
  std::int64_t decode_cycles = 0;
  std::int64_t issue_cycles = 0;
};

struct Platform {
  std::string name;
  ClockConfig clocks;
  TechnologyConfig technology_config;
  mcu::NativeHostConfig host;
  memory::InterconnectConfig bus;
  memory::SramConfig sram;
  std::shared_ptr<const memory::ExternalConfig> external;
  /// Holds the program with its weights; null: the external memory does.
  std::shared_ptr<const memory::ExternalConfig> flash;
  /// None: the host runs everything.
  std::shared_ptr<const MachineConfig> machine;
  ShellConfig shell;
  std::shared_ptr<const energy::Technology> technology;  ///< null until it is loaded

  /// Data path, in bytes, of each DMA channel's port on the bus.
  std::uint32_t dma_width() const { return shell.port_width.value_or(bus.width_bytes); }

  base::Clock system_clock() const { return {"system", clocks.system}; }
  base::Clock clock(const char* clock_name, const std::optional<std::int64_t>& hz) const {
    return {clock_name, hz.value_or(clocks.system)};
  }

  /// The complete effective configuration; a file with this text is the same platform.
  std::string effective_yaml() const;
};

/// Reads a platform file after applying `settings` ("path.key=value"). Throws UserError with every
/// fault of the file and the settings. A technology given as a bare name is looked for in a folder
/// `technologies` or `configs/technologies` beside or above the platform file, then among those
/// that come with milliwatt; a path is relative to the platform file.
Platform load_platform(const std::string& path, const std::vector<std::string>& settings);

/// The same with technologies from a shelf.
Platform load_platform(const std::string& path, const std::vector<std::string>& settings,
                       TechnologyShelf& shelf);

/// The faults that keys have by themselves, as UserError: unknown or missing ones, values that are
/// no such thing or out of range, a technology that does not exist. What keys ask of each other is
/// not looked at.
void check_platform_keys(const std::string& path, const std::vector<std::string>& settings);

/// The same for a text, but without its technology: it can run and not be priced.
Platform parse_platform(const std::string& text, const std::string& name);

/// What `milliwatt describe` shows of one part of a platform file.
struct ComponentDoc {
  std::string name;  ///< key in the platform file; machines as "accelerator (systolic)"
  std::string doc;
  std::vector<base::ParameterRow> parameters;
};
std::vector<ComponentDoc> component_docs();

}  // namespace milliwatt::sim
