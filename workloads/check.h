// SPDX-License-Identifier: Apache-2.0
// The one gate between importers and everything that computes on a graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Largest stored size of one tensor.
constexpr std::int64_t kMaximumTensorBytes = std::int64_t{1} << 30;
/// Most bytes that the tensors of a layer trace may take together.
constexpr std::int64_t kMaximumNetworkBytes = std::int64_t{1} << 32;
/// Largest kernel, stride, dilation or pad of a window.
constexpr std::int32_t kMaximumWindow = 1 << 16;
/// Longest row of a softmax whose sum is sure to fit its 32 bits.
constexpr std::int32_t kMaximumSoftmaxDepth = 4095;

/// Faults of a tensor by itself: extents, size, length of constants and of quantization vectors,
/// scales, zero points. Each message names the tensor.
std::vector<std::string> faults(const Tensor& tensor);

/// Faults of an operator whose tensors are free of faults: number, types, shapes and quantization
/// of its operands; whatever the kernels rely on. Each message names the operator.
std::vector<std::string> faults(const Graph& graph, const Operator& op);

/// Throws UserError with every fault of the graph: those above, and tensors that are read before
/// they are written, written twice, or out of range. A graph that passes can be evaluated.
void check_graph(const Graph& graph);

}  // namespace milliwatt::workloads
