// SPDX-License-Identifier: Apache-2.0
#include "app/write_file.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace milliwatt::app {

void check_file_target(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(path).parent_path();
  if (fs::is_directory(path)) {
    throw base::UserError("output file '" + path + "': is a folder");
  }
  if (!folder.empty() && !fs::is_directory(folder)) {
    throw base::UserError("output file '" + path + "': the folder '" + folder.string() +
                          "' does not exist");
  }
}

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
