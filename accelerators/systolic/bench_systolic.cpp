// SPDX-License-Identifier: Apache-2.0
// Speed of a fold: stepped cycles per second of the exact array, multiply-accumulates per second
// of the matrix product. A stream of 784 elements, arrays in full use. Input stationary folds step
// as weight stationary ones do.
#include <benchmark/benchmark.h>

#include "accelerators/systolic/exact_array.h"
#include "accelerators/systolic/fold_testing.h"
#include "accelerators/systolic/matrix_product.h"

namespace {

using namespace milliwatt::systolic;

constexpr std::int32_t kStream = 784;

/// A full array and a stream of kStream elements.
FoldData fold_of(std::int32_t side, Dataflow dataflow) {
  std::mt19937 random(1);
  FoldData data = FoldData::of_use({side, side}, {side, side, kStream}, dataflow);
  data.fill(random);
  return data;
}

void step_array(benchmark::State& state, Dataflow dataflow, InstructionSet set) {
  const FoldData data = fold_of(static_cast<std::int32_t>(state.range(0)), dataflow);
  const auto array = exact_array(dataflow, data.size(), set);
  double cycles = 0;
  for (auto _ : state) {
    array->begin(data.array());
    array->advance(INT64_MAX);
    cycles += static_cast<double>(array->counts().cycles);
  }
  state.counters["cycles/s"] = benchmark::Counter(cycles, benchmark::Counter::kIsRate);
}

void matrix_product(benchmark::State& state, InstructionSet set) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const FoldData data = fold_of(side, Dataflow::kWeightStationary);
  MatrixProduct product(set);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(kStream) * side);
  for (auto _ : state) {
    product.run(data.operands(), sums.data());
    benchmark::DoNotOptimize(sums.data());
  }
  const double macs = static_cast<double>(state.iterations()) * kStream * side * side;
  state.counters["mac/s"] = benchmark::Counter(macs, benchmark::Counter::kIsRate);
}

const bool registered = [] {
  for (const InstructionSet set : available_instruction_sets()) {
    const std::string suffix = std::string("/") + instruction_set_name(set);
    const std::pair<const char*, Dataflow> dataflows[] = {{"ws", Dataflow::kWeightStationary},
                                                          {"os", Dataflow::kOutputStationary}};
    for (const auto& [name, dataflow] : dataflows) {
      benchmark::RegisterBenchmark(("exact_array/" + std::string{name} + suffix).c_str(),
                                   step_array, dataflow, set)
          ->Arg(8)
          ->Arg(16)
          ->Arg(32);
    }
    benchmark::RegisterBenchmark(("matrix_product" + suffix).c_str(), matrix_product, set)
        ->Arg(8)
        ->Arg(16)
        ->Arg(32);
  }
  return true;
}();

}  // namespace
