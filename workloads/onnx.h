// SPDX-License-Identifier: Apache-2.0
// Import of quantized ONNX files (docs/onnx.md).
#pragma once

#include <string>
#include <string_view>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Reads an .onnx file whose operators stand between DequantizeLinear and QuantizeLinear, or are
/// QLinearConv and QLinearMatMul. Images become NHWC; uint8 becomes int8. graph.notes says which
/// open extents were taken as 1. Throws UserError for a damaged file, one that lists all
/// unsupported nodes with their counts, or one message per node that does not fit. `name` starts
/// each message; the graph is named after it, without folder and suffix.
Graph read_onnx(std::string_view bytes, const std::string& name);

}  // namespace milliwatt::workloads
