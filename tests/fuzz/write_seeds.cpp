// SPDX-License-Identifier: Apache-2.0
// Writes the files from which fuzz_onnx and fuzz_tflite start: write_seeds onnx|tflite FOLDER.
#include <fstream>
#include <iostream>
#include <string>

#include "workloads/onnx_small_model.h"
#include "workloads/tflite_further_models.h"
#include "workloads/tflite_small_models.h"

namespace {

namespace onnx_models = milliwatt::workloads::onnx::testing;
namespace tflite = milliwatt::workloads::tflite;

void write(const std::string& path, const char* bytes, std::size_t size) {
  std::ofstream(path, std::ios::binary).write(bytes, static_cast<std::streamsize>(size));
}

void write_onnx(const std::string& folder) {
  const std::string small = onnx_models::small_model().bytes();
  const std::string chain = onnx_models::chain_model().bytes();
  write(folder + "/small.onnx", small.data(), small.size());
  write(folder + "/chain.onnx", chain.data(), chain.size());
}

void write_tflite(const std::string& folder) {
  auto models = tflite::small_models();
  for (auto& further : tflite::further_models()) {
    models.push_back(further);
  }
  for (const auto& [name, model] : models) {
    const auto bytes = tflite::build_model(model);
    write(folder + "/" + name + ".tflite", reinterpret_cast<const char*>(bytes.data()),
          bytes.size());
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string format = count == 3 ? words[1] : "";
  if (format == "onnx") {
    write_onnx(words[2]);
  } else if (format == "tflite") {
    write_tflite(words[2]);
  } else {
    std::cerr << "usage: write_seeds onnx|tflite FOLDER\n";
    return 2;
  }
  return 0;
}
