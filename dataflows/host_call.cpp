// SPDX-License-Identifier: Apache-2.0
#include "dataflows/host_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "dataflows/host_task.h"
#include "workloads/packing.h"

namespace milliwatt::dataflows {
namespace {

mw_ref place_of(const HostOperand& operand, const TaskPlaces& places) {
  switch (operand.source) {
    case OperandSource::kInput:
      return places.inputs.at(operand.index);
    case OperandSource::kConstant:
      return places.constants.at(operand.index);
    case OperandSource::kOutput:
      return places.outputs.at(operand.index);
    case OperandSource::kState:
      break;
  }
  return places.states.at(operand.index);
}

/// Data that lies in the program is constant: it counts as weights.
mw_kernel_operand placed(const HostOperand& host, const TaskPlaces& places) {
  mw_kernel_operand operand = host.operand;
  operand.place = place_of(host, places);
  if (operand.tensor_class == MW_TENSOR_IFMAP && operand.place.region == MW_REGION_PROGRAM) {
    operand.tensor_class = MW_TENSOR_WEIGHTS;
  }
  return operand;
}

}  // namespace

std::vector<std::uint8_t> HostCall::record(const TaskPlaces& places, std::uint16_t layer) const {
  mw_kernel_head head{};
  head.kernel = static_cast<std::uint16_t>(kernel);
  head.layer = layer;
  head.operands = static_cast<std::uint32_t>(operands.size());
  head.bytes = static_cast<std::uint32_t>(
      sizeof head + operands.size() * sizeof(mw_kernel_operand) + section.size());
  std::vector<std::uint8_t> bytes;
  bytes.reserve(head.bytes);
  const auto append = [&](const void* part, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(part);
    bytes.insert(bytes.end(), from, from + size);
  };
  append(&head, sizeof head);
  for (const HostOperand& host : operands) {
    const mw_kernel_operand operand = placed(host, places);
    append(&operand, sizeof operand);
  }
  append(section.data(), section.size());
  return bytes;
}

HostCallBuilder::HostCallBuilder(const workloads::Graph& graph, const workloads::Operator& op,
                                 mw_kernel kernel)
    : graph_{graph}, op_{op} {
  call_.kernel = kernel;
}

void HostCallBuilder::add_tensor(OperandSource source, std::size_t index,
                                 const workloads::Tensor& tensor, mw_use use,
                                 mw_tensor_class tensor_class) {
  HostOperand host{source, index, {}};
  host.operand.bytes = static_cast<std::uint32_t>(tensor.bytes());
  host.operand.use = static_cast<std::uint8_t>(use);
  host.operand.bits = static_cast<std::uint8_t>(workloads::element_bits(tensor.type));
  host.operand.is_float = tensor.type == workloads::ElementType::kFloat32 ? 1 : 0;
  host.operand.tensor_class = static_cast<std::uint8_t>(tensor_class);
  call_.operands.push_back(host);
}

void HostCallBuilder::add_data_inputs() {
  const std::vector<workloads::TensorId> ids = data_inputs(op_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    add_tensor(OperandSource::kInput, i, graph_.tensor(ids[i]), MW_USE_READ, MW_TENSOR_IFMAP);
  }
}

void HostCallBuilder::add_weights(std::size_t input) {
  const workloads::Tensor& tensor = this->input(input);
  add_tensor(OperandSource::kConstant, call_.constants.size(), tensor, MW_USE_READ,
             MW_TENSOR_WEIGHTS);
  call_.constants.push_back({base::TensorClass::kWeights, tensor.data});
}

void HostCallBuilder::add_constant(base::TensorClass tensor_class, int bits,
                                   std::vector<std::uint8_t> bytes) {
  HostOperand host{OperandSource::kConstant, call_.constants.size(), {}};
  host.operand.bytes = static_cast<std::uint32_t>(bytes.size());
  host.operand.use = MW_USE_READ;
  host.operand.bits = static_cast<std::uint8_t>(bits);
  host.operand.tensor_class = static_cast<std::uint8_t>(tensor_class);
  call_.operands.push_back(host);
  call_.constants.push_back({tensor_class, std::move(bytes)});
}

void HostCallBuilder::add_outputs() {
  for (std::size_t i = 0; i < op_.outputs.size(); ++i) {
    add_tensor(OperandSource::kOutput, i, output(i), MW_USE_WRITE, MW_TENSOR_OFMAP);
  }
}

void HostCallBuilder::add_bias(std::size_t input, std::int64_t units) {
  const bool has = input < op_.inputs.size() && op_.inputs[input] != workloads::kNoTensor;
  const int bits = has ? workloads::element_bits(this->input(input).type) : 32;
  const auto zeros = static_cast<std::size_t>(workloads::packed_bytes(units, bits));
  add_constant(base::TensorClass::kParameters, bits,
               has ? this->input(input).data : std::vector<std::uint8_t>(zeros));
}

void HostCallBuilder::add_state(std::size_t input) {
  const auto at = std::find(op_.states.begin(), op_.states.end(), op_.inputs.at(input));
  if (at == op_.states.end()) {
    throw base::InternalError(fmt::format("{}: operand {} is no state", op_.name, input));
  }
  add_tensor(OperandSource::kState, static_cast<std::size_t>(at - op_.states.begin()),
             this->input(input), MW_USE_STATE, MW_TENSOR_STATE);
}

}  // namespace milliwatt::dataflows
