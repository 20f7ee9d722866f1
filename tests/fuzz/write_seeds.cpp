// SPDX-License-Identifier: Apache-2.0
// Writes the .tflite files from which fuzz_tflite starts: write_seeds FOLDER.
#include <fstream>
#include <iostream>
#include <string>

#include "workloads/tflite_further_models.h"
#include "workloads/tflite_small_models.h"

int main(int count, char** words) {
  using namespace milliwatt::workloads;
  if (count != 2) {
    std::cerr << "usage: write_seeds FOLDER\n";
    return 2;
  }
  auto models = tflite::small_models();
  for (auto& further : tflite::further_models()) {
    models.push_back(further);
  }
  for (const auto& [name, model] : models) {
    const auto bytes = tflite::build_model(model);
    std::ofstream file(std::string(words[1]) + "/" + name + ".tflite", std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  return 0;
}
