// SPDX-License-Identifier: Apache-2.0
// `--set path.key=value`: changes a YAML tree before it is read.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/yaml.h"

namespace milliwatt::base {

/// Applies one `path.key=value`. The path may pass through lists (`layers[2].kind`, existing items
/// only); missing maps on the way are created, so that defaults can be overridden. The value is
/// YAML (`16`, `200 MHz`, `[1, 2]`). Every message about the new value, now or when a schema reads
/// it, names the option instead of a line. Faults leave the tree unchanged.
void apply_override(YamlNode& root, const std::string& assignment, Diagnostics& faults);

/// Applies all of them in order. The same path twice is a fault: the second would win silently.
void apply_overrides(YamlNode& root, const std::vector<std::string>& assignments,
                     Diagnostics& faults);

}  // namespace milliwatt::base
