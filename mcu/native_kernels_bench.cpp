// SPDX-License-Identifier: Apache-2.0
// Speed of the software kernels on layers of the MLPerf Tiny networks.
#include <benchmark/benchmark.h>

#include <vector>

#include "mcu/native_kernels.h"
#include "mcu/record_testing.h"

namespace milliwatt::mcu {
namespace {

testing::Record<mw_weighted_section> layer(mw_kernel kernel, const mw_conv_geometry& g) {
  testing::Record<mw_weighted_section> record;
  record.kernel = kernel;
  record.section.geometry = g;
  record.section.groups = record.section.depth_multiplier = 1;
  record.section.input_zero_point = -3;
  record.section.clamp_low = -128;
  record.section.clamp_high = 127;
  const bool connected = kernel == MW_KERNEL_FULLY_CONNECTED;
  const int taps = connected ? 1 : g.kernel_h * g.kernel_w;
  const int inputs = connected ? g.input_c : g.input_h * g.input_w * g.input_c;
  const int outputs = connected ? g.output_c : g.output_h * g.output_w * g.output_c;
  const int depth = kernel == MW_KERNEL_DEPTHWISE ? 1 : g.input_c;
  const auto bytes = [](int count) { return static_cast<std::uint32_t>(count); };
  record.operands = {
      testing::input({}, bytes(inputs)), testing::input({}, bytes(taps * depth * g.output_c)),
      testing::input({}, bytes(12 * g.output_c), 32), testing::output({}, bytes(outputs))};
  return record;
}

void run(benchmark::State& state, const testing::Record<mw_weighted_section>& record) {
  const auto kernel = make_kernel(record.bytes());
  std::vector<std::uint8_t> a(record.operands[0].bytes, 17);
  std::vector<std::uint8_t> b(record.operands[1].bytes, 5);
  std::vector<mw_channel_parameters> table(
      static_cast<std::size_t>(record.section.geometry.output_c), {9, 1 << 30, -9});
  std::vector<std::uint8_t> output(record.operands[3].bytes);
  for (auto _ : state) {
    kernel->run({a.data(), b.data(), reinterpret_cast<std::uint8_t*>(table.data()), output.data()});
    benchmark::DoNotOptimize(output.data());
    benchmark::ClobberMemory();
  }
  state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(kernel->work().macs),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void conv_3x3(benchmark::State& state) {  // ResNet-8, first stack
  run(state, layer(MW_KERNEL_CONV, {1, 32, 32, 16, 32, 32, 16, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void conv_1x1(benchmark::State& state) {  // DS-CNN
  run(state, layer(MW_KERNEL_CONV, {1, 25, 5, 64, 25, 5, 64, 1, 1, 1, 1, 1, 1, 0, 0}));
}
void depthwise_3x3(benchmark::State& state) {  // DS-CNN
  run(state, layer(MW_KERNEL_DEPTHWISE, {1, 25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void depthwise_first(benchmark::State& state) {  // MobileNetV1, 8 channels
  run(state, layer(MW_KERNEL_DEPTHWISE, {1, 48, 48, 8, 48, 48, 8, 3, 3, 1, 1, 1, 1, 1, 1}));
}
void fully_connected(benchmark::State& state) {  // autoencoder
  mw_conv_geometry geometry{};
  geometry.batch = 1;
  geometry.input_c = 640;
  geometry.output_c = 128;
  run(state, layer(MW_KERNEL_FULLY_CONNECTED, geometry));
}

BENCHMARK(conv_3x3);
BENCHMARK(conv_1x1);
BENCHMARK(depthwise_3x3);
BENCHMARK(depthwise_first);
BENCHMARK(fully_connected);

}  // namespace
}  // namespace milliwatt::mcu
