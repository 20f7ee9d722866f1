// SPDX-License-Identifier: Apache-2.0
#include "sim/host_range.h"

#include <gtest/gtest.h>

namespace milliwatt::sim {
namespace {

Measurement host_cycles(std::int64_t active, std::int64_t idle, base::Cycles jitter) {
  Measurement m;
  m.counts.components.emplace_back(
      "host", base::ComponentClass{"host_core", {{"active_cycle", ""}, {"idle_cycle", ""}}});
  m.counts.components[0].add(0, 0, active);
  m.counts.components[0].add(1, 0, idle);
  m.host_jitter = jitter;
  return m;
}

energy::PriceList prices(const energy::Bounds& active, const energy::Bounds& idle) {
  energy::PricedComponent host;
  host.name = "host";
  host.actions = {{"active_cycle", {active, base::Confidence::kAssumed, "", false}},
                  {"idle_cycle", {idle, base::Confidence::kAssumed, "", false}}};
  energy::PriceList list;
  list.components = {host};
  return list;
}

TEST(HostEnergy, SplitsTheTimeOfEachEndAtItsCheapestAndDearest) {
  // 100 cycles with 30 +- 5 active, or 140 with 34 +- 5.
  const energy::Bounds energy =
      host_energy(prices({3, 10, 70}, {1, 2, 5}), host_cycles(30, 70, 5), host_cycles(34, 106, 5));
  EXPECT_EQ(energy.low, 25 * 3 + 75 * 1);
  EXPECT_EQ(energy.nominal, 30 * 10 + 70 * 2);
  EXPECT_EQ(energy.high, 39 * 70 + 101 * 5);
}

TEST(HostEnergy, AlsoWhenIdlingIsDearer) {
  const energy::Bounds energy =
      host_energy(prices({1, 2, 3}, {4, 5, 6}), host_cycles(30, 70, 5), host_cycles(34, 106, 5));
  EXPECT_EQ(energy.low, 39 * 1 + 61 * 4);
  EXPECT_EQ(energy.high, 25 * 3 + 115 * 6);
}

TEST(HostEnergy, NeverHasMoreActiveCyclesThanTime) {
  const energy::Bounds energy =
      host_energy(prices({3, 3, 3}, {1, 1, 1}), host_cycles(2, 1, 9), host_cycles(2, 1, 9));
  EXPECT_EQ(energy.low, 3 * 1);
  EXPECT_EQ(energy.high, 3 * 3);
}

TEST(BurstJitter, IsZeroInOneClock) {
  EXPECT_EQ(burst_jitter(parse_platform("clocks: {system: 64 MHz, host: 64 MHz}\n", "p")), 0);
  // Two periods of a bus at half the speed, one of a target at a quarter, one of its own.
  EXPECT_EQ(burst_jitter(
                parse_platform("clocks: {system: 100 MHz, bus: 50 MHz, external: 25 MHz}\n", "p")),
            2 * 2 + 4 + 1);
  // 2 * 100 / 133 = 1.5 and 100 / 100: rounded up each.
  EXPECT_EQ(burst_jitter(parse_platform("clocks: {system: 100 MHz, bus: 133 MHz}\n", "p")), 4);
}

}  // namespace
}  // namespace milliwatt::sim
