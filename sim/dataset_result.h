// SPDX-License-Identifier: Apache-2.0
// What a run over a labelled data set gives.
#pragma once

#include <cstdint>
#include <vector>

namespace milliwatt::sim {

/// One inference.
struct ImageResult {
  std::int32_t label = 0;
  std::int32_t predicted = 0;   ///< by the simulated hardware
  std::int32_t reference = -1;  ///< by the reference kernels; -1: not asked
  std::int64_t cycles = 0;      ///< of the system clock
};

struct ClassResult {
  std::int64_t images = 0;
  std::int64_t correct = 0;
};

/// Every image is an inference of its own, from a fresh start.
struct DatasetResult {
  bool checked = false;      ///< every tensor of every image was compared
  std::int64_t bytes = 0;    ///< compared
  std::int32_t classes = 0;  ///< elements of the network's output
  std::vector<ImageResult> images;

  std::int64_t correct() const;
  /// Images that the reference kernels get right; meaningless when not checked.
  std::int64_t reference_correct() const;
  double top1() const;  ///< 0 to 1
  std::vector<ClassResult> by_class() const;
  std::int64_t least_cycles() const;
  std::int64_t most_cycles() const;
  double mean_cycles() const;
};

}  // namespace milliwatt::sim
