// SPDX-License-Identifier: Apache-2.0
// Speed of a fold: stepped cycles per second of the exact array, multiply-accumulates per second
// of the matrix product. 784 pixels, arrays in full use.
#include <benchmark/benchmark.h>

#include "accelerators/systolic/exact_array.h"
#include "accelerators/systolic/fold_testing.h"
#include "accelerators/systolic/matrix_product.h"

namespace {

using namespace milliwatt::systolic;

constexpr std::int64_t kPixels = 784;

FoldData fold_of(std::int32_t side) {
  std::mt19937 random(1);
  FoldData data{{side, side}, kPixels, side, side};
  data.fill(random);
  return data;
}

void exact_array(benchmark::State& state, InstructionSet set) {
  const FoldData data = fold_of(static_cast<std::int32_t>(state.range(0)));
  ExactArray array(data.size(), set);
  double cycles = 0;
  for (auto _ : state) {
    array.begin(data.operands());
    array.advance(INT64_MAX);
    cycles += static_cast<double>(array.counts().cycles);
  }
  state.counters["cycles/s"] = benchmark::Counter(cycles, benchmark::Counter::kIsRate);
}

void matrix_product(benchmark::State& state, InstructionSet set) {
  const auto side = static_cast<std::int32_t>(state.range(0));
  const FoldData data = fold_of(side);
  MatrixProduct product(set);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(kPixels) * side);
  for (auto _ : state) {
    product.run(data.operands(), sums.data());
    benchmark::DoNotOptimize(sums.data());
  }
  const double macs = static_cast<double>(state.iterations()) * kPixels * side * side;
  state.counters["mac/s"] = benchmark::Counter(macs, benchmark::Counter::kIsRate);
}

const bool registered = [] {
  for (const InstructionSet set : available_instruction_sets()) {
    const std::string suffix = std::string("/") + instruction_set_name(set);
    benchmark::RegisterBenchmark(("exact_array" + suffix).c_str(), exact_array, set)
        ->Arg(8)
        ->Arg(16)
        ->Arg(32);
    benchmark::RegisterBenchmark(("matrix_product" + suffix).c_str(), matrix_product, set)
        ->Arg(8)
        ->Arg(16)
        ->Arg(32);
  }
  return true;
}();

}  // namespace
