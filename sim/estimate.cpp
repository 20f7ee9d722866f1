// SPDX-License-Identifier: Apache-2.0
#include "sim/estimate.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "mcu/native_host.h"
#include "sim/collect.h"
#include "sim/engine_estimate.h"
#include "sim/host_range.h"

namespace milliwatt::sim {
namespace {

using mcu::HostAction;
using mcu::NativeHost;

/// One end of the interval.
class Walk {
 public:
  /// `memories`: which times of the memories belong to this end. In set-up, where the host is
  /// alone, they are the actual ones, so that both ends begin when the truth does.
  Walk(const Platform& platform, const dataflows::Plan& plan, const Program& program, End end,
       memory::Case memories)
      : plan_{plan},
        program_{program},
        end_{end},
        memories_{memories},
        system_{platform, program},
        host_{platform.host, program_place(program), NativeHost::Values::kSkipped},
        jitter_{burst_jitter(platform)} {
    if (platform.machine) {
      engine_.emplace(platform, system_, program, end);
    }
  }

  std::vector<Measurement> run(std::size_t invocations) {
    section(NativeHost::Section::kSetup);
    system_.assume(memories_);
    const base::Picoseconds setup_time = now();
    std::vector<Measurement> all;
    for (std::size_t i = 0; i < invocations; ++i) {
      measurement_ = {};
      measurement_.setup_time = setup_time;
      measurement_.begin = now();
      const Snapshot before = snapshot();
      section(NativeHost::Section::kInvoke);
      measurement_.end = now();
      finish(before);
      all.push_back(std::move(measurement_));
    }
    return all;
  }

  bool has_history() const { return system_.has_history(); }
  bool exact() const { return exact_ && (!engine_ || engine_->exact()); }

 private:
  base::Picoseconds now() const { return system_.host_clock.edge(cycle_); }

  void section(NativeHost::Section section) {
    host_.begin(section, cycle_);
    for (HostAction action = host_.next(cycle_); action.kind != HostAction::Kind::kDone;
         action = host_.next(cycle_)) {
      perform(action);
    }
  }

  void perform(const HostAction& action) {
    switch (action.kind) {
      case HostAction::Kind::kRead:
      case HostAction::Kind::kWrite:
        move(action);
        break;
      case HostAction::Kind::kWork:
        cycle_ += action.cycles;
        break;
      case HostAction::Kind::kWaitInterrupt:
        cycle_ = std::max(cycle_, system_.host_clock.cycle_at_or_after(engine_->done()));
        break;
      case HostAction::Kind::kMark:
        measurement_.marks.push_back({action.layer, now()});
        break;
      case HostAction::Kind::kDone:
        break;
    }
  }

  void move(const HostAction& action) {
    yield_to_engine();
    if (jitter_ > 0) {
      measurement_.host_jitter += jitter_ * system_.bus.pieces(system_.host_port, action.burst);
    }
    const base::Picoseconds done = system_.bus.uncontended(system_.host_port, now(), action.burst);
    cycle_ = system_.host_clock.cycle_at_or_after(done);
    const std::uint64_t address = action.burst.address;
    if (action.data == nullptr) {
      return;
    }
    const std::uint64_t offset = address - program_.region_bases[MW_REGION_PROGRAM];
    if (!action.burst.write && offset + action.burst.bytes <= program_.image.size()) {
      std::memcpy(action.data, program_.image.data() + offset, action.burst.bytes);
    } else if (action.burst.write && engine_ && address >= program_.map.engines &&
               address < program_.map.engines + MW_REG_BYTES) {
      std::uint32_t value = 0;
      std::memcpy(&value, action.data, sizeof value);
      engine_->write_register(address - program_.map.engines, value, done);
    }
  }

  /// While an engine runs, the host's bursts and the engine's may meet on a link: at worst the host
  /// waits until the engine has ended.
  void yield_to_engine() {
    if (!engine_ || engine_->done() <= now()) {
      return;
    }
    exact_ = false;
    if (end_ == End::kHigh) {
      cycle_ = system_.host_clock.cycle_at_or_after(engine_->done());
    }
  }

  Snapshot snapshot() const {
    return take_snapshot(system_, host_, engine_ ? &engine_->counters() : nullptr);
  }

  void finish(const Snapshot& before) {
    const Snapshot after = snapshot();
    measurement_.counts = difference(after.counts, before.counts);
    measurement_.traffic = difference(after.traffic, before.traffic);
    if (engine_) {
      take_new(engine_->activities(), activities_, measurement_.activities);
      take_new(engine_->spans(), spans_, measurement_.spans);
    }
    check_host_accounts(measurement_, system_.host_clock);
    add_host_activities(host_, system_.host_clock, plan_, measurement_);
    cut_layers(plan_, measurement_);
  }

  /// Copies what came behind the first `taken` of `all`.
  template <typename T>
  static void take_new(const std::vector<T>& all, std::size_t& taken, std::vector<T>& into) {
    into.assign(all.begin() + static_cast<std::ptrdiff_t>(taken), all.end());
    taken = all.size();
  }

  const dataflows::Plan& plan_;
  const Program& program_;
  End end_;
  memory::Case memories_;
  System system_;
  NativeHost host_;
  std::optional<EngineEstimate> engine_;
  base::Cycles jitter_;
  base::Cycles cycle_ = 0;
  bool exact_ = true;
  std::size_t activities_ = 0;  ///< of the engine that belong to earlier invocations
  std::size_t spans_ = 0;
  Measurement measurement_;
};

}  // namespace

std::vector<Estimate> estimate_sequence(const Platform& platform, const dataflows::Plan& plan,
                                        const Program& program, std::size_t invocations) {
  using memory::Case;
  Walk actual{platform, plan, program, End::kLow, Case::kActual};
  std::vector<Measurement> low = actual.run(invocations);
  std::vector<Measurement> high;
  const bool exact = actual.exact();
  if (exact) {
    for (Measurement& m : low) {
      m.host_jitter = 0;
    }
    high = low;
  } else {
    if (actual.has_history()) {
      low = Walk{platform, plan, program, End::kLow, Case::kBest}.run(invocations);
    }
    high = Walk{platform, plan, program, End::kHigh, Case::kWorst}.run(invocations);
  }
  std::vector<Estimate> all;
  for (std::size_t i = 0; i < invocations; ++i) {
    all.push_back({std::move(low[i]), std::move(high[i]), exact});
  }
  return all;
}

Estimate estimate(const Platform& platform, const dataflows::Plan& plan, const Program& program) {
  return std::move(estimate_sequence(platform, plan, program, 1).front());
}

}  // namespace milliwatt::sim
