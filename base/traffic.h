// SPDX-License-Identifier: Apache-2.0
// What every bus transaction carries, so that traffic can be told apart in the reports.
#pragma once

#include <cstdint>

namespace milliwatt::base {

/// What a transferred tensor is to the network.
enum class TensorClass : std::uint8_t {
  kIfmap,
  kWeights,
  kParameters,  ///< bias and requantization tables
  kOfmap,
  kState,
  kProgram,  ///< command lists and descriptors
  kControl,  ///< registers
};
constexpr int kTensorClasses = 7;
/// "ifmap", "weights", ...
const char* tensor_class_name(TensorClass tensor_class);

/// Layer of work that belongs to no operator (set-up, command fetch).
constexpr std::int16_t kNoLayer = -1;

struct Tag {
  std::int16_t layer = kNoLayer;
  TensorClass tensor_class = TensorClass::kControl;
};

}  // namespace milliwatt::base
