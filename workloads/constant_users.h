// SPDX-License-Identifier: Apache-2.0
// Constants of a network that is being changed: one that several operators share is copied before
// one of them gets another.
#pragma once

#include <utility>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

class ConstantUsers {
 public:
  explicit ConstantUsers(const Graph& graph) : users_(graph.tensors.size(), 0) {
    for (const Operator& op : graph.operators) {
      for (const TensorId id : op.inputs) {
        add(id);
      }
    }
    for (const TensorId id : graph.outputs) {
      add(id);
    }
  }

  /// Puts `constant` in the place of an operand of `op`: over the old one where nobody else uses
  /// that, else beside it.
  void replace(Graph& graph, Operator& op, std::size_t place, Tensor constant) {
    const auto old = static_cast<std::size_t>(op.inputs[place]);
    if (users_[old] == 1) {
      graph.tensors[old] = std::move(constant);
      return;
    }
    --users_[old];
    op.inputs[place] = static_cast<TensorId>(graph.tensors.size());
    graph.tensors.push_back(std::move(constant));
    users_.resize(graph.tensors.size(), 0);
    users_.back() = 1;
  }

 private:
  void add(TensorId id) {
    if (id != kNoTensor) {
      ++users_[static_cast<std::size_t>(id)];
    }
  }

  std::vector<int> users_;
};

}  // namespace milliwatt::workloads
