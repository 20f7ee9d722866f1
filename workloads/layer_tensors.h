// SPDX-License-Identifier: Apache-2.0
// The tensors of a layer trace while it is read. Not for use outside layer_*.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "workloads/layer_scales.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

/// Stands for a tensor that could not be made; whoever reads it is not blamed.
constexpr TensorId kBroken = -2;

/// Knows tensors by name, how far their values spread, which of them hold values so far, and how
/// many bytes they take together.
class TraceTensors {
 public:
  TraceTensors(Graph& graph, std::int64_t most_bytes, base::Diagnostics& faults)
      : graph_{graph}, most_bytes_{most_bytes}, faults_{faults} {}

  const Tensor& tensor(TensorId id) const { return graph_.tensor(id); }
  Spread spread(TensorId id) const { return spreads_[static_cast<std::size_t>(id)]; }
  const std::vector<Spread>& spreads() const { return spreads_; }
  /// Whether the tensors became too large together.
  bool full() const { return full_; }

  /// Throws UserError when a tensor of this size is too much for the network as a whole.
  void take_bytes(std::int64_t bytes);
  /// Faults of a tensor's type, shape and quantization before it has data, and take_bytes().
  void reserve(const Tensor& tensor);
  TensorId add(Tensor tensor, Spread spread);

  /// Adds a message when the name is taken.
  void declare(const std::string& name, TensorId id, const base::Place& place);
  /// kBroken, with a message, when there is no tensor of this name or when it holds no value yet.
  TensorId find(const NameSpec& name);
  /// The same for a tensor that a layer is to write: an activation that nothing has written.
  TensorId find_output(const NameSpec& name);
  bool knows(const std::string& name) const { return names_.count(name) > 0; }
  void set_written(TensorId id) { written_[static_cast<std::size_t>(id)] = true; }

 private:
  TensorId named(const NameSpec& name);

  Graph& graph_;
  std::int64_t most_bytes_;
  std::int64_t bytes_ = 0;
  bool full_ = false;
  base::Diagnostics& faults_;
  std::vector<Spread> spreads_;  ///< by TensorId
  std::vector<bool> written_;    ///< by TensorId; only activations wait to be written
  std::map<std::string, TensorId> names_;
};

}  // namespace milliwatt::workloads
