// SPDX-License-Identifier: Apache-2.0
// What comes with milliwatt, for tests that hold all of it to something.
#pragma once

#include <string>
#include <vector>

namespace milliwatt::sim::testing {

/// Names, without suffix, of the YAML files of a folder of the repository, sorted.
std::vector<std::string> bundled_names(const std::string& folder);

}  // namespace milliwatt::sim::testing
