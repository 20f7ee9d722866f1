// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_layout.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace milliwatt::workloads::onnx {

namespace {

std::size_t index(std::int32_t dimension) { return static_cast<std::size_t>(dimension); }

}  // namespace

Order file_order(std::size_t rank) {
  Order order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Order usual_order(std::size_t rank) { return rank == 4 ? Order{0, 2, 3, 1} : file_order(rank); }

Order inverse(const Order& order) {
  Order places(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    places[index(order[i])] = static_cast<std::int32_t>(i);
  }
  return places;
}

Shape stored_shape(const Shape& shape, const Order& order) {
  Shape stored;
  for (const std::int32_t dimension : order) {
    stored.push_back(shape[index(dimension)]);
  }
  return stored;
}

bool same_sequence(const Shape& shape, const Order& a, const Order& b) {
  const auto that_count = [&](const Order& order) {
    Order kept;
    std::copy_if(order.begin(), order.end(), std::back_inserter(kept),
                 [&](std::int32_t d) { return shape[index(d)] > 1; });
    return kept;
  };
  return that_count(a) == that_count(b);
}

std::int64_t elements_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<std::uint8_t> permuted(const std::vector<std::uint8_t>& data, const Shape& shape,
                                   const Order& order, std::size_t width) {
  std::vector<std::size_t> steps(shape.size(), width);
  for (std::size_t d = shape.size(); d-- > 1;) {
    steps[d - 1] = steps[d] * index(shape[d]);
  }
  std::vector<std::uint8_t> stored;
  stored.reserve(data.size());
  std::vector<std::int32_t> place(order.size(), 0);
  for (std::int64_t i = elements_of(shape); i > 0; --i) {
    std::size_t from = 0;
    for (std::size_t d = 0; d < order.size(); ++d) {
      from += index(place[d]) * steps[index(order[d])];
    }
    stored.insert(stored.end(), data.begin() + static_cast<std::ptrdiff_t>(from),
                  data.begin() + static_cast<std::ptrdiff_t>(from + width));
    for (std::size_t d = order.size(); d-- > 0;) {
      if (++place[d] < shape[index(order[d])]) {
        break;
      }
      place[d] = 0;
    }
  }
  return stored;
}

View view_of(TensorId stored, const Shape& shape, const Order& order) {
  return {stored, shape, shape, order};
}

View transposed(const View& view, const Order& permutation) {
  View result{view.stored, stored_shape(view.shape, permutation), {}, {}};
  result.source = result.shape;
  const Order places = inverse(permutation);
  for (const std::int32_t dimension : view.order) {
    result.order.push_back(places[index(dimension)]);
  }
  return result;
}

}  // namespace milliwatt::workloads::onnx
