// SPDX-License-Identifier: Apache-2.0
// Rules that the checks of operators share. Not for use outside check_*.cpp and operator_rules.cpp.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Signed integers of 2 to 8 bits: weights, and activations of 8-bit arithmetic.
bool is_narrow_type(ElementType type);
/// Narrow ones and int16.
bool is_activation_type(ElementType type);
/// int8 and int16, of which every kind of operator takes at least one.
bool is_whole_activation_type(ElementType type);
/// Whether one operator may scale from one to the other: both narrow, or both int16.
bool widths_mix(ElementType a, ElementType b);

/// Collects the faults of one operator. The tensors that it names exist and are free of faults.
class OperatorRules {
 public:
  OperatorRules(const Graph& graph, const Operator& op) : graph_{graph}, op_{op} {}

  template <typename... Arguments>
  bool require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!good) {
      found_.push_back(fmt::format("{}: {}", op_.name,
                                   fmt::format(text, std::forward<Arguments>(arguments)...)));
    }
    return good;
  }

  const Graph& graph() const { return graph_; }
  const Operator& op() const { return op_; }
  bool sound() const { return found_.empty(); }

  const Tensor& input(std::size_t i) const { return graph_.tensor(op_.inputs[i]); }
  const Tensor& output() const { return graph_.tensor(op_.outputs[0]); }
  bool has_input(std::size_t i) const {
    return i < op_.inputs.size() && op_.inputs[i] != kNoTensor;
  }

  /// From `least` to `most` inputs, of which the first `least` are there, and one output.
  bool require_operands(std::size_t least, std::size_t most);
  void check_single_scale(const Tensor& tensor);
  bool check_shape(const Tensor& tensor, const std::vector<std::int32_t>& expected);
  bool check_rank4(const Tensor& tensor);
  /// The output has the shape to which both inputs broadcast.
  bool check_broadcast();
  /// Bias length, scales per channel and the range of the resulting multipliers.
  void check_channels(std::int32_t channels, int dimension, std::size_t bias);

 protected:
  const Graph& graph_;
  const Operator& op_;
  std::vector<std::string> found_;
};

/// Kinds behind softmax, by family.
void check_further_kinds(OperatorRules& rules);
void check_movement(OperatorRules& rules);
void check_sequence(OperatorRules& rules);

}  // namespace milliwatt::workloads
