// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "abi/descriptor.h"
#include "workloads/graph.h"

namespace milliwatt::dataflows {

/// A convolution as engines see it (abi/descriptor.h says how a fully connected layer becomes one).
using ConvGeometry = mw_conv_geometry;

/// Length of a dot product: kernel_h * kernel_w * input_c.
inline std::int64_t dot_length(const ConvGeometry& g) {
  return std::int64_t{g.kernel_h} * g.kernel_w * g.input_c;
}

/// Largest size of a geometry along one axis, kernels with their dilation included.
constexpr std::int64_t kLargestDimension = 1 << 20;

/// What is wrong with a geometry, whatever its fields; empty when nothing is. Then sizes are at
/// least 1, ifmap and ofmap have less than 2^31 elements, the first window of each axis reaches
/// into the image, the last one starts in it, and positions of taps fit 32 bits.
std::string geometry_fault(const ConvGeometry& geometry);

/// Geometry of a convolution, pool or fully connected layer. Throws InternalError for other kinds.
ConvGeometry conv_geometry(const workloads::Graph& graph, const workloads::Operator& op);

}  // namespace milliwatt::dataflows
