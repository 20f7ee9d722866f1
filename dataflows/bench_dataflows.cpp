// SPDX-License-Identifier: Apache-2.0
// Time to plan networks for the default platform (configs/platforms/systolic_16x16.yaml).
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "dataflows/plan.h"
#include "dataflows/systolic_engine.h"
#include "workloads/load.h"
#include "workloads/mlperf_tiny.h"

namespace milliwatt::dataflows {
namespace {

SystolicShape default_array() {
  SystolicShape shape;
  shape.rows = shape.columns = 16;
  shape.input_buffer_bytes = shape.weight_buffer_bytes = 16 * 1024;
  shape.accumulator_buffer_bytes = shape.output_buffer_bytes = 16 * 1024;
  return shape;
}

void plan(benchmark::State& state, const std::filesystem::path& network) {
  if (!std::filesystem::exists(network)) {
    state.SkipWithError(workloads::mlperf_tiny::kSkipMessage);
    return;
  }
  const workloads::Graph graph = workloads::load_network(network.string());
  const SystolicEngine engine{default_array()};
  PlatformView platform;
  platform.engines = {&engine};
  platform.sram_bytes = 512 * 1024;
  platform.external_bytes = 8 * 1024 * 1024;
  platform.sram = {3, 0.125};
  platform.external = platform.program = {11, 0.5};
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_plan(graph, platform));
  }
}

std::filesystem::path tiny(const std::string& name) {
  return workloads::mlperf_tiny::folder() / "models" / name / "model.tflite";
}

void resnet8(benchmark::State& state) {
  plan(state, std::filesystem::path(MILLIWATT_SOURCE_DIR) / "workloads/networks/resnet8.yaml");
}
void image_classification(benchmark::State& state) { plan(state, tiny("mlperf_ic_resnet8")); }
void visual_wake_words(benchmark::State& state) {
  plan(state, tiny("mlperf_vww_mobilenetv1_025_96"));
}
void keyword_spotting(benchmark::State& state) { plan(state, tiny("mlperf_kws_dscnn")); }
void anomaly_detection(benchmark::State& state) { plan(state, tiny("mlperf_ad_autoencoder")); }

BENCHMARK(resnet8)->Unit(benchmark::kMillisecond);
BENCHMARK(image_classification)->Unit(benchmark::kMillisecond);
BENCHMARK(visual_wake_words)->Unit(benchmark::kMillisecond);
BENCHMARK(keyword_spotting)->Unit(benchmark::kMillisecond);
BENCHMARK(anomaly_detection)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace milliwatt::dataflows
