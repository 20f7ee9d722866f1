// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/results.h"

namespace milliwatt::app {

/// A kind of file that users give to milliwatt, and its reader, which throws UserError with every
/// fault and returns what else is worth knowing.
struct FileKind {
  enum class Role { kPlatform, kTechnology, kNetwork, kPlan };

  Role role;
  const char* name;
  std::vector<std::string> (*check)(const std::string& path);
};

/// Told by the suffixes .tflite, .onnx and .csv, or by the top-level keys of a YAML file. Throws
/// UserError for anything else.
FileKind kind_of_file(const std::string& path);

/// Splits positionals, files or names of sim/bundled.h, into the files of platforms and networks,
/// each in its order. Throws UserError for one that is neither.
struct PlatformsAndNetworks {
  std::vector<std::string> platforms;
  std::vector<std::string> networks;
};
PlatformsAndNetworks platforms_and_networks(const std::vector<std::string>& words);

/// Throws UserError when what should be a platform is a network or something else that is known, or
/// the other way round. Files that cannot be told are left to their readers.
void check_roles(const std::string& platform, const std::string& network);

/// The files of a platform and a network given as files or names. Throws UserError as check_roles
/// does, and for a name that is unknown.
std::pair<std::string, std::string> platform_and_network(const std::string& platform,
                                                         const std::string& network);

/// The value of `--level`. Throws UserError.
sim::Level parse_level(const std::string& name);

}  // namespace milliwatt::app
