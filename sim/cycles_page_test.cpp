// SPDX-License-Identifier: Apache-2.0
// The sums of docs/cycles.md, on the run that it describes.
#include <gtest/gtest.h>

#include <numeric>

#include "sim/run.h"

namespace milliwatt::sim {
namespace {

RunResult resnet8() {
  RunOptions options;
  options.platform_path = MILLIWATT_SOURCE_DIR "/configs/platforms/systolic_16x16.yaml";
  options.network_path = MILLIWATT_SOURCE_DIR "/workloads/networks/resnet8.yaml";
  return run(options);
}

std::int64_t cycles_of(const LayerResult& layer, Cause cause) {
  return layer.cycles_by_cause[static_cast<std::size_t>(cause)];
}

TEST(CyclesPage, LayersAndCausesSumToTheTotal) {
  const RunResult result = resnet8();
  std::int64_t layers = 0;
  std::int64_t causes = 0;
  for (const LayerResult& layer : result.layers) {
    layers += layer.end_cycle - layer.start_cycle;
    causes = std::accumulate(layer.cycles_by_cause.begin(), layer.cycles_by_cause.end(), causes);
  }
  EXPECT_EQ(layers, result.cycles.low);
  EXPECT_EQ(causes, result.cycles.low);
  EXPECT_EQ(result.layers.front().start_cycle, 0);
  EXPECT_EQ(result.layers.back().end_cycle, result.cycles.low);
}

TEST(CyclesPage, ComputeOfAConvolutionIsItsFolds) {
  const RunResult result = resnet8();
  // Operator 2: 3x3 over 16 channels is 144 taps, 9 folds of 16 rows; 1024 pixels in tiles of 8x32
  // are 4 tiles; 16 filters are one filter tile. A fold takes 2R + T + c - 2 cycles.
  const std::int64_t folds = 9 * 4;
  const std::int64_t fold = 2 * 16 + 8 * 32 + 16 - 2;
  EXPECT_EQ(result.layers[2].mapping.substr(0, 20), "tiles of 8x32 pixels");
  EXPECT_EQ(cycles_of(result.layers[2], Cause::kCompute), folds * fold);
}

}  // namespace
}  // namespace milliwatt::sim
