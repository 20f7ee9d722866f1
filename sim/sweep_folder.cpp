// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_folder.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/diagnostics.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "sim/bundled.h"
#include "sim/sweep.h"

namespace milliwatt::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Files in the order given, each with the digest of its bytes.
Json digests(const std::vector<std::string>& paths, base::Diagnostics& faults) {
  Json json = Json::array();
  for (const std::string& path : paths) {
    try {
      const std::string bytes = base::read_file(path);
      json.push_back({file_label(path), base::digest_text(bytes.data(), bytes.size())});
    } catch (const base::UserError& error) {
      faults.add(error.what());
    }
  }
  return json;
}

Json axes(const PointSpace& space) {
  Json json = Json::array();
  for (const Axis& axis : space.axes()) {
    json.push_back({axis.key, axis.values});
  }
  return json;
}

}  // namespace

void prepare_sweep_folder(const std::string& folder) {
  try {
    fs::create_directories(folder);
    if (!fs::exists(fs::path(folder) / kSweepJournal) && !fs::is_empty(folder)) {
      throw base::UserError("output folder '" + folder +
                            "': holds files, but no sweep; choose another folder or empty it");
    }
  } catch (const fs::filesystem_error& error) {
    throw base::UserError("output folder '" + folder + "': " + error.code().message());
  }
}

std::string sweep_identity(const SweepOptions& options) {
  base::Diagnostics faults;
  const Json json = {{"milliwatt", MILLIWATT_VERSION},
                     {"program", options.program},
                     {"level", level_name(options.level)},
                     {"platforms", digests(options.space.platforms(), faults)},
                     {"networks", digests(options.space.networks(), faults)},
                     {"vary", axes(options.space)},
                     {"set", options.space.settings()},
                     {"timeout", options.timeout_seconds}};
  faults.throw_if_any();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_sweep_file(const std::string& folder, const std::string& name,
                      const std::string& bytes) {
  const fs::path target = fs::path(folder) / name;
  const fs::path staged = fs::path(folder) / ("." + name + ".partial");
  std::ofstream file(staged, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code failed;
  if (file) {
    fs::rename(staged, target, failed);
  }
  if (!file || failed) {
    throw base::UserError(target.string() + ": cannot be written");
  }
}

}  // namespace milliwatt::sim
