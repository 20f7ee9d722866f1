// SPDX-License-Identifier: Apache-2.0
// What the values of a run tell: tensors with their digests, accumulators, zeros.
#pragma once

#include <vector>

#include "sim/results.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::sim {

/// Inputs, activations and states that have values. Of `values` without any, as an estimate has
/// them, nothing.
std::vector<TensorResult> tensor_results(const workloads::Graph& graph,
                                         const workloads::TensorValues& values);

/// `sums` by operator; those that have none are left out.
std::vector<AccumulatorResult> accumulator_results(
    const workloads::Graph& graph, const std::vector<workloads::Accumulators>& sums);

/// Counts the zeros of every layer. `values` as above: without any, weights alone are counted.
void count_zeros(const workloads::Graph& graph, const workloads::TensorValues& values,
                 std::vector<LayerResult>& layers);

}  // namespace milliwatt::sim
