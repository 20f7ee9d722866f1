// SPDX-License-Identifier: Apache-2.0
// Access to the reference data of MLPerf Tiny networks, for tests.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "base/reference_testing.h"
#include "workloads/reference.h"
#include "workloads/tflite.h"

namespace milliwatt::workloads::mlperf_tiny {

/// Folder of the data, from the environment or beside the source folder.
inline std::filesystem::path folder() {
  return base::reference_folder(MILLIWATT_SOURCE_DIR) / "mlperf-tiny";
}

inline bool available() { return std::filesystem::exists(folder() / "models.csv"); }

constexpr const char* kSkipMessage =
    "no reference data: set MILLIWATT_REFERENCE to the folder that holds mlperf-tiny/";

inline Bytes read_bytes(const std::filesystem::path& path) {
  const std::string text = base::read_file(path.string());
  return Bytes(text.begin(), text.end());
}

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(base::read_file(path.string()));
}

inline Graph read_model(const std::string& name) {
  return read_tflite(read_bytes(folder() / "models" / name / "model.tflite"), name);
}

}  // namespace milliwatt::workloads::mlperf_tiny
