// SPDX-License-Identifier: Apache-2.0
// The memories beyond the SRAM that a platform file may name. A new kind is one entry of the list
// in external_kinds.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/parameter.h"
#include "base/yaml.h"
#include "memory/external_core.h"

namespace milliwatt::memory {

struct ExternalKind;

/// What every kind may say beside its own keys.
struct ExternalCommon {
  std::string prices;                            ///< empty: those of the kind
  std::optional<std::uint32_t> port_width = {};  ///< bytes; none: as wide as the bus
};

/// A memory beyond the SRAM as a platform file describes it: off the chip, but for the kinds that
/// say otherwise.
class ExternalConfig {
 public:
  ExternalConfig(const ExternalKind& kind, ExternalCommon common);
  virtual ~ExternalConfig() = default;

  const std::string& kind() const { return kind_; }
  /// What it serves does not cross the edge of the chip.
  bool on_chip() const { return on_chip_; }
  /// Variant of the technology's external_memory that prices it.
  const std::string& prices() const { return common_.prices.empty() ? kind_ : common_.prices; }
  /// Of its controller's port on the bus.
  std::optional<std::uint32_t> port_width() const { return common_.port_width; }

  virtual std::int64_t size() const = 0;
  virtual bool writable() const = 0;
  virtual BurstCost cost() const = 0;
  /// Throws UserError when the parameters contradict each other or the clock.
  virtual std::unique_ptr<ExternalCore> build(const std::string& name,
                                              const base::Clock& clock) const = 0;
  /// The complete effective parameters, `kind` included.
  base::YamlNode dump() const;

 private:
  virtual base::YamlNode dump_parameters() const = 0;

  std::string kind_;
  bool on_chip_;
  ExternalCommon common_;
};

struct ExternalKind {
  std::string name;
  std::string doc;
  std::vector<base::ParameterRow> (*describe)();
  std::shared_ptr<const ExternalConfig> (*read)(const ExternalKind& kind,
                                                const ExternalCommon& common,
                                                const base::YamlNode& map,
                                                base::Diagnostics& faults);
  bool on_chip = false;
};

constexpr const char* kDefaultExternalKind = "psram";

const std::vector<ExternalKind>& external_kinds();
/// The keys that all kinds have in common, `kind` with the names of all.
std::vector<base::ParameterRow> describe_external(
    const std::string& default_kind = kDefaultExternalKind);

/// Reads a memory from its map; its key `kind`, or `otherwise`, chooses among external_kinds().
/// Faults go to `faults`; the result may then be null.
std::shared_ptr<const ExternalConfig> read_external(
    const base::YamlNode& map, base::Diagnostics& faults,
    const std::string& otherwise = kDefaultExternalKind);

}  // namespace milliwatt::memory
