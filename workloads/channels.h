// SPDX-License-Identifier: Apache-2.0
// Which index of one dimension the elements of a tensor belong to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "workloads/graph.h"

namespace milliwatt::workloads {

class Channels {
 public:
  /// Along a dimension that the tensor has.
  Channels(const Tensor& tensor, std::size_t dimension)
      : count_{static_cast<std::size_t>(tensor.shape.at(dimension))} {
    for (std::size_t d = dimension + 1; d < tensor.shape.size(); ++d) {
      stretch_ *= static_cast<std::size_t>(tensor.shape[d]);
    }
  }

  /// Those that have a scale of their own; a single one where the scale is shared.
  static Channels of_scales(const Tensor& tensor) {
    return tensor.quantization.per_channel()
               ? Channels(tensor, static_cast<std::size_t>(tensor.quantization.dimension))
               : Channels();
  }

  std::size_t count() const { return count_; }
  std::size_t of(std::size_t element) const { return element / stretch_ % count_; }

 private:
  Channels() = default;

  std::size_t count_ = 1;
  std::size_t stretch_ = 1;
};

}  // namespace milliwatt::workloads
