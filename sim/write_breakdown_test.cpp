// SPDX-License-Identifier: Apache-2.0
#include "sim/write_breakdown.h"

#include <gtest/gtest.h>

#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

TEST(Total, IsTheSumOfLayersAndSystem) {
  const LayerResult total = total_of(sample_result());
  EXPECT_EQ(total.cycles.low, 1200);
  EXPECT_EQ(total.cycles_by_cause, (std::array<std::int64_t, kCauses>{600, 100, 250, 200, 50}));
  EXPECT_EQ(total.macs, 128000);
  EXPECT_EQ(total.utilisation(), 128000.0 / (1200 * 256));
  EXPECT_EQ(total.offchip_bytes(), 760);
  EXPECT_EQ(total.compulsory_offchip_bytes, 600);
  EXPECT_EQ(energy_of(total).nominal, 2'360'000'000);
  ASSERT_EQ(total.traffic.size(), 2U);
  EXPECT_EQ(total.traffic[0].total_read(), 2010);
}

TEST(EnergyCut, SumsToTheEnergyOfEachLayer) {
  const RunResult result = sample_result();
  for (const LayerResult* layer : rows_of(result)) {
    const EnergyCut cut = cut_energy(result.energy, layer->index);
    energy::Bounds components;
    for (const energy::Bounds& part : cut.by_component) {
      components = energy::checked_add(components, part);
    }
    energy::Bounds confidences;
    for (const energy::Bounds& part : cut.by_confidence) {
      confidences = energy::checked_add(confidences, part);
    }
    EXPECT_EQ(components, energy_of(*layer)) << layer->name;
    EXPECT_EQ(confidences, energy_of(*layer)) << layer->name;
  }
}

TEST(EnergyCut, OfTheRunHasDynamicAndStaticEnergy) {
  const EnergyCut cut = cut_energy(sample_result().energy);
  ASSERT_EQ(cut.by_component.size(), 3U);
  EXPECT_EQ(cut.by_component[2].nominal, 320'000'000);  // host: 200 + 120
}

}  // namespace
}  // namespace milliwatt::sim
