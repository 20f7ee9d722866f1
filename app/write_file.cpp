// SPDX-License-Identifier: Apache-2.0
#include "app/write_file.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace milliwatt::app {

void write_file(const std::string& path, const std::string& bytes) {
  const std::string staged = path + ".partial";
  std::ofstream file(staged, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code failed;
  if (file) {
    std::filesystem::rename(staged, path, failed);
  }
  if (!file || failed) {
    std::error_code ignored;
    std::filesystem::remove(staged, ignored);
    throw base::UserError(path + ": cannot be written");
  }
}

}  // namespace milliwatt::app
