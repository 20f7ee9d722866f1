// SPDX-License-Identifier: Apache-2.0
// Speed of the software kernels on layers of the MLPerf Tiny networks.
#include <benchmark/benchmark.h>

#include <vector>

#include "mcu/native_kernels.h"

namespace milliwatt::mcu {
namespace {

mw_kernel_args base_args(mw_kernel kernel, const mw_conv_geometry& geometry) {
  mw_kernel_args args{};
  args.kernel = kernel;
  args.geometry = geometry;
  args.groups = args.depth_multiplier = 1;
  args.weight_bits = 8;
  args.input_zero_point = -3;
  args.clamp_low = -128;
  args.clamp_high = 127;
  return args;
}

void run(benchmark::State& state, const mw_kernel_args& args) {
  const Kernel kernel(args);
  std::vector<std::uint8_t> a(kernel.bytes().a, 17);
  std::vector<std::uint8_t> b(kernel.bytes().b, 5);
  const std::vector<mw_channel_parameters> table(static_cast<std::size_t>(args.geometry.output_c),
                                                 {9, 1 << 30, -9});
  std::vector<std::uint8_t> output(kernel.bytes().output);
  for (auto _ : state) {
    kernel.run(
        {a.data(), b.data(), reinterpret_cast<const std::uint8_t*>(table.data()), output.data()});
    benchmark::DoNotOptimize(output.data());
    benchmark::ClobberMemory();
  }
  state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(kernel.work().macs),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void conv_3x3(benchmark::State& state) {  // ResNet-8, first stack
  run(state, base_args(MW_KERNEL_CONV, {1, 32, 32, 16, 32, 32, 16, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void conv_1x1(benchmark::State& state) {  // DS-CNN
  run(state, base_args(MW_KERNEL_CONV, {1, 25, 5, 64, 25, 5, 64, 1, 1, 1, 1, 1, 1, 0, 0}));
}
void depthwise_3x3(benchmark::State& state) {  // DS-CNN
  run(state, base_args(MW_KERNEL_DEPTHWISE, {1, 25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void depthwise_first(benchmark::State& state) {  // MobileNetV1, 8 channels
  run(state, base_args(MW_KERNEL_DEPTHWISE, {1, 48, 48, 8, 48, 48, 8, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void fully_connected(benchmark::State& state) {  // autoencoder
  mw_conv_geometry geometry{};
  geometry.batch = 1;
  geometry.input_c = 640;
  geometry.output_c = 128;
  run(state, base_args(MW_KERNEL_FULLY_CONNECTED, geometry));
}

BENCHMARK(conv_3x3);
BENCHMARK(conv_1x1);
BENCHMARK(depthwise_3x3);
BENCHMARK(depthwise_first);
BENCHMARK(fully_connected);

}  // namespace
}  // namespace milliwatt::mcu
