// SPDX-License-Identifier: Apache-2.0
// For tests: one operator run by the host's software kernel.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "dataflows/host_task.h"
#include "mcu/native_kernels.h"
#include "workloads/reference.h"

namespace milliwatt::mcu::testing {

using workloads::Bytes;

/// Outputs of the software kernel that the planner makes of the operator. `operands` stand in the
/// order of op.inputs; states are read from `states` and updated there.
inline std::vector<Bytes> run_on_host(const workloads::Graph& graph, const workloads::Operator& op,
                                      const std::vector<const Bytes*>& operands,
                                      workloads::States& states) {
  const auto task = dataflows::host_task(graph, op);
  // Operands are laid out one behind the other; the place's offset is the index of their bytes.
  std::vector<Bytes> values;
  const auto put = [&](Bytes bytes) {
    values.push_back(std::move(bytes));
    return mw_ref{MW_REGION_SRAM, static_cast<std::uint32_t>(values.size() - 1)};
  };
  dataflows::TaskPlaces places;
  for (const workloads::TensorId id : dataflows::data_inputs(op)) {
    const auto at = std::find(op.inputs.begin(), op.inputs.end(), id) - op.inputs.begin();
    places.inputs.push_back(put(*operands.at(static_cast<std::size_t>(at))));
  }
  for (const dataflows::PackedConstant& constant : task->constants()) {
    places.constants.push_back(put(constant.bytes));
  }
  for (const workloads::TensorId id : op.states) {
    places.states.push_back(put(states.bytes(id)));
  }
  for (const workloads::TensorId id : op.outputs) {
    const auto bytes = static_cast<std::size_t>(graph.tensor(id).bytes());
    places.outputs.push_back(put(Bytes(bytes, 0xa5)));
  }
  const auto kernel = make_kernel(task->descriptor(places, 0));
  Kernel::Pointers pointers;
  for (const mw_kernel_operand& operand : kernel->operands()) {
    Bytes& bytes = values.at(operand.place.offset);
    EXPECT_EQ(bytes.size(), operand.bytes);
    pointers.push_back(bytes.data());
  }
  kernel->run(pointers);
  for (std::size_t i = 0; i < op.states.size(); ++i) {
    states.bytes(op.states[i]) = values[places.states[i].offset];
  }
  std::vector<Bytes> outputs;
  for (const mw_ref place : places.outputs) {
    outputs.push_back(values[place.offset]);
  }
  return outputs;
}

/// The only output of an operator without states.
inline Bytes run_on_host(const workloads::Graph& graph, const workloads::Operator& op,
                         const std::vector<const Bytes*>& operands) {
  workloads::States states{graph};
  return run_on_host(graph, op, operands, states).at(0);
}

/// One invocation with every operator that the host does not refuse run by it, the others by the
/// reference kernels. Returns every input, activation and state after it; `refused` names the kinds
/// of the others.
inline workloads::TensorValues invoke_on_host(const workloads::Graph& graph,
                                              const std::vector<Bytes>& inputs,
                                              workloads::States& states,
                                              std::set<std::string>& refused) {
  workloads::TensorValues values(graph.tensors.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  }
  const auto operand = [&](workloads::TensorId id) -> const Bytes* {
    if (id == workloads::kNoTensor) {
      return nullptr;
    }
    const workloads::Tensor& tensor = graph.tensor(id);
    return tensor.role == workloads::TensorRole::kConstant ? &tensor.data
           : tensor.role == workloads::TensorRole::kState  ? &states.bytes(id)
                                                           : &values[static_cast<std::size_t>(id)];
  };
  for (const workloads::Operator& op : graph.operators) {
    std::vector<const Bytes*> operands;
    std::transform(op.inputs.begin(), op.inputs.end(), std::back_inserter(operands), operand);
    const bool runs = !dataflows::host_refuses(graph, op);
    if (!runs) {
      refused.insert(workloads::operator_name(op.kind));
    }
    auto results = runs ? run_on_host(graph, op, operands, states)
                        : workloads::evaluate(graph, op, operands, states);
    for (std::size_t i = 0; i < results.size(); ++i) {
      values[static_cast<std::size_t>(op.outputs[i])] = std::move(results[i]);
    }
  }
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (graph.tensors[id].role == workloads::TensorRole::kState) {
      values[id] = states.bytes(static_cast<workloads::TensorId>(id));
    }
  }
  return values;
}

}  // namespace milliwatt::mcu::testing
