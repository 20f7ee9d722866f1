// SPDX-License-Identifier: Apache-2.0
// Results of random systems: what sums to what, and that the range of an estimate's energy holds
// the truth.
#include "sim/result_builder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "sim/estimate.h"
#include "sim/host_range.h"
#include "sim/prepare.h"
#include "sim/sequence_builder.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

std::shared_ptr<const energy::Technology> technology() {
  return std::make_shared<energy::Technology>(
      energy::Technology::load(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml", {}));
}

/// The system with a DMA channel for stores alone: loads and stores meet on the bus.
testing::RandomSystem with_two_channels(std::uint32_t seed) {
  testing::RandomSystem s = testing::random_system(seed);
  std::string text = s.platform.effective_yaml();
  const std::string one = "separate_store_channel: false";
  if (const std::size_t at = text.find(one); at != std::string::npos) {
    text.replace(at, one.size(), "separate_store_channel: true");
    s.platform = parse_platform(text, "random");
  }
  return s;
}

std::int64_t active_cycles(const Measurement& m) { return m.counts.find("host")->total(0); }

/// The three bounds of the sum over layers and system of one kind of energy.
energy::Bounds sum_of(const RunResult& result, energy::Bounds LayerResult::*kind) {
  energy::Bounds sum = result.system.*kind;
  for (const LayerResult& layer : result.layers) {
    sum = energy::checked_add(sum, layer.*kind);
  }
  return sum;
}

void expect_sums(const RunResult& result) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (const LayerResult& layer : result.layers) {
    EXPECT_EQ(layer.start_cycle, low);
    low += layer.cycles.low;
    high += layer.cycles.high;
    EXPECT_EQ(layer.end_cycle, low);
    EXPECT_LE(layer.start_cycle, layer.span_start_cycle);
    EXPECT_LE(layer.span_start_cycle, layer.span_end_cycle);
    EXPECT_LE(layer.span_end_cycle, layer.end_cycle);
  }
  EXPECT_EQ(low, result.cycles.low);
  EXPECT_EQ(high, result.cycles.high);
  EXPECT_EQ(sum_of(result, &LayerResult::dynamic_energy), result.energy.dynamic_total);
  EXPECT_EQ(sum_of(result, &LayerResult::static_energy).nominal,
            result.energy.static_total.nominal);
}

energy::Bounds host_of(const energy::EnergyReport& report) {
  for (const energy::NamedEnergy& component : report.by_component) {
    if (component.name == "host") {
      return component.dynamic_energy;
    }
  }
  return {};
}

struct Tally {
  int priced = 0;
  int crossed = 0;  ///< systems whose host is active for longer or shorter than in both walks
  int intervals = 0;
};

void check_case(std::uint32_t seed, const std::shared_ptr<const energy::Technology>& prices,
                Tally& tally) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  testing::RandomSystem s = with_two_channels(seed);
  s.platform.technology = prices;
  std::optional<Prepared> p;
  try {
    p.emplace(s.platform, s.graph);
  } catch (const base::UserError& error) {
    return;  // a memory smaller than the technology knows
  }
  ++tally.priced;
  const Estimate e = estimate(p->platform, p->plan, p->program);
  const RunResult bounds = build_result(p->context(), Level::kEstimate, e.low, e.high);
  const Measurement m = simulate(p->platform, p->graph, p->plan, p->program, s.inputs).measurement;
  const RunResult truth = build_result(p->context(), Level::kValues, m, m);
  const energy::Bounds host = host_energy(p->prices, e.low, e.high);
  EXPECT_LE(host.low, host_of(truth.energy).low);
  EXPECT_GE(host.high, host_of(truth.energy).high);
  const std::int64_t active = active_cycles(m);
  tally.crossed += active < std::min(active_cycles(e.low), active_cycles(e.high)) ||
                           active > std::max(active_cycles(e.low), active_cycles(e.high))
                       ? 1
                       : 0;
  expect_sums(bounds);
  expect_sums(truth);
  EXPECT_LE(bounds.cycles.low, truth.cycles.low);
  EXPECT_GE(bounds.cycles.high, truth.cycles.low);
  EXPECT_LE(bounds.energy.total.low, truth.energy.total.low);
  EXPECT_GE(bounds.energy.total.high, truth.energy.total.high);
  EXPECT_LE(bounds.energy.total.low, bounds.energy.total.nominal);
  EXPECT_GE(bounds.energy.total.high, bounds.energy.total.nominal);
  if (e.exact) {
    EXPECT_EQ(bounds.energy.total, truth.energy.total);
    EXPECT_EQ(host, host_of(truth.energy));
  } else {
    ++tally.intervals;
  }
}

/// Three invocations, at values and as an estimate.
void check_sequence(std::uint32_t seed, const std::shared_ptr<const energy::Technology>& prices,
                    Tally& tally) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  testing::RandomSystem s = with_two_channels(seed);
  s.platform.technology = prices;
  std::optional<Prepared> p;
  try {
    p.emplace(s.platform, s.graph);
  } catch (const base::UserError& error) {
    return;  // a memory smaller than the technology knows
  }
  ++tally.priced;
  SequenceBuilder values{p->context(), Level::kValues};
  for (const Simulated& one : simulate_sequence(p->platform, p->graph, p->plan, p->program,
                                                {s.inputs, s.inputs, s.inputs})) {
    values.add(one.measurement, one.measurement, {});
  }
  SequenceBuilder ends{p->context(), Level::kEstimate};
  for (const Estimate& one : estimate_sequence(p->platform, p->plan, p->program, 3)) {
    ends.add(one.low, one.high, {});
    tally.intervals += one.exact ? 0 : 1;
  }
  const RunResult truth = values.take("");
  const RunResult bounds = ends.take("");
  ASSERT_EQ(truth.sequence->invocations.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const InvocationResult& one = truth.sequence->invocations[i];
    EXPECT_EQ(price_again(p->prices, one), one.energy);
    const InvocationResult& interval = bounds.sequence->invocations[i];
    EXPECT_LE(interval.end_cycle.low, one.end_cycle.low);
    EXPECT_GE(interval.end_cycle.high, one.end_cycle.low);
  }
  EXPECT_EQ(truth.cycles.low, truth.sequence->invocations.back().cycles.low);
  EXPECT_EQ(truth.energy.total, truth.sequence->invocations.back().energy);
}

TEST(Results, OfSequencesArePricedAgainFromTheirCounts) {
  const auto prices = technology();
  Tally tally;
  for (std::uint32_t seed = 7200; seed < 7300; ++seed) {
    check_sequence(seed, prices, tally);
  }
  EXPECT_GT(tally.priced, 50);
  EXPECT_GT(tally.intervals, 50);
}

TEST(Results, OfEstimatesHoldTheEnergyOfTheSimulation) {
  const auto prices = technology();
  Tally tally;
  for (std::uint32_t seed = 7000; seed < 7200; ++seed) {
    check_case(seed, prices, tally);
  }
  EXPECT_GT(tally.priced, 100);
  EXPECT_GT(tally.intervals, 100);
  EXPECT_GT(tally.crossed, 0) << "without the host's own range these would lie outside";
  RecordProperty("crossed", tally.crossed);
  RecordProperty("priced", tally.priced);
  RecordProperty("intervals", tally.intervals);
}

}  // namespace
}  // namespace milliwatt::sim
