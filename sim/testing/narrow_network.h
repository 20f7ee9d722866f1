// SPDX-License-Identifier: Apache-2.0
// Networks with fewer bits, made from int8 ones.
#pragma once

#include "workloads/graph.h"

namespace milliwatt::sim::testing {

/// `graph` with weights of `weight_bits`, and activations of `activation_bits` between its inputs
/// and outputs, which keep their 8 bits, as do the operands of softmax. Stored values are shifted
/// down and scales up by as much, so that the network means about the same. All of it must be int8.
workloads::Graph narrow_network(workloads::Graph graph, int weight_bits, int activation_bits);

}  // namespace milliwatt::sim::testing
