// SPDX-License-Identifier: Apache-2.0
// Speed of the three interpreters on ResNet-8 and the default platform. Array cycles are those in
// which the array's unit is busy, inside the SystemC simulation.
#include <benchmark/benchmark.h>

#include "sim/estimate.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "workloads/load.h"

namespace milliwatt::sim {
namespace {

Prepared resnet8() {
  const std::string root = MILLIWATT_SOURCE_DIR;
  return Prepared{load_platform(root + "/configs/platforms/systolic_16x16.yaml", {}),
                  workloads::load_network(root + "/workloads/networks/resnet8.yaml")};
}

std::int64_t array_cycles(const Measurement& m) {
  for (const UnitResult& unit : m.units) {
    if (unit.unit == "accelerator.array") {
      return unit.busy;
    }
  }
  return 0;
}

void simulate_network(benchmark::State& state, shell::Detail detail) {
  const Prepared p = resnet8();
  const auto inputs = workloads::seeded_input(p.graph, 1);
  SimulationOptions options;
  options.detail = detail;
  std::int64_t cycles = 0;
  for (auto _ : state) {
    cycles +=
        array_cycles(simulate(p.platform, p.graph, p.plan, p.program, inputs, options).measurement);
  }
  state.counters["array_cycles_per_s"] =
      benchmark::Counter(static_cast<double>(cycles), benchmark::Counter::kIsRate);
}

void values(benchmark::State& state) { simulate_network(state, shell::Detail::kValues); }
void exact(benchmark::State& state) { simulate_network(state, shell::Detail::kExact); }

void estimate_given_a_plan(benchmark::State& state) {
  const Prepared p = resnet8();
  for (auto _ : state) {
    benchmark::DoNotOptimize(estimate(p.platform, p.plan, p.program));
  }
}

void plan_and_program(benchmark::State& state) {
  const Prepared p = resnet8();
  for (auto _ : state) {
    const dataflows::Plan plan = plan_for(p.platform, p.graph);
    benchmark::DoNotOptimize(program_for(p.platform, p.graph, plan));
  }
}

void load_and_price(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(resnet8());
  }
}

void reference_kernels(benchmark::State& state) {
  const Prepared p = resnet8();
  const auto inputs = workloads::seeded_input(p.graph, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(workloads::run_reference(p.graph, inputs));
  }
}

BENCHMARK(values)->Unit(benchmark::kMillisecond);
BENCHMARK(exact)->Unit(benchmark::kMillisecond);
BENCHMARK(estimate_given_a_plan)->Unit(benchmark::kMillisecond);
BENCHMARK(plan_and_program)->Unit(benchmark::kMillisecond);
BENCHMARK(load_and_price)->Unit(benchmark::kMillisecond);
BENCHMARK(reference_kernels)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace milliwatt::sim
