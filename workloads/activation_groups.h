// SPDX-License-Identifier: Apache-2.0
// Which activations of a network must have one precision, and who decides it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Places among op.inputs of the activations that the operator computes on, states left out.
std::vector<std::size_t> activation_operands(const Operator& op);

/// Whether outputs have the precision of the inputs, because elements are only moved or compared.
bool follows_inputs(const Operator& op);

/// Whether the operator takes and gives whole bytes only, or has outputs of a fixed scale.
bool keeps_whole_bytes(const Operator& op);

/// Activations, tied by the operators that follow their inputs.
struct ActivationGroup {
  /// Operators that write into it and do not follow their inputs.
  std::vector<std::size_t> deciders;
  /// Why its precision cannot be changed; empty where it can.
  std::string fixed;
  /// Whether it leaves the network or enters an operator that keeps whole bytes, so that defaults
  /// of fewer bits pass over it.
  bool at_edge = false;
};

/// The groups of a network. Every tensor belongs to one; those of weights, biases and shapes are
/// groups of their own that are fixed.
class ActivationGroups {
 public:
  explicit ActivationGroups(const Graph& graph);

  std::size_t of(TensorId id) const { return group_of_[static_cast<std::size_t>(id)]; }
  std::size_t of_output(const Operator& op) const { return of(op.outputs.front()); }
  const std::vector<ActivationGroup>& all() const { return groups_; }

  /// Who decides the precision of the operator's outputs: names of layers, or the network's inputs.
  std::string deciders(const Operator& op) const;

 private:
  std::size_t root(TensorId id);
  void tie(TensorId a, TensorId b);
  void tie_operators();
  void fix_tensors();
  void describe_operators();
  ActivationGroup& group(TensorId id) { return groups_[of(id)]; }

  const Graph& graph_;
  std::vector<std::size_t> group_of_;
  std::vector<ActivationGroup> groups_;
};

}  // namespace milliwatt::workloads
