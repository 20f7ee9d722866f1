// SPDX-License-Identifier: Apache-2.0
// An operator as a call of one software kernel, before it is known where its tensors lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "abi/kernel_call.h"
#include "dataflows/engine.h"
#include "workloads/graph.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {

/// Where the place of an operand comes from: one of the lists of TaskPlaces.
enum class OperandSource : std::uint8_t { kInput, kConstant, kOutput, kState };

struct HostOperand {
  OperandSource source = OperandSource::kInput;
  std::size_t index = 0;           ///< in the list
  mw_kernel_operand operand = {};  ///< all but the place
};

/// Operands and section in the order that the kernel expects (abi/kernel_*.h).
struct HostCall {
  mw_kernel kernel = MW_KERNEL_COPY;
  std::vector<HostOperand> operands;
  std::vector<PackedConstant> constants;
  std::vector<std::uint8_t> section;

  /// The bytes of the record.
  std::vector<std::uint8_t> record(const TaskPlaces& places, std::uint16_t layer) const;
};

/// Puts a call together, operand by operand.
class HostCallBuilder {
 public:
  HostCallBuilder(const workloads::Graph& graph, const workloads::Operator& op, mw_kernel kernel);

  const workloads::Graph& graph() const { return graph_; }
  const workloads::Operator& op() const { return op_; }
  const workloads::Tensor& input(std::size_t i) const { return graph_.tensor(op_.inputs.at(i)); }
  const workloads::Tensor& output(std::size_t i = 0) const {
    return graph_.tensor(op_.outputs.at(i));
  }

  /// All of data_inputs().
  void add_data_inputs();
  /// A constant tensor as it is in the network: weights.
  void add_weights(std::size_t input);
  /// A constant made for the kernel, of `bits` per element.
  void add_constant(base::TensorClass tensor_class, int bits, std::vector<std::uint8_t> bytes);
  /// All outputs.
  void add_outputs();
  /// A bias of `units` as it is in the network; int32 zeros where there is none.
  void add_bias(std::size_t input, std::int64_t units);
  /// The state at this place among op.inputs.
  void add_state(std::size_t input);
  /// Appends to the section.
  template <typename T>
  void add_section(const T& part) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&part);
    call_.section.insert(call_.section.end(), bytes, bytes + sizeof part);
  }
  HostCall take() { return std::move(call_); }

 private:
  void add_tensor(OperandSource source, std::size_t index, const workloads::Tensor& tensor,
                  mw_use use, mw_tensor_class tensor_class);

  const workloads::Graph& graph_;
  const workloads::Operator& op_;
  HostCall call_;
};

inline mw_multiplier multiplier_of(workloads::Multiplier m) { return {m.mantissa, m.exponent}; }

}  // namespace milliwatt::dataflows
