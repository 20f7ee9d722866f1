// SPDX-License-Identifier: Apache-2.0
// Speed of the reference kernels, in multiply-accumulates per second on one core.
#include <benchmark/benchmark.h>

#include "workloads/geometry.h"
#include "workloads/graph_testing.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {
namespace {

using testing::constant;
using testing::int8_tensor;

/// A convolution with seeded weights and an output scale that keeps most outputs in range.
Graph convolution(std::int32_t size, std::int32_t depth, std::int32_t filters,
                  std::int32_t kernel) {
  Conv2d conv;
  conv.window.kernel_h = conv.window.kernel_w = kernel;
  pad_same(conv.window, size, size);
  Xorshift32 random(1);
  Tensor weights = int8_tensor({filters, kernel, kernel, depth}, 0.01F);
  weights = constant(weights, seeded_elements(weights, random));
  return testing::single(OperatorKind::kConv2d, conv,
                         {int8_tensor({1, size, size, depth}, 0.05F, -3), weights,
                          int8_tensor({1, size, size, filters}, 1.0F)});
}

void run(benchmark::State& state, const Graph& graph) {
  const auto inputs = seeded_input(graph, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_reference(graph, inputs));
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["MAC/s"] = benchmark::Counter(
      rounds * static_cast<double>(macs(graph, graph.operators[0])), benchmark::Counter::kIsRate);
}

void conv_3x3_first_layer(benchmark::State& state) { run(state, convolution(32, 3, 16, 3)); }
void conv_3x3_16_to_16(benchmark::State& state) { run(state, convolution(32, 16, 16, 3)); }
void conv_3x3_64_to_64(benchmark::State& state) { run(state, convolution(16, 64, 64, 3)); }
void conv_1x1_64_to_64(benchmark::State& state) { run(state, convolution(24, 64, 64, 1)); }
void conv_1x1_256_to_256(benchmark::State& state) { run(state, convolution(8, 256, 256, 1)); }

BENCHMARK(conv_3x3_first_layer);
BENCHMARK(conv_3x3_16_to_16);
BENCHMARK(conv_3x3_64_to_64);
BENCHMARK(conv_1x1_64_to_64);
BENCHMARK(conv_1x1_256_to_256);

}  // namespace
}  // namespace milliwatt::workloads
