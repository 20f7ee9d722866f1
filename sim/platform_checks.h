// SPDX-License-Identifier: Apache-2.0
// Faults of a platform that no key has by itself.
#pragma once

#include "base/diagnostics.h"
#include "base/yaml.h"
#include "sim/platform.h"

namespace milliwatt::sim {

/// Where `path` ("memory.sram.size") stands in the file; the nearest map above where it is absent.
base::Place place_of(const base::YamlNode& root, const std::string& path);

/// Clocks of parts that the file does not have: they would be read and ignored.
void check_clocks(const base::YamlNode& root, const ClockConfig& clocks, base::Diagnostics& faults);

/// What size, width, banks and clocks of the on-chip memory and of each external one ask of each
/// other. Memories that could not be read are passed over.
void check_sram(const base::YamlNode& root, const Platform& platform, base::Diagnostics& faults);
void check_external_memories(const base::YamlNode& root, const Platform& platform,
                             base::Diagnostics& faults);

/// Whether the platform's technology prices every component at the size it has. For platforms
/// without other faults.
void check_prices(const base::YamlNode& root, const Platform& platform, base::Diagnostics& faults);

}  // namespace milliwatt::sim
