// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataflows/engine.h"

namespace milliwatt::dataflows {

/// Why the host's software kernels (abi/kernel_args.h) cannot run the operator; none when they can.
std::optional<std::string> host_refuses(const workloads::Graph& graph,
                                        const workloads::Operator& op);

/// An operator as a software kernel: its "descriptor" is an mw_kernel_args. Constants: for
/// convolutions and fully connected layers the weights as they are in the network and a table of
/// mw_channel_parameters with the network's bias. Throws InternalError for what the host refuses.
std::unique_ptr<EngineTask> host_task(const workloads::Graph& graph, const workloads::Operator& op);

/// The operands that are data to an operator, in order: not weights, bias or shapes.
std::vector<workloads::TensorId> data_inputs(const workloads::Operator& op);

}  // namespace milliwatt::dataflows
