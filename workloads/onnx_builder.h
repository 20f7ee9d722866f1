// SPDX-License-Identifier: Apache-2.0
// Puts operators and tensors into the graph that an ONNX file becomes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "workloads/graph.h"
#include "workloads/onnx_layout.h"

namespace milliwatt::workloads::onnx {

/// The int8 quantization of one scale.
Quantization one_scale(float scale, std::int32_t zero_point);
bool same_quantization(const Quantization& a, const Quantization& b);

/// Owns the graph while it grows. Throws UserError, without a place, for tensors that are too
/// large.
class GraphBuilder {
 public:
  Graph& graph() { return graph_; }
  const Tensor& tensor(TensorId id) const { return graph_.tensor(id); }
  const Quantization& quantization(const View& view) const {
    return tensor(view.stored).quantization;
  }

  /// Adds an int8 tensor that is not constant, as stored.
  TensorId add_tensor(const std::string& name, const Shape& stored, const Quantization& q,
                      TensorRole role = TensorRole::kActivation);
  TensorId add_constant(const std::string& name, ElementType type, const Shape& stored,
                        std::vector<std::uint8_t> data, const Quantization& q = {});
  /// A list of int32, for operands that hold axes, sizes and pads.
  TensorId add_integers(const std::string& name, const std::vector<std::int32_t>& values);

  /// Adds an operator named `name`, or after kind and position where that is empty or taken.
  void add_operator(OperatorKind kind, const std::string& name, const Attributes& attributes,
                    const std::vector<TensorId>& inputs, const std::vector<TensorId>& outputs);

  /// The tensor that holds the view's elements in this order; moves them only if it must, and only
  /// once.
  TensorId in_order(const View& view, const Order& order);
  /// The same values in another quantization.
  View requantized(const View& view, const Quantization& q);

  /// The same bytes in another shape.
  TensorId reshape(TensorId from, const Shape& stored);

 private:
  TensorId transpose(TensorId from, const Order& permutation);
  TensorId moved(const View& view, const Order& order);

  Graph graph_;
  std::set<std::string> names_;
  std::map<std::tuple<TensorId, Shape, Order, Order>, TensorId> moved_;
  std::int64_t bytes_ = 0;
  std::int64_t constant_bytes_ = 0;
};

}  // namespace milliwatt::workloads::onnx
