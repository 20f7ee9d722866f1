// SPDX-License-Identifier: Apache-2.0
// Reading whole files.
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::base {

constexpr std::int64_t kLargestInputBytes = std::int64_t{1} << 30;

/// The bytes of a file. Throws UserError, naming `path` as given, when it is missing, a directory,
/// unreadable or larger than `limit_bytes`.
std::string read_file(const std::string& path, std::int64_t limit_bytes = kLargestInputBytes);

}  // namespace milliwatt::base
