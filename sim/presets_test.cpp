// SPDX-License-Identifier: Apache-2.0
// The bundled platforms: each runs every network, and is bound by what its file says.
#include <gtest/gtest.h>

#include "sim/run.h"
#include "sim/testing/bundled.h"

namespace milliwatt::sim {
namespace {

RunResult run_preset(const std::string& platform, const std::string& network,
                     const std::vector<std::string>& settings = {}, Level level = Level::kValues) {
  RunOptions options;
  options.level = level;
  options.platform_path = MILLIWATT_SOURCE_DIR "/configs/platforms/" + platform + ".yaml";
  options.network_path = MILLIWATT_SOURCE_DIR "/workloads/networks/" + network + ".yaml";
  options.settings = settings;
  return run(options);
}

/// Cycles of an inference that went to a cause, in percent.
double share(const RunResult& result, Cause cause) {
  const auto cycles = [&](const LayerResult& layer) {
    return layer.cycles_by_cause[static_cast<std::size_t>(cause)];
  };
  std::int64_t sum = cycles(result.system);
  for (const LayerResult& layer : result.layers) {
    sum += cycles(layer);
  }
  return 100.0 * static_cast<double>(sum) / static_cast<double>(result.cycles.low);
}

/// Cycles in which a unit was busy, in percent.
double busy(const RunResult& result, const std::string& unit) {
  for (const UnitResult& account : result.units) {
    if (account.unit == unit) {
      return 100.0 * static_cast<double>(account.busy) / static_cast<double>(account.total);
    }
  }
  ADD_FAILURE() << "no unit " << unit;
  return -1;
}

double cycles(const RunResult& result) { return static_cast<double>(result.cycles.low); }

class Preset : public ::testing::TestWithParam<std::string> {};

TEST_P(Preset, IsNamedAsItsFile) {
  EXPECT_EQ(
      load_platform(MILLIWATT_SOURCE_DIR "/configs/platforms/" + GetParam() + ".yaml", {}).name,
      GetParam());
}

/// A run compares every tensor with the reference kernels and throws at the first difference.
TEST_P(Preset, ComputesEveryBundledNetwork) {
  const std::vector<std::string> networks = testing::bundled_names("workloads/networks");
  ASSERT_GE(networks.size(), 5U);
  for (const std::string& network : networks) {
    SCOPED_TRACE(network);
    const RunResult result = run_preset(GetParam(), network);
    EXPECT_TRUE(result.check.done);
    EXPECT_GT(result.check.tensors, 0);
  }
}

/// The three levels are interpreters of one schedule: two agree, the third is right.
TEST_P(Preset, TakesAtEveryLevelTheTimeThatTheOthersSay) {
  for (const std::string& network : testing::bundled_names("workloads/networks")) {
    SCOPED_TRACE(network);
    const RunResult values = run_preset(GetParam(), network);
    const RunResult exact = run_preset(GetParam(), network, {}, Level::kExact);
    const RunResult estimate = run_preset(GetParam(), network, {}, Level::kEstimate);
    EXPECT_EQ(exact.cycles.low, values.cycles.low);
    EXPECT_EQ(exact.energy.total, values.energy.total);
    EXPECT_TRUE(estimate.cycles.exact()) << "one DMA channel, and a host that waits for it";
    EXPECT_EQ(estimate.cycles.low, values.cycles.low);
  }
}

INSTANTIATE_TEST_SUITE_P(Bundled, Preset,
                         ::testing::ValuesIn(testing::bundled_names("configs/platforms")),
                         [](const auto& preset) { return preset.param; });

TEST(ComputeBound, TheArrayIsBusyMostOfTheTime) {
  const RunResult result = run_preset("compute_bound", "resnet8");
  EXPECT_GT(busy(result, "accelerator.array"), 80);
  EXPECT_GT(share(result, Cause::kCompute), 80);
}

TEST(ComputeBound, MorePesHelpAndAWiderBusDoesNot) {
  const double before = cycles(run_preset("compute_bound", "resnet8"));
  EXPECT_LT(cycles(run_preset("compute_bound", "resnet8", {"accelerator.rows=16"})), 0.7 * before);
  EXPECT_GT(cycles(run_preset("compute_bound", "resnet8", {"bus.width=32 B"})), 0.95 * before);
}

TEST(MemoryBound, TheArrayWaitsForMemoryMostOfTheTime) {
  const RunResult result = run_preset("memory_bound", "resnet8");
  EXPECT_LT(busy(result, "accelerator.array"), 20);
  EXPECT_GT(share(result, Cause::kMemory), 75);
}

TEST(MemoryBound, AFasterMemoryHelpsAndFewerPesCostLittle) {
  const double before = cycles(run_preset("memory_bound", "resnet8"));
  EXPECT_LT(cycles(run_preset("memory_bound", "resnet8", {"memory.flash.kind=octal_psram"})),
            0.6 * before);
  EXPECT_LT(cycles(run_preset("memory_bound", "resnet8",
                              {"accelerator.rows=16", "accelerator.columns=16"})),
            1.1 * before);
}

TEST(HostBound, TheHostIsBusyMostOfTheTime) {
  const RunResult result = run_preset("host_bound", "resnet8");
  EXPECT_LT(busy(result, "accelerator.array"), 5);
  EXPECT_GT(share(result, Cause::kHost), 90);
}

TEST(HostBound, ALargerBufferHelpsAndAWiderArrayDoesNot) {
  const double before = cycles(run_preset("host_bound", "resnet8"));
  EXPECT_LT(cycles(run_preset("host_bound", "resnet8", {"accelerator.input_buffer=16 KiB"})),
            0.01 * before);
  EXPECT_GT(cycles(run_preset("host_bound", "resnet8", {"accelerator.columns=32"})), 0.98 * before);
}

std::int64_t served(const RunResult& result, const std::string& memory) {
  std::int64_t bytes = 0;
  for (const LayerResult& layer : result.layers) {
    for (const MemoryTraffic& traffic : layer.traffic) {
      bytes += traffic.memory == memory ? traffic.total_read() + traffic.total_written() : 0;
    }
  }
  return bytes;
}

/// Weights come from the MRAM: bytes of its own, none of which crosses the edge of the chip.
TEST(OnChip, MovesNothingOffChip) {
  const RunResult inside = run_preset("on_chip_16x16", "resnet8");
  EXPECT_EQ(inside.offchip_bytes(), 0);
  EXPECT_EQ(inside.compulsory_offchip_bytes(), 0);
  EXPECT_GE(served(inside, "external"), 77'706) << "parameters of ResNet-8";
  const RunResult outside = run_preset(
      "on_chip_16x16", "resnet8", {"memory.external.kind=generic", "memory.external.prices=psram"});
  EXPECT_EQ(served(outside, "external"), served(inside, "external"));
  EXPECT_GE(outside.offchip_bytes(), outside.compulsory_offchip_bytes());
  EXPECT_GE(outside.compulsory_offchip_bytes(), 77'706);
}

/// A flash on the chip beside a PSRAM that is not: each counts where it is.
TEST(OnChip, AFlashOfAKindOnTheChipLeavesTheTensorsOfAnExternalMemory) {
  const std::vector<std::string> small = {"memory.sram.size=32 KiB"};
  const RunResult outside = run_preset("systolic_16x16", "resnet8", small);
  const RunResult inside = run_preset(
      "systolic_16x16", "resnet8",
      {small[0],
       "memory.flash={kind: emram, size: 2 MiB, bytes_per_cycle: 8 B, latency: 3 cycles}"});
  EXPECT_EQ(inside.offchip_bytes(), served(inside, "external"));
  EXPECT_EQ(outside.offchip_bytes(), served(outside, "external") + served(outside, "flash") +
                                         outside.system.offchip_bytes());
  EXPECT_GT(inside.compulsory_offchip_bytes(), 0);
  EXPECT_LT(inside.compulsory_offchip_bytes(), outside.compulsory_offchip_bytes());
}

/// What fits stays in the SRAM; the rest goes to the PSRAM, and the weights come from the flash.
TEST(Default, WeightsComeFromFlashAndTensorsThatDoNotFitFromPsram) {
  const auto written = [](const RunResult& result, const std::string& memory) {
    std::int64_t bytes = 0;
    for (const LayerResult& layer : result.layers) {
      for (const MemoryTraffic& traffic : layer.traffic) {
        bytes += traffic.memory == memory ? traffic.total_written() : 0;
      }
    }
    return bytes;
  };
  const RunResult fits = run_preset("systolic_16x16", "resnet8");
  EXPECT_EQ(written(fits, "external"), 0);
  EXPECT_EQ(written(fits, "flash"), 0);
  const RunResult spills = run_preset("systolic_16x16", "resnet8", {"memory.sram.size=32 KiB"});
  EXPECT_GT(written(spills, "external"), 0);
  EXPECT_EQ(written(spills, "flash"), 0);
  EXPECT_GT(cycles(spills), cycles(fits));
}

}  // namespace
}  // namespace milliwatt::sim
