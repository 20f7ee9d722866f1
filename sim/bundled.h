// SPDX-License-Identifier: Apache-2.0
// The platforms, technologies and networks that are at hand, and the names they go by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace milliwatt::sim {

/// A folder of files of one sort: configs/platforms, configs/technologies, workloads/networks.
enum class Shelf : std::uint8_t { kPlatforms, kTechnologies, kNetworks };

struct ShelfFile {
  std::string name;  ///< the file's name without folder and suffix: "resnet8"
  std::string path;
};

/// What lies in the shelf's folder of the working directory and, unless the name is taken, in that
/// which came with milliwatt; sorted by name.
std::vector<ShelfFile> shelf_files(Shelf shelf);

/// The file that a word of the user stands for. A file, and whatever has a '/' or a suffix, stands
/// for itself. Any other word is the name of a file on the `wanted` shelves or else on the
/// `others`, which are searched so that a reader can say what the word is instead. Throws
/// UserError, with the nearest name, when there is none.
std::string find_file(const std::string& word, const std::vector<Shelf>& wanted,
                      const std::vector<Shelf>& others = {});

/// How results call an input file: one that came with milliwatt by its path within milliwatt's
/// folder, so that results depend neither on where that is nor on how the file was named; any other
/// as given.
std::string file_label(const std::string& path);

/// Whether `path` is a file's name only, without folder and suffix.
bool is_bare_name(const std::string& path);

}  // namespace milliwatt::sim
