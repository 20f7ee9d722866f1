// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataflows/engine.h"

namespace milliwatt::dataflows {

/// Why the host's software kernels (abi/kernel_call.h) cannot run the operator; none when they can.
std::optional<std::string> host_refuses(const workloads::Graph& graph,
                                        const workloads::Operator& op);

/// An operator as a software kernel: its "descriptor" is the record of a call. Constants are
/// weights as they are in the network and tables with the network's bias. Throws InternalError for
/// what the host refuses.
std::unique_ptr<EngineTask> host_task(const workloads::Graph& graph, const workloads::Operator& op);

/// The operands that are data to an operator, in order, constant or not: not weights, biases,
/// shapes, axes and the like, and no states.
std::vector<workloads::TensorId> data_inputs(const workloads::Operator& op);

}  // namespace milliwatt::dataflows
