// SPDX-License-Identifier: Apache-2.0
#include "sim/bundled.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/nearest.h"

namespace milliwatt::sim {
namespace {

namespace fs = std::filesystem;

struct ShelfPlace {
  const char* item;
  const char* folder;
  std::vector<std::string> suffixes;
};

ShelfPlace place_of(Shelf shelf) {
  switch (shelf) {
    case Shelf::kPlatforms:
      return {"platform", "configs/platforms", {".yaml"}};
    case Shelf::kTechnologies:
      return {"technology", "configs/technologies", {".yaml"}};
    case Shelf::kNetworks:
      return {"network", "workloads/networks", {".yaml", ".tflite"}};
  }
  throw base::InternalError("no such shelf");
}

/// Files of a folder that may be absent. Names that are there already stay.
void collect(const fs::path& folder, const std::vector<std::string>& suffixes,
             std::map<std::string, std::string>& files) {
  std::vector<fs::path> found;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
    const std::string suffix = entry.path().extension().string();
    if (std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end()) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) {
    files.emplace(path.stem().string(), path.string());
  }
}

/// The file of this name on one of the shelves, or an empty text.
std::string on_shelves(const std::string& name, const std::vector<Shelf>& shelves) {
  for (const Shelf shelf : shelves) {
    for (const ShelfFile& file : shelf_files(shelf)) {
      if (file.name == name) {
        return file.path;
      }
    }
  }
  return "";
}

[[noreturn]] void refuse(const std::string& word, const std::vector<Shelf>& wanted) {
  std::string items;
  std::vector<std::string> names;
  for (const Shelf shelf : wanted) {
    items += (items.empty() ? "" : " or ") + std::string(place_of(shelf).item);
    for (const ShelfFile& file : shelf_files(shelf)) {
      names.push_back(file.name);
    }
  }
  const std::string nearest = base::did_you_mean(word, names);
  throw base::UserError(
      fmt::format("'{}' is neither a file nor the name of a {}{} `milliwatt list` shows all names",
                  word, items, nearest.empty() ? ";" : nearest));
}

}  // namespace

std::vector<ShelfFile> shelf_files(Shelf shelf) {
  const ShelfPlace place = place_of(shelf);
  std::map<std::string, std::string> files;
  collect(place.folder, place.suffixes, files);
  collect(fs::path(MILLIWATT_DATA_DIR) / place.folder, place.suffixes, files);
  std::vector<ShelfFile> sorted;
  for (const auto& [name, path] : files) {
    sorted.push_back({name, path});
  }
  return sorted;
}

bool is_bare_name(const std::string& path) { return path.find_first_of("/.") == std::string::npos; }

std::string find_file(const std::string& word, const std::vector<Shelf>& wanted,
                      const std::vector<Shelf>& others) {
  const bool file = fs::exists(word) && !fs::is_directory(word);
  if (file || word.empty() || !is_bare_name(word)) {
    return word;
  }
  std::string found = on_shelves(word, wanted);
  if (found.empty()) {
    found = on_shelves(word, others);
  }
  if (found.empty()) {
    refuse(word, wanted);
  }
  return found;
}

std::string file_label(const std::string& path) {
  const fs::path data = fs::path(MILLIWATT_DATA_DIR).lexically_normal();
  const fs::path inside = fs::absolute(path).lexically_normal().lexically_relative(data);
  const auto holds = [&](Shelf shelf) { return inside.parent_path() == place_of(shelf).folder; };
  const bool bundled =
      holds(Shelf::kPlatforms) || holds(Shelf::kTechnologies) || holds(Shelf::kNetworks);
  return bundled ? inside.string() : path;
}

}  // namespace milliwatt::sim
