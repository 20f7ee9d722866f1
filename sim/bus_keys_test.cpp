// SPDX-License-Identifier: Apache-2.0
// Keys that split bursts and set the widths of ports, in a whole system: what they change, and what
// they leave as it is.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/collect.h"
#include "sim/estimate.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

/// Bursts of 64 aligned bytes at most, over an 8-byte bus.
Platform platform_with(const std::string& bus, const std::string& shell) {
  return parse_platform("bus: {width: 8 B" + bus +
                            "}\n"
                            "host: {burst: 64 B, mac: 1 cycle}\n"
                            "memory: {sram: {size: 512 KiB}, external: {size: 4 MiB}}\n"
                            "accelerator: {kind: systolic, shell: {burst: 64 B" +
                            shell + "}}\n",
                        "p");
}

class BusKeys : public ::testing::Test {
 protected:
  /// The same plan and program on every bus.
  Measurement run(const std::string& bus, const std::string& shell = "") const {
    const Platform platform = platform_with(bus, shell);
    Simulated simulated = simulate(platform, system_.graph, plan_, program_, system_.inputs);
    const Estimate e = estimate(platform, plan_, program_);
    EXPECT_TRUE(e.exact);
    EXPECT_EQ(e.low.end, simulated.measurement.end);
    EXPECT_EQ(e.low.counts.components, simulated.measurement.counts.components);
    EXPECT_EQ(e.low.traffic, simulated.measurement.traffic);
    return std::move(simulated.measurement);
  }

  static std::int64_t total(const Measurement& m, const char* class_name, const char* action) {
    std::int64_t sum = 0;
    for (const base::Counters& c : m.counts.components) {
      if (c.component_class().name == class_name) {
        sum += c.total(c.component_class().index(action));
      }
    }
    return sum;
  }

  /// The first random system of which the array runs a part.
  static testing::RandomSystem system_with_an_array() {
    for (std::uint32_t seed = 1;; ++seed) {
      testing::RandomSystem system = testing::random_system(seed);
      const dataflows::Plan plan = plan_for(platform_with("", ""), system.graph);
      if (std::any_of(plan.operators.begin(), plan.operators.end(), [](const auto& planned) {
            return planned.runner == dataflows::Runner::kEngine;
          })) {
        return system;
      }
    }
  }

  testing::RandomSystem system_ = system_with_an_array();
  Platform plain_ = platform_with("", "");
  dataflows::Plan plan_ = plan_for(plain_, system_.graph);
  Program program_ = program_for(plain_, system_.graph, plan_, {});
  Measurement usual_ = run("");
};

TEST_F(BusKeys, LimitsThatEveryBurstKeepsChangeNothing) {
  // 64 aligned bytes are eight beats.
  for (const char* keys : {", burst_limit: 8", ", boundary: 128 B", ", burst_limit: 256"}) {
    const Measurement m = run(keys);
    EXPECT_EQ(m.end, usual_.end) << keys;
    EXPECT_EQ(m.counts.components, usual_.counts.components) << keys;
  }
}

TEST_F(BusKeys, OneBeatLessSplits) {
  const Measurement m = run(", burst_limit: 7");
  EXPECT_GT(m.end, usual_.end);
  EXPECT_GT(total(m, "bus", "burst"), total(usual_, "bus", "burst"));
  // Pieces end between words: not a beat more, and not a byte.
  EXPECT_EQ(total(m, "bus", "beat"), total(usual_, "bus", "beat"));
  EXPECT_EQ(m.traffic, usual_.traffic);
  // What the DMA offers is what it was.
  EXPECT_EQ(total(m, "dma", "burst"), total(usual_, "dma", "burst"));
  EXPECT_EQ(total(m, "dma", "beat"), total(usual_, "dma", "beat"));
}

TEST_F(BusKeys, ANarrowPortOfTheDmaTakesLonger) {
  const Measurement m = run("", ", port_width: 4 B");
  EXPECT_GT(m.end, usual_.end);
  EXPECT_EQ(total(m, "bus", "beat"), total(usual_, "bus", "beat"));
  EXPECT_EQ(total(m, "bus", "burst"), total(usual_, "bus", "burst"));
  EXPECT_GT(total(m, "dma", "beat"), total(usual_, "dma", "beat"));
  EXPECT_EQ(total(m, "dma", "burst"), total(usual_, "dma", "burst"));
}

TEST_F(BusKeys, AWidePortOfTheDmaTakesAsLong) {
  EXPECT_EQ(run("", ", port_width: 8 B").counts.components, usual_.counts.components);
  const Measurement m = run("", ", port_width: 16 B");
  EXPECT_EQ(m.end, usual_.end);
  EXPECT_LT(total(m, "dma", "beat"), total(usual_, "dma", "beat"));
}

TEST_F(BusKeys, BeatsArePricedAtTheWidthInWhichTheyAreCounted) {
  int seen = 0;
  for (const energy::Component& c : components_of(platform_with("", ", port_width: 4 B"))) {
    if (c.class_name == "bus") {
      EXPECT_EQ(c.attributes.at("width_bits"), 64) << c.name;
      ++seen;
    } else if (c.class_name == "dma") {
      EXPECT_EQ(c.attributes.at("width_bits"), 32);
      ++seen;
    }
  }
  EXPECT_EQ(seen, 4);  // sram, external, registers; the DMA
}

}  // namespace
}  // namespace milliwatt::sim
