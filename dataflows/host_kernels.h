// SPDX-License-Identifier: Apache-2.0
// The software kernel of each operator kind, by family; for host_task.cpp only. `*_refused` says
// why no call can be made, beyond what holds for all kinds; the other functions make the call.
#pragma once

#include <optional>
#include <string>

#include "dataflows/host_call.h"

namespace milliwatt::dataflows {

using workloads::Graph;
using workloads::Operator;

/// conv2d, depthwise_conv2d, fully_connected.
std::optional<std::string> weighted_refused(const Graph& graph, const Operator& op);
HostCall weighted_call(const Graph& graph, const Operator& op);
/// The table of a kernel with weights (abi/kernel_weighted.h), with the network's own bias.
void add_output_table(HostCallBuilder& builder);

HostCall pool_call(const Graph& graph, const Operator& op);
HostCall softmax_call(const Graph& graph, const Operator& op);
/// add, sub.
HostCall addition_call(const Graph& graph, const Operator& op);
std::optional<std::string> broadcast_refused(const Graph& graph, const Operator& op);

HostCall product_call(const Graph& graph, const Operator& op);
/// maximum, minimum.
HostCall extremum_call(const Graph& graph, const Operator& op);
/// relu, and quantize between integers.
HostCall rescale_call(const Graph& graph, const Operator& op);
std::optional<std::string> quantize_refused(const Graph& graph, const Operator& op);
HostCall leaky_relu_call(const Graph& graph, const Operator& op);
HostCall hard_swish_call(const Graph& graph, const Operator& op);
/// logistic, tanh.
HostCall sigmoid_call(const Graph& graph, const Operator& op);

/// reshape.
HostCall copy_call(const Graph& graph, const Operator& op);
/// pad, concatenate, slice, split, transpose.
std::optional<std::string> movement_refused(const Graph& graph, const Operator& op);
HostCall movement_call(const Graph& graph, const Operator& op);

}  // namespace milliwatt::dataflows
