// SPDX-License-Identifier: Apache-2.0
// How tensors of an ONNX file, channels first, lie in memory, channels last.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads::onnx {

using Shape = std::vector<std::int32_t>;
/// Dimension of the file for each stored dimension: {0, 2, 3, 1} is NHWC.
using Order = std::vector<std::int32_t>;

/// The order of the file itself.
Order file_order(std::size_t rank);
/// NHWC for four dimensions, else that of the file: what operators and the network's edge take.
Order usual_order(std::size_t rank);
/// Place of each dimension of the file among the stored ones.
Order inverse(const Order& order);
/// Extents of the file, as stored.
Shape stored_shape(const Shape& shape, const Order& order);
/// Whether the elements lie in the same sequence in both orders.
bool same_sequence(const Shape& shape, const Order& a, const Order& b);

std::int64_t elements_of(const Shape& shape);

/// Elements of `width` bytes in the order of the file, as stored.
std::vector<std::uint8_t> permuted(const std::vector<std::uint8_t>& data, const Shape& shape,
                                   const Order& order, std::size_t width);

/// A value of the file: a stored tensor of extents `source` in the order `order`, seen in another
/// shape. Reshapes and transpositions make a new view; operators come into being only where
/// somebody needs other bytes.
struct View {
  TensorId stored = kNoTensor;
  Shape shape;
  Shape source;
  Order order;

  bool reshaped() const { return shape != source; }
};

/// A view of a tensor that is not reshaped.
View view_of(TensorId stored, const Shape& shape, const Order& order);

/// Dimension d of the result is dimension permutation[d] of the view, which is not reshaped.
View transposed(const View& view, const Order& permutation);

}  // namespace milliwatt::workloads::onnx
