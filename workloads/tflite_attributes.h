// SPDX-License-Identifier: Apache-2.0
// Attributes of one operator of a .tflite file, from its options and its constant operands.
#pragma once

#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/tflite_schema.h"

namespace milliwatt::workloads::tflite {

/// An operator of a file. Its inputs are in range or kNoTensor, its first input exists, and its
/// options are of the type that its code expects. Its outputs and its tensors may have faults.
struct OperatorSource {
  const Graph& graph;
  const Operator& op;
  Builtin builtin;
  Table options;
};

/// Adds one message per option or constant that milliwatt does not take, and returns attributes
/// that check_graph may refuse.
Attributes read_attributes(const OperatorSource& source, std::vector<std::string>& faults);

}  // namespace milliwatt::workloads::tflite
