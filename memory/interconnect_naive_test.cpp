// SPDX-License-Identifier: Apache-2.0
// The interconnect against a model of its rules that is as slow as it is simple.
#include <gtest/gtest.h>

#include "memory/bus_scenario_testing.h"

namespace milliwatt::memory {
namespace {

using base::Cycles;
using base::Picoseconds;

constexpr Picoseconds kPeriod = 10'000;  // of the 100 MHz bus: edge n lies at n * 10,000 ps

struct Piece {
  std::uint32_t width;
  std::uint32_t bytes;
  Cycles beats;
};

/// The longest piece at the front of a burst, byte by byte.
Piece first_piece(const Scenario& scenario, std::size_t initiator, int target, const Burst& burst) {
  const InterconnectConfig& config = scenario.config;
  std::uint32_t width = config.width_bytes;
  for (const auto port :
       {scenario.initiators[initiator].port_width, scenario.target_widths[target]}) {
    if (port && *port < width) width = *port;
  }
  Piece piece{width, 1, 1};
  for (; piece.bytes < burst.bytes; ++piece.bytes) {
    const std::uint64_t next = burst.address + piece.bytes;
    if (config.boundary && next % *config.boundary == 0) break;
    if (next % width != 0) continue;
    if (config.burst_limit && piece.beats == static_cast<Cycles>(*config.burst_limit)) break;
    ++piece.beats;
  }
  return piece;
}

/// The rules of the header again, as naively as they can be written: every cycle is visited, and
/// round robin walks a list of initiators that the winner moves to the end of.
BusOutcome run_naively(const Scenario& scenario) {
  PlainSystem cores{scenario};  // for its target cores only
  const std::size_t n = scenario.initiators.size();
  std::vector<std::size_t> by_rank(n);
  for (std::size_t i = 0; i < n; ++i) by_rank[i] = n - 1 - i;  // ranks fall with the index
  std::vector<std::vector<std::size_t>> turn(kScenarioTargets, by_rank);
  std::vector<std::vector<Cycles>> free;  // of each port of each target
  for (int target = 0; target < kScenarioTargets; ++target) {
    free.emplace_back(cores.core(target).ports(), 0);
  }
  std::vector<std::uint32_t> moved(n);  // bytes of the burst that were granted
  std::vector<Picoseconds> offer(n);
  for (std::size_t i = 0; i < n; ++i) offer[i] = scenario.initiators[i].steps[0].think;
  BusOutcome result;
  std::size_t left = n * scenario.initiators[0].steps.size();
  for (Cycles cycle = 0; left > 0; ++cycle) {
    for (int target = 0; target < kScenarioTargets; ++target) {
      for (Cycles& port : free[target]) {
        if (port > cycle) continue;
        for (const std::size_t i : turn[target]) {
          const ScriptedInitiator& script = scenario.initiators[i];
          std::vector<Picoseconds>& done = result.done[script.name];
          if (done.size() == script.steps.size()) continue;
          Burst burst = script.steps[done.size()].burst;
          if (burst.address / kTargetSize != static_cast<unsigned>(target)) continue;
          if (offer[i] > (cycle - 1) * kPeriod) continue;
          burst.address = burst.address % kTargetSize + moved[i];
          burst.bytes -= moved[i];
          const Piece piece = first_piece(scenario, i, target, burst);
          const bool last = piece.bytes == burst.bytes;
          burst.bytes = piece.bytes;
          const Picoseconds served = cores.core(target).serve(cycle * kPeriod, burst, piece.width);
          Cycles end = (served + kPeriod - 1) / kPeriod;
          if (end < cycle + piece.beats) end = cycle + piece.beats;
          port = end;
          offer[i] = (end + scenario.config.latency) * kPeriod;
          moved[i] = last ? 0 : moved[i] + piece.bytes;
          if (last) {
            done.push_back(offer[i]);
            --left;
            if (done.size() < script.steps.size()) offer[i] += script.steps[done.size()].think;
          }
          if (scenario.config.arbitration == Arbitration::kRoundRobin) {
            while (turn[target].back() != i) {
              turn[target].push_back(turn[target].front());
              turn[target].erase(turn[target].begin());
            }
          }
          break;
        }
      }
    }
  }
  return result;
}

TEST(Interconnect, EqualsANaiveModelThatVisitsEveryCycle) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    const Scenario scenario = random_scenario(seed, 40);
    ASSERT_TRUE(run_plain(scenario).done == run_naively(scenario).done) << "seed " << seed;
  }
}

TEST(Interconnect, BytesAgreeAtBothEndsInEveryScenario) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const BusOutcome outcome = run_plain(random_scenario(seed, 40));
    ASSERT_FALSE(outcome.served.empty());
    ASSERT_TRUE(outcome.served == outcome.offered) << "seed " << seed;
  }
}

}  // namespace
}  // namespace milliwatt::memory
