// SPDX-License-Identifier: Apache-2.0
// A folder of results that appears whole or not at all.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace milliwatt::base {

/// Collects the files of `--out` in memory and writes them together: first into a hidden folder
/// beside it, then by one rename. A failed or interrupted run leaves `--out` as it was.
///
/// The folder may be absent, empty, or hold an earlier result, which the new one replaces as a
/// whole. An earlier result is recognised by its results.json and by files.txt, the list of its
/// files that commit() adds; a folder with any file that the list does not name is refused, so
/// that nothing of the user's is ever deleted.
class OutputDirectory {
 public:
  /// Throws UserError when `path` may not be written to, so that a run fails before it starts.
  explicit OutputDirectory(std::string path);

  const std::string& path() const { return path_; }

  /// Adds a file under a relative name such as "tensors/0.npy"; the same name again replaces it.
  void add(const std::string& name, std::string bytes);

  /// The name under which a file at `path` belongs to this folder: with `--out out`,
  /// "out/tensors" is "tensors". Nothing when `path` lies elsewhere.
  std::optional<std::string> name_inside(const std::string& path) const;

  /// Writes all files. Throws UserError when the disk refuses; then the folder is as before.
  void commit();

 private:
  std::string path_;
  std::map<std::string, std::string> files_;
};

}  // namespace milliwatt::base
