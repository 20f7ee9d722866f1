// SPDX-License-Identifier: Apache-2.0
// Access to the reference data of MLPerf Tiny networks, for tests.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

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

/// The networks of the data.
constexpr const char* kNetworks[] = {
    "mlperf_ic_resnet8",         "mlperf_kws_dscnn",      "mlperf_vww_mobilenetv1_025_96",
    "mlperf_ad_autoencoder",     "mlperf_sww_dscnn1d",    "tflm_hello_world",
    "tflm_micro_speech",         "tflm_mnist_lstm",       "tflm_keyword_scrambled_svdf8",
    "tinyengine_lenet300_mnist", "tinyengine_mcunet_vww", "tinyengine_mcunet_detection",
    "xtensa_micro_speech_lstm"};

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

inline std::vector<Bytes> read_files(const std::filesystem::path& where,
                                     const nlohmann::json& names) {
  std::vector<Bytes> all;
  for (const nlohmann::json& name : names) {
    all.push_back(read_bytes(where / name.get<std::string>()));
  }
  return all;
}

/// Inputs of every invocation of a case; a stream gives its inputs one after the other.
inline std::vector<std::vector<Bytes>> inputs_of_case(const std::filesystem::path& where,
                                                      const nlohmann::json& one) {
  std::vector<Bytes> files = read_files(where, one.at("inputs"));
  if (one.value("invocations", 1) == 1) {
    return {std::move(files)};
  }
  std::vector<std::vector<Bytes>> invocations;
  for (Bytes& bytes : files) {
    invocations.push_back({std::move(bytes)});
  }
  return invocations;
}

/// Distance of two finite floats of one sign in units of the last place.
inline std::int64_t ulps_apart(float a, float b) {
  std::int32_t bits_a = 0;
  std::int32_t bits_b = 0;
  std::memcpy(&bits_a, &a, sizeof a);
  std::memcpy(&bits_b, &b, sizeof b);
  return std::abs(std::int64_t{bits_a} - bits_b);
}

/// Equal bytes, or float32 values at most 1 ulp apart.
inline bool agree(const Tensor& tensor, const Bytes& found, const Bytes& expected) {
  if (found == expected) {
    return true;
  }
  if (tensor.type != ElementType::kFloat32 || found.size() != expected.size()) {
    return false;
  }
  for (std::size_t i = 0; i < found.size(); i += sizeof(float)) {
    float a = 0.0F;
    float b = 0.0F;
    std::memcpy(&a, &found[i], sizeof a);
    std::memcpy(&b, &expected[i], sizeof b);
    if (std::signbit(a) != std::signbit(b) || ulps_apart(a, b) > 1) {
      return false;
    }
  }
  return true;
}

}  // namespace milliwatt::workloads::mlperf_tiny
