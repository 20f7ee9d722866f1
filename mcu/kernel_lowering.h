// SPDX-License-Identifier: Apache-2.0
// From an operator of the graph to the arguments of the software kernel that runs it.
#pragma once

#include <string>
#include <vector>

#include "abi/kernel_args.h"
#include "workloads/graph.h"

namespace milliwatt::mcu {

/// Why no software kernel runs the operator; empty when one does. All are int8 but for softmax,
/// which may write int16.
std::string unsupported_by_host(const workloads::Graph& graph, const workloads::Operator& op);

/// Everything but the places of the operands and the layer, which are 0.
struct LoweredKernel {
  mw_kernel_args args{};
  /// Requantization table with the network's own bias; empty for kernels without weights.
  std::vector<mw_channel_parameters> parameters;
};

/// The graph has passed workloads::check_graph. Throws InternalError for an operator that the host
/// does not support.
LoweredKernel lower_kernel(const workloads::Graph& graph, const workloads::Operator& op);

}  // namespace milliwatt::mcu
