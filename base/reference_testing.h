// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>

namespace milliwatt::base {

/// Folder of the reference data that tests compare with: MILLIWATT_REFERENCE of the environment, or
/// beside the source folder. It need not exist; a test that misses it is skipped.
inline std::filesystem::path reference_folder(const std::filesystem::path& source) {
  const char* chosen = std::getenv("MILLIWATT_REFERENCE");
  return chosen != nullptr ? std::filesystem::path{chosen}
                           : source.parent_path() / "shared" / "reference";
}

}  // namespace milliwatt::base
