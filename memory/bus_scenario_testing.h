// SPDX-License-Identifier: Apache-2.0
// Random bus traffic for tests, and what came of it when the plain classes run it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "memory/external_memory.h"
#include "memory/interconnect.h"
#include "memory/register_core.h"
#include "memory/serial_memory.h"
#include "memory/sram.h"

namespace milliwatt::memory {

/// Random numbers that are the same everywhere (std distributions are not).
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_{seed} {}
  unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(static_cast<unsigned>(i))]);
    }
  }

 private:
  std::mt19937 engine_;
};

/// One burst, offered `think` picoseconds after the response to the one before.
struct ScriptStep {
  base::Picoseconds think = 0;
  Burst burst;
};

struct ScriptedInitiator {
  std::string name;
  int rank = 0;
  std::vector<ScriptStep> steps;
  std::optional<std::uint32_t> port_width = {};
};

constexpr int kScenarioTargets = 5;
constexpr std::uint64_t kTargetSize = 4096;
inline std::string scenario_target_name(int target) {
  constexpr const char* kNames[kScenarioTargets] = {"sram", "slow", "device", "banked", "serial"};
  return kNames[target];
}

struct Scenario {
  InterconnectConfig config;
  std::vector<ScriptedInitiator> initiators;
  std::optional<std::uint32_t> target_widths[kScenarioTargets] = {};
};

/// Ports of other widths than the bus, and bursts that it splits.
inline void add_splitting(unsigned seed, Scenario& scenario) {
  Dice dice{seed + 1'000'003};
  const auto width = [&]() -> std::optional<std::uint32_t> {
    if (dice.below(2) == 0) return std::nullopt;
    return 1u << dice.below(6);
  };
  for (ScriptedInitiator& initiator : scenario.initiators) initiator.port_width = width();
  for (std::optional<std::uint32_t>& target : scenario.target_widths) target = width();
  if (dice.below(3) > 0) scenario.config.burst_limit = 1 + dice.below(12);
  if (dice.below(2) == 0) scenario.config.boundary = 16u << dice.below(3);
}

/// 1 to 4 initiators that crowd the targets. Each keeps to its own KiB of every target, so that
/// the data it reads depend on its own script only. Every other bus is one that splits.
inline Scenario random_scenario(unsigned seed, int steps) {
  Dice dice{seed};
  Scenario scenario;
  scenario.config.width_bytes = 4u << dice.below(3);
  scenario.config.latency = dice.below(4);
  scenario.config.arbitration =
      dice.below(2) == 0 ? Arbitration::kRoundRobin : Arbitration::kPriority;
  const int initiators = 1 + static_cast<int>(dice.below(4));
  for (int i = 0; i < initiators; ++i) {
    ScriptedInitiator initiator{"initiator" + std::to_string(i), 10 - 3 * i, {}};
    for (int step = 0; step < steps; ++step) {
      ScriptStep next;
      const unsigned pause = dice.below(4);  // often none, sometimes aligned, sometimes not
      next.think = pause < 2 ? 0 : pause == 2 ? dice.below(8) * 10'000 : dice.below(100'000);
      next.burst.bytes = 1 + dice.below(64);
      next.burst.address = dice.below(kScenarioTargets) * kTargetSize + i * 1024 +
                           dice.below(1024 - next.burst.bytes);
      next.burst.write = dice.below(2) == 0;
      next.burst.tag.layer = static_cast<std::int16_t>(static_cast<int>(dice.below(4)) - 1);
      next.burst.tag.tensor_class = static_cast<base::TensorClass>(dice.below(5));
      initiator.steps.push_back(next);
    }
    scenario.initiators.push_back(initiator);
  }
  if (seed % 4 > 1) add_splitting(seed, scenario);
  return scenario;
}

/// Everything that a run counts, by name.
struct BusOutcome {
  std::map<std::string, std::vector<base::Picoseconds>> done;
  std::map<std::string, std::vector<std::int64_t>> counts;
  std::map<std::tuple<std::string, std::string, bool, int, int>, std::uint64_t> offered, served;

  bool operator==(const BusOutcome& other) const {
    return done == other.done && counts == other.counts && offered == other.offered &&
           served == other.served;
  }
};

/// The plain side of a scenario: cores and interconnect, declared in a given order.
class PlainSystem {
 public:
  explicit PlainSystem(const Scenario& scenario)
      : PlainSystem(scenario, identity(static_cast<int>(scenario.initiators.size())),
                    identity(kScenarioTargets)) {}
  PlainSystem(const Scenario& scenario, const std::vector<int>& initiator_order,
              const std::vector<int>& target_order)
      : bus{scenario.config, clock} {
    initiator_ids.resize(initiator_order.size());
    for (const int i : initiator_order) {
      const ScriptedInitiator& initiator = scenario.initiators[i];
      initiator_ids[i] = bus.add_initiator(initiator.name, initiator.rank, initiator.port_width);
    }
    target_ids.resize(kScenarioTargets);
    for (const int i : target_order) {
      target_ids[i] = bus.add_target(scenario_target_name(i), i * kTargetSize, core(i),
                                     scenario.target_widths[i]);
    }
  }

  static std::vector<int> identity(int n) {
    std::vector<int> order(n);
    for (int i = 0; i < n; ++i) order[i] = i;
    return order;
  }

  TargetCore& core(int target) {
    if (target == 0) return sram;
    if (target == 1) return slow;
    if (target == 2) return device;
    if (target == 3) return banked;
    return serial;
  }

  /// Counts of the run; `done` is left to the caller.
  BusOutcome outcome() const {
    BusOutcome result;
    for (int i = 0; i < kScenarioTargets; ++i) {
      const TargetId id = target_ids[i];
      take(bus.counters(id), result);
      result.counts["cycles of " + scenario_target_name(i)] = {bus.wait_cycles(id),
                                                               bus.busy_cycles(id)};
    }
    take(sram.counters(), result);
    take(slow.counters(), result);
    take(device.counters(), result);
    take(banked.counters(), result);
    take(serial.counters(), result);
    take(bus.offered_bytes(), result.offered);
    take(bus.served_bytes(), result.served);
    return result;
  }

  base::Clock clock{"bus", 100'000'000};
  SramCore sram{"sram", {kTargetSize, 8, 1}, clock};
  SramCore slow{"slow", {kTargetSize, 4, 2}, {"slow", 66'666'667}};
  ExternalMemoryCore device{"device", {kTargetSize, 2, 5, 32}, {"device", 133'000'000}};
  SramCore banked{"banked", {kTargetSize, 4, 1, 4, 2}, clock};
  SerialMemoryCore serial{"serial", serial_rules(), {"serial", 166'000'000}};
  Interconnect bus;
  std::vector<InitiatorId> initiator_ids;
  std::vector<TargetId> target_ids;

 private:
  /// Everything that depends on history, often.
  static SerialRules serial_rules() {
    SerialRules rules;
    rules.size = kTargetSize;
    rules.unit_bytes = 2;
    rules.read_opening = rules.write_opening = 9;
    rules.read_block = rules.write_block = 256;
    rules.select_limit = 30;
    rules.deselect = 2;
    rules.keep_selected = true;
    rules.refresh = {100, 20, 6};
    return rules;
  }

  static void take(const base::Counters& counters, BusOutcome& result) {
    std::vector<std::int64_t>& values = result.counts[counters.instance()];
    for (int layer = -1; layer < 3; ++layer) {
      for (int action = 0; action < counters.actions(); ++action) {
        values.push_back(counters.value(action, layer));
      }
    }
  }
  template <typename Map>
  void take(const TrafficLedger& ledger, Map& map) const {
    for (const TrafficLedger::Entry& entry : ledger.entries()) {
      map[{bus.initiator_name(entry.initiator), bus.target_name(entry.target), entry.write,
           static_cast<int>(entry.tensor_class), entry.layer}] = entry.bytes;
    }
  }
};

/// The scenario by hand on the plain interconnect.
inline BusOutcome run_plain(const Scenario& scenario) {
  PlainSystem system{scenario};
  BusOutcome result;
  const auto offer_next = [&](int i, base::Picoseconds from) {
    const ScriptedInitiator& initiator = scenario.initiators[i];
    const std::size_t step = result.done[initiator.name].size();
    if (step == initiator.steps.size()) return;
    system.bus.offer(system.initiator_ids[i], from + initiator.steps[step].think,
                     initiator.steps[step].burst);
  };
  for (std::size_t i = 0; i < scenario.initiators.size(); ++i) offer_next(static_cast<int>(i), 0);
  std::vector<Interconnect::Grant> grants;
  while (const auto next = system.bus.next_decision()) {
    grants.clear();
    system.bus.decide(*next, grants);
    for (const Interconnect::Grant& grant : grants) {
      if (!grant.last) continue;
      result.done[scenario.initiators[grant.initiator].name].push_back(grant.done);
      offer_next(grant.initiator, grant.done);
    }
  }
  BusOutcome counts = system.outcome();
  counts.done = std::move(result.done);
  return counts;
}

}  // namespace milliwatt::memory
