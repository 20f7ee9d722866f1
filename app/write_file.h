// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace milliwatt::app {

/// Throws UserError when `path` is a folder or lies in none, so that a command fails before it
/// starts.
void check_file_target(const std::string& path);

/// Replaces one file as a whole: an error leaves it as it was. Throws UserError when the disk
/// refuses.
void write_file(const std::string& path, const std::string& bytes);

}  // namespace milliwatt::app
