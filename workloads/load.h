// SPDX-License-Identifier: Apache-2.0
// Networks and inputs from files, as users name them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {

/// Reads a network: a TensorFlow Lite file (recognised by its contents or the suffix .tflite), an
/// ONNX file (.onnx), a layer trace or a derived network (.yaml, .yml), or a SCALE-Sim topology
/// (.csv). All but layer traces are named after their file, without folder and suffix; a derived
/// network may have a name of its own. Throws UserError.
Graph load_network(const std::string& path);

/// Reads the stored bytes of an input tensor for one or more invocations in a row: an .npy file
/// (recognised by its contents) of the tensor's type and shape, or raw little-endian bytes without
/// a header. A leading dimension of 1 may be missing in an .npy file. Several invocations stand in
/// one more dimension in front, or in the place of the leading 1, or as a multiple of the bytes.
/// Never empty. Throws UserError that says how to convert.
std::vector<std::vector<std::uint8_t>> load_inputs(const std::string& path, const Tensor& tensor);

}  // namespace milliwatt::workloads
