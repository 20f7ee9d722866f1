// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/results.h"

namespace milliwatt::app {

/// A kind of file that users give to milliwatt, and its reader, which throws UserError with every
/// fault.
struct FileKind {
  enum class Role { kPlatform, kTechnology, kNetwork, kPlan };

  Role role;
  const char* name;
  void (*check)(const std::string& path);
};

/// Told by the suffix .tflite, or by the top-level keys of a YAML file. Throws UserError for
/// anything else.
FileKind kind_of_file(const std::string& path);

/// Splits positionals into platforms and networks, each in its order. Throws UserError for a file
/// that is neither.
struct PlatformsAndNetworks {
  std::vector<std::string> platforms;
  std::vector<std::string> networks;
};
PlatformsAndNetworks platforms_and_networks(const std::vector<std::string>& paths);

/// Throws UserError when what should be a platform is a network or something else that is known, or
/// the other way round. Files that cannot be told are left to their readers.
void check_roles(const std::string& platform, const std::string& network);

/// The value of `--level`. Throws UserError.
sim::Level parse_level(const std::string& name);

}  // namespace milliwatt::app
