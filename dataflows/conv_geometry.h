// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "abi/descriptor.h"
#include "workloads/graph.h"

namespace milliwatt::dataflows {

/// A convolution as engines see it (abi/descriptor.h says how a fully connected layer becomes one).
using ConvGeometry = mw_conv_geometry;

/// Length of a dot product: kernel_h * kernel_w * input_c.
inline std::int64_t dot_length(const ConvGeometry& g) {
  return std::int64_t{g.kernel_h} * g.kernel_w * g.input_c;
}

/// Geometry of a convolution, pool or fully connected layer. Throws InternalError for other kinds.
ConvGeometry conv_geometry(const workloads::Graph& graph, const workloads::Operator& op);

}  // namespace milliwatt::dataflows
