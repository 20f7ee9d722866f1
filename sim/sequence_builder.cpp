// SPDX-License-Identifier: Apache-2.0
#include "sim/sequence_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

Interval cycles_of(const base::Clock& clock, base::Picoseconds low, base::Picoseconds high) {
  return {clock.cycle_at_or_after(low), clock.cycle_at_or_after(high)};
}

Interval since(const Interval& begin, const Interval& t) {
  return {t.low - begin.low, t.high - begin.high};
}

/// Every action above 0, over all layers.
std::vector<energy::CountRow> totals_of(const base::ActionCounts& counts) {
  std::vector<energy::CountRow> rows;
  for (const base::Counters& component : counts.components) {
    for (int action = 0; action < component.actions(); ++action) {
      const std::int64_t total = component.total(action);
      if (total > 0) {
        const auto& declared =
            component.component_class().actions.at(static_cast<std::size_t>(action));
        rows.push_back({component.instance(), declared.name, base::kNoLayer, total});
      }
    }
  }
  return rows;
}

void keep_outputs(InvocationTensors& values) {
  values.accumulators.clear();
  values.tensors.erase(std::remove_if(values.tensors.begin(), values.tensors.end(),
                                      [](const TensorResult& tensor) { return !tensor.output; }),
                       values.tensors.end());
}

void check_gaps(const SequenceResult& sequence) {
  for (std::size_t i = 1; i < sequence.invocations.size(); ++i) {
    const Interval& end = sequence.invocations[i - 1].end_cycle;
    const Interval& start = sequence.invocations[i].start_cycle;
    if (start.low != end.low || start.high != end.high) {
      throw base::SimulationError(
          fmt::format("invocation {} begins in cycle {}, but the one before it ended in {}", i,
                      start.low, end.low));
    }
  }
}

}  // namespace

void SequenceBuilder::add(const Measurement& low, const Measurement& high, InvocationTensors values,
                          bool keep) {
  const base::Clock clock = context_.platform.system_clock();
  const Interval begin = cycles_of(clock, low.begin, high.begin);
  if (sequence_.invocations.empty()) {
    begin_ = begin;
  }
  last_ = build_result(context_, level_, low, high);
  last_.tensors = values.tensors;
  last_.accumulators = values.accumulators;
  InvocationResult& invocation = sequence_.invocations.emplace_back();
  invocation.start_cycle = since(begin_, begin);
  invocation.end_cycle = since(begin_, cycles_of(clock, low.end, high.end));
  invocation.cycles = last_.cycles;
  invocation.energy = last_.energy.total;
  invocation.offchip_bytes = last_.offchip_bytes();
  invocation.counts = totals_of(low.counts);
  invocation.time = low.end - low.begin;
  invocation.values = std::move(values);
  if (!keep) {
    keep_outputs(invocation.values);
  }
}

RunResult SequenceBuilder::take(const std::string& inputs) {
  check_gaps(sequence_);
  if (sequence_.invocations.size() > 1) {
    sequence_.inputs = inputs;
    last_.sequence = std::move(sequence_);
  }
  return std::move(last_);
}

energy::Bounds price_again(const energy::PriceList& prices, const InvocationResult& invocation) {
  const std::vector<energy::LayerTime> times = {{base::kNoLayer, invocation.time}};
  return energy::price(prices, invocation.counts, energy::always_on(prices, times)).total;
}

}  // namespace milliwatt::sim
