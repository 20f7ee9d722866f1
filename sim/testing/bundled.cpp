// SPDX-License-Identifier: Apache-2.0
#include "sim/testing/bundled.h"

#include <algorithm>
#include <filesystem>

namespace milliwatt::sim::testing {

std::vector<std::string> bundled_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(MILLIWATT_SOURCE_DIR "/" + folder)) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace milliwatt::sim::testing
