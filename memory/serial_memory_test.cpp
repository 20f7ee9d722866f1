// SPDX-License-Identifier: Apache-2.0
// Serial memories of random rules against bounds and a naive device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/bus_scenario_testing.h"
#include "memory/qspi_psram.h"
#include "memory/serial_memory_testing.h"

namespace milliwatt::memory {
namespace {

using base::Cycles;

SerialRules random_rules(Dice& dice) {
  SerialRules rules;
  rules.size = 1 << 16;
  rules.unit_bytes = 1 + dice.below(2);
  rules.unit_clocks = 1 + dice.below(2);
  rules.first_read = dice.below(9);
  rules.read_opening = 4 + dice.below(12);
  rules.write_opening = 4 + dice.below(12);
  if (dice.below(2) == 0) rules.read_block = 16u << dice.below(6);
  if (dice.below(2) == 0) rules.write_block = 16u << dice.below(6);
  if (dice.below(4) != 0) rules.select_limit = 40 + dice.below(100);
  rules.deselect = dice.below(4);
  rules.keep_selected = dice.below(2) == 0;
  if (dice.below(2) == 0) rules.refresh = {20 + dice.below(200), dice.below(30), dice.below(8)};
  return rules;
}

TEST(SerialMemory, BestAndWorstBoundEveryHistory) {
  const base::Clock clock{"device", 100 * kMHz};
  int best_differs = 0;
  int worst_differs = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Dice dice{seed};
    const SerialRules rules = random_rules(dice);
    SerialMemoryCore actual{"device", rules, clock};
    SerialMemoryCore best{"device", rules, clock};
    SerialMemoryCore worst{"device", rules, clock};
    best.assume(Case::kBest);
    worst.assume(Case::kWorst);
    const auto openings = [](const SerialMemoryCore& core) {
      return core.counters().total(core.counters().actions() - 1);
    };
    base::Picoseconds t = 0;
    std::uint64_t next = 0;
    for (int i = 0; i < 200; ++i) {
      const auto bytes = 1 + dice.below(150);
      const std::uint64_t address =
          dice.below(2) == 0 && next + bytes < rules.size ? next : dice.below(65'000);
      const Burst burst{address, bytes, dice.below(3) == 0, {}};
      next = address + bytes;
      t += dice.below(3) == 0 ? dice.below(3'000'000) : dice.below(4) * 10'000;
      const base::Picoseconds end = actual.serve(t, burst, 8);
      const base::Picoseconds soonest = best.serve(t, burst, 8);
      const base::Picoseconds latest = worst.serve(t, burst, 8);
      ASSERT_LE(soonest, end) << "seed " << seed << " burst " << i;
      ASSERT_GE(latest, end) << "seed " << seed << " burst " << i;
      ASSERT_LE(openings(best), openings(actual)) << "seed " << seed << " burst " << i;
      ASSERT_GE(openings(worst), openings(actual)) << "seed " << seed << " burst " << i;
      best_differs += soonest < end ? 1 : 0;
      worst_differs += latest > end ? 1 : 0;
      t = end;
    }
  }
  EXPECT_GT(best_differs, 1000);
  EXPECT_GT(worst_differs, 1000);
}

/// The rules again, clock by clock and byte by byte: who holds chip select, what has passed, and
/// whether the device is refreshing.
class NaiveDevice {
 public:
  explicit NaiveDevice(const SerialRules& rules) : rules_{rules} {}

  Cycles serve(Cycles at, const Burst& burst) {
    run_to(at);
    std::uint64_t byte = burst.address / rules_.unit_bytes * rules_.unit_bytes;
    const std::uint64_t end = burst.address + burst.bytes;
    while (byte < end) {
      const std::uint64_t block = burst.write ? rules_.write_block : rules_.read_block;
      const bool goes_on = selected_ && byte == next_ && burst.write == writing_ &&
                           (block == 0 || byte % block != 0) && has_time();
      if (!goes_on) open(burst.write);
      tick(rules_.unit_clocks);
      byte += rules_.unit_bytes;
      next_ = byte;
      writing_ = burst.write;
    }
    if (!rules_.keep_selected) release();
    return now_;
  }

 private:
  bool has_time() const {
    return rules_.select_limit == 0 ||
           now_ - selected_at_ + rules_.unit_clocks <= rules_.select_limit;
  }
  void release() {
    if (selected_) high_since_ = now_;
    selected_ = false;
  }
  void tick(Cycles clocks) {
    for (; clocks > 0; --clocks) {
      ++now_;
      const bool due = rules_.refresh.period > 0 && now_ % rules_.refresh.period == 0;
      pending_ = pending_ || due;
    }
  }
  /// Idle clocks: chip select rises at the limit, a pending refresh begins as soon as it is high.
  void run_to(Cycles at) {
    while (true) {
      if (selected_ && rules_.select_limit > 0 && now_ - selected_at_ >= rules_.select_limit) {
        release();
      }
      begin_refresh();
      if (now_ >= at) return;
      tick(1);
    }
  }
  void begin_refresh() {
    if (selected_ || !pending_) return;
    pending_ = false;
    refreshing_until_ = now_ + rules_.refresh.window;
  }
  void open(bool write) {
    release();
    begin_refresh();
    while (now_ < high_since_ + rules_.deselect) {
      tick(1);
      begin_refresh();
    }
    selected_ = true;
    selected_at_ = now_;
    const bool collides = now_ < refreshing_until_;
    refreshing_until_ = 0;
    if (collides) tick(rules_.refresh.collision);
    if (!write && first_) {
      tick(rules_.first_read);
      first_ = false;
    }
    tick(write ? rules_.write_opening : rules_.read_opening);
  }

  const SerialRules& rules_;
  Cycles now_ = 0;
  bool selected_ = false;
  Cycles selected_at_ = 0;
  Cycles high_since_ = -100;
  std::uint64_t next_ = 0;
  bool writing_ = false;
  bool first_ = true;
  bool pending_ = false;
  Cycles refreshing_until_ = 0;
};

TEST(SerialMemory, EqualsANaiveDeviceThatVisitsEveryClock) {
  const base::Clock clock{"device", 100 * kMHz};
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Dice dice{seed};
    const SerialRules rules = random_rules(dice);
    SerialMemoryCore core{"device", rules, clock};
    NaiveDevice naive{rules};
    Cycles t = 0;
    std::uint64_t next = 0;
    for (int i = 0; i < 100; ++i) {
      const auto bytes = 1 + dice.below(150);
      const std::uint64_t address =
          dice.below(2) == 0 && next + bytes < rules.size ? next : dice.below(65'000);
      const Burst burst{address, bytes, dice.below(3) == 0, {}};
      next = address + bytes;
      t += dice.below(3) == 0 ? dice.below(300) : dice.below(4);
      const Cycles end = clock.cycle(core.serve(clock.edge(t), burst, 8));
      ASSERT_EQ(end, naive.serve(t, burst)) << "seed " << seed << " burst " << i;
      t = end;
    }
  }
}

TEST(SerialMemory, RefusesImpossibleRules) {
  const base::Clock clock{"device", 100 * kMHz};
  const auto make = [&](auto&& change) {
    SerialRules rules;
    rules.size = 1024;
    rules.unit_bytes = 2;
    change(rules);
    SerialMemoryCore core{"device", rules, clock};
  };
  EXPECT_NO_THROW(make([](SerialRules&) {}));
  EXPECT_THROW(make([](SerialRules& r) { r.size = 0; }), base::UserError);
  EXPECT_THROW(make([](SerialRules& r) { r.size = 1023; }), base::UserError);
  EXPECT_THROW(make([](SerialRules& r) { r.read_block = 3; }), base::UserError);
  EXPECT_THROW(make([](SerialRules& r) { r.write_block = 3; }), base::UserError);
  QspiPsramConfig config;
  config.page = 1000;
  EXPECT_EQ(fault_of(config, 50 * kMHz), "device: page must be a power of two, not 1000 bytes");
}

}  // namespace
}  // namespace milliwatt::memory
