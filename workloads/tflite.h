// SPDX-License-Identifier: Apache-2.0
// Import of quantized TensorFlow Lite files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Reads a .tflite file: one subgraph of the operators in OperatorKind, int8 or int16 activations.
/// Tensors keep their index and name; operators are named after kind and position ("conv2d_4").
/// Every structure of the file is verified before it is used. Throws UserError for a damaged file,
/// one UserError that lists all unsupported operators with their counts, or one with every fault
/// of the graph. `name` names the network and starts each message.
Graph read_tflite(const std::vector<std::uint8_t>& bytes, std::string name);

}  // namespace milliwatt::workloads
