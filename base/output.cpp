// SPDX-License-Identifier: Apache-2.0
#include "base/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/files.h"

namespace milliwatt::base {
namespace fs = std::filesystem;

namespace {

constexpr const char* kResults = "results.json";
constexpr const char* kManifest = "files.txt";

/// The real folder behind a name: absolute, links resolved, no trailing slash.
fs::path resolve(const std::string& path) {
  const fs::path real = fs::weakly_canonical(fs::absolute(path));
  return real.has_filename() ? real : real.parent_path();
}

std::set<std::string> manifest_names(const fs::path& folder) {
  std::set<std::string> names{kManifest};
  std::istringstream lines(read_file((folder / kManifest).string()));
  for (std::string line; std::getline(lines, line);) {
    names.insert(line);
  }
  return names;
}

/// The first file in `folder` that an earlier result does not own; empty when there is none.
std::string foreign_file(const fs::path& folder) {
  const bool earlier = fs::exists(folder / kResults) && fs::exists(folder / kManifest);
  const std::set<std::string> owned = earlier ? manifest_names(folder) : std::set<std::string>{};
  std::set<std::string> foreign;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    const bool folder_of_ours = entry.is_directory() && !entry.is_symlink();
    if (!folder_of_ours && owned.count(name) == 0) {
      foreign.insert(name);
    }
  }
  return foreign.empty() ? "" : *foreign.begin();
}

/// Whether `folder` is the working directory or above it.
bool holds_working_directory(const fs::path& folder) {
  const fs::path below = fs::current_path().lexically_relative(folder);
  return !below.empty() && *below.begin() != "..";
}

/// The folder can be made where the first parent that exists is a folder in which we may write.
void check_parent(const fs::path& folder, const std::string& path) {
  fs::path parent = folder.parent_path();
  while (!fs::exists(parent)) {
    parent = parent.parent_path();
  }
  if (!fs::is_directory(parent)) {
    throw UserError("output folder '" + path + "': '" + parent.string() + "' is a file");
  }
  if (access(parent.c_str(), W_OK) != 0) {
    throw UserError("output folder '" + path + "': nothing may be written to '" + parent.string() +
                    "'");
  }
}

void check_target(const std::string& path) {
  const fs::path folder = resolve(path.empty() ? "." : path);
  if (holds_working_directory(folder)) {
    throw UserError("output folder '" + path +
                    "': " + (folder == fs::current_path() ? "is" : "holds") +
                    " the working directory, which a result would replace; name a new folder, for "
                    "example '" +
                    (fs::path(path) / "result").string() + "'");
  }
  if (!fs::exists(folder)) {
    check_parent(folder, path);
    return;
  }
  if (!fs::is_directory(folder)) {
    throw UserError("output folder '" + path + "': is a file");
  }
  const std::string foreign = foreign_file(folder);
  if (!foreign.empty()) {
    throw UserError("output folder '" + path + "': holds '" + foreign +
                    "', which is not part of an earlier result; choose another folder or empty it");
  }
}

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw fs::filesystem_error("cannot write", path,
                               std::make_error_code(std::errc::no_space_on_device));
  }
}

/// A folder that is removed with all its files when it goes out of scope.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Makes `staged` appear as `target`. What `target` held is then in `staged`.
void swap_in(const fs::path& staged, const fs::path& target) {
  if (!fs::exists(target) || fs::is_empty(target)) {
    fs::rename(staged, target);
    return;
  }
  if (renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    return;
  }
  // File systems without an exchange: two renames, the second undone when it fails.
  const fs::path aside = staged.string() + ".old";
  fs::rename(target, aside);
  std::error_code failed;
  fs::rename(staged, target, failed);
  fs::rename(aside, failed ? target : staged);
  if (failed) {
    throw fs::filesystem_error("cannot rename", staged, target, failed);
  }
}

}  // namespace

OutputDirectory::OutputDirectory(std::string path) : path_(std::move(path)) {
  try {
    check_target(path_);
  } catch (const fs::filesystem_error& error) {
    throw UserError("output folder '" + path_ + "': " + error.code().message());
  }
}

void OutputDirectory::add(const std::string& name, std::string bytes) {
  const fs::path path(name);
  const fs::path normal = path.lexically_normal();
  if (name.empty() || normal == "." || path.is_absolute() || !normal.has_filename() ||
      *normal.begin() == "..") {
    throw InternalError("'" + name + "' is not the name of a file inside the output folder");
  }
  files_[normal.generic_string()] = std::move(bytes);
}

std::optional<std::string> OutputDirectory::name_inside(const std::string& path) const {
  const fs::path below = resolve(path).lexically_relative(resolve(path_));
  if (below.empty() || below == "." || *below.begin() == "..") {
    return std::nullopt;
  }
  return below.generic_string();
}

void OutputDirectory::commit() {
  try {
    check_target(path_);
    const fs::path target = resolve(path_);
    const std::string hidden =
        "." + target.filename().string() + ".partial-" + std::to_string(getpid());
    const Scratch staged(target.parent_path() / hidden);
    std::string names;
    for (const auto& [name, bytes] : files_) {
      write_file(staged.path() / name, bytes);
      names += name + "\n";
    }
    write_file(staged.path() / kManifest, names);
    swap_in(staged.path(), target);
  } catch (const fs::filesystem_error& error) {
    throw UserError("output folder '" + path_ + "': cannot be written: " + error.code().message());
  }
}

}  // namespace milliwatt::base
