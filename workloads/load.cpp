// SPDX-License-Identifier: Apache-2.0
#include "workloads/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/yaml.h"
#include "workloads/derived_network.h"
#include "workloads/layer_trace.h"
#include "workloads/onnx.h"
#include "workloads/scalesim.h"
#include "workloads/tflite.h"

namespace milliwatt::workloads {

namespace {

bool has_tflite_identifier(const std::string& bytes) {
  return bytes.size() >= 8 && bytes.compare(4, 4, "TFL3") == 0;
}

namespace fs = std::filesystem;

Graph load(const std::string& path, int derivations);

/// Folders in which a derived network looks for a name: its own, and the shelf of networks here and
/// with milliwatt.
std::vector<fs::path> network_folders(const fs::path& file) {
  constexpr const char* kShelf = "workloads/networks";
  return {file.parent_path(), fs::path(kShelf), fs::path(MILLIWATT_DATA_DIR) / kShelf};
}

bool is_network_file(const fs::path& file, const fs::path& other_than) {
  std::error_code absent;
  return fs::is_regular_file(file) && !fs::equivalent(file, other_than, absent);
}

/// The file that a derived network names: relative to its folder, or a name alone, of a network
/// beside it or of one on the shelf, but never itself.
fs::path named_network(const std::string& word, const fs::path& file) {
  if (word.find_first_of("/.") != std::string::npos) {
    return (file.parent_path() / word).lexically_normal();
  }
  for (const fs::path& folder : network_folders(file)) {
    for (const char* suffix : {".yaml", ".tflite"}) {
      const fs::path candidate = folder / (word + suffix);
      if (is_network_file(candidate, file)) {
        return candidate;
      }
    }
  }
  return {};
}

/// "; did you mean 'resnet8'?" of the names on the shelf.
std::string nearest_network(const std::string& word, const fs::path& file) {
  std::vector<std::string> names;
  for (const fs::path& folder : network_folders(file)) {
    std::error_code absent;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return base::did_you_mean(word, names);
}

/// What a derived network in YAML starts from.
Graph read_base(const std::string& path, const base::Place& place, const std::string& word,
                int derivations) {
  constexpr int kMostDerivations = 8;
  const fs::path file = named_network(word, path);
  base::Diagnostics faults;
  if (derivations >= kMostDerivations) {
    faults.add(place, fmt::format("more than {} networks are derived one from the other",
                                  kMostDerivations));
  } else if (!fs::is_regular_file(file)) {
    const std::string nearest = nearest_network(word, path);
    faults.add(place, fmt::format("'{}' is neither a file nor the name of a network{} `milliwatt "
                                  "list` shows all names",
                                  word, nearest.empty() ? ";" : nearest));
  }
  faults.throw_if_any();
  return load(file.string(), derivations + 1);
}

Graph read_yaml(const std::string& path, int derivations) {
  base::Diagnostics faults;
  const auto root = fs::is_regular_file(path) ? base::parse_yaml_file(path, faults) : std::nullopt;
  if (!root || !is_derived_network(*root)) {
    return read_layer_trace(path);
  }
  faults.throw_if_any();
  const base::YamlNode* network = root->find("network");
  const base::Place place = network == nullptr ? root->place : network->place;
  return derive_network(*root, fs::path(path).stem().string(), [&](const std::string& word) {
    return read_base(path, place, word, derivations);
  });
}

Graph load(const std::string& path, int derivations) {
  const fs::path file(path);
  const std::string suffix = file.extension().string();
  if (suffix == ".yaml" || suffix == ".yml") {
    return read_yaml(path, derivations);
  }
  if (suffix == ".csv") {
    return read_topology(path);
  }
  if (suffix == ".onnx") {
    return read_onnx(base::read_file(path), path);
  }
  const std::string bytes = base::read_file(path);
  if (suffix != ".tflite" && !has_tflite_identifier(bytes)) {
    throw base::UserError(path +
                          ": not a network; expected a TensorFlow Lite file (.tflite), an ONNX "
                          "file (.onnx), a layer trace or a derived network (.yaml), or a "
                          "SCALE-Sim topology (.csv)");
  }
  Graph graph = read_tflite(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), path);
  graph.name = file.stem().string();
  return graph;
}

}  // namespace

Graph load_network(const std::string& path) { return load(path, 0); }

}  // namespace milliwatt::workloads
