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
HostCall leaky_relu_call(const Graph& graph, const Operator& op);
HostCall hard_swish_call(const Graph& graph, const Operator& op);
/// logistic, tanh.
HostCall sigmoid_call(const Graph& graph, const Operator& op);

/// reshape.
HostCall copy_call(const Graph& graph, const Operator& op);
/// pad, concatenate, slice, split, transpose.
std::optional<std::string> movement_refused(const Graph& graph, const Operator& op);
HostCall movement_call(const Graph& graph, const Operator& op);

std::optional<std::string> transpose_conv_refused(const Graph& graph, const Operator& op);
HostCall transpose_conv_call(const Graph& graph, const Operator& op);
/// batch_matmul.
std::optional<std::string> matmul_refused(const Graph& graph, const Operator& op);
HostCall matmul_call(const Graph& graph, const Operator& op);

/// mean, sum, reduce_max.
std::optional<std::string> reduce_refused(const Graph& graph, const Operator& op);
HostCall reduce_call(const Graph& graph, const Operator& op);
/// resize_nearest, resize_bilinear.
std::optional<std::string> resize_refused(const Graph& graph, const Operator& op);
HostCall resize_call(const Graph& graph, const Operator& op);

/// quantize, of floats or integers.
HostCall quantize_call(const Graph& graph, const Operator& op);
HostCall dequantize_call(const Graph& graph, const Operator& op);
HostCall log_softmax_call(const Graph& graph, const Operator& op);

HostCall svdf_call(const Graph& graph, const Operator& op);
std::optional<std::string> lstm_refused(const Graph& graph, const Operator& op);
HostCall lstm_call(const Graph& graph, const Operator& op);

}  // namespace milliwatt::dataflows
