// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/error.h"

namespace milliwatt::base {
namespace fs = std::filesystem;

std::string read_file(const std::string& path, std::int64_t limit_bytes) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status)) {
    throw UserError((path.empty() ? "''" : path) + ": no such file");
  }
  if (fs::is_directory(status)) {
    throw UserError(path + ": is a directory, not a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw UserError(path + ": cannot be opened for reading");
  }
  std::string bytes;
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(file.gcount()));
    if (static_cast<std::int64_t>(bytes.size()) > limit_bytes) {
      throw UserError(path + ": is larger than " + std::to_string(limit_bytes) + " bytes");
    }
  }
  if (file.bad()) {
    throw UserError(path + ": cannot be read to its end");
  }
  return bytes;
}

}  // namespace milliwatt::base
