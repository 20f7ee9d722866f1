// SPDX-License-Identifier: Apache-2.0
#include "shell/testing/contract_checks.h"

#include <fmt/format.h>

#include <algorithm>

namespace milliwatt::shell::testing {
namespace {

using dataflows::Schedule;
using dataflows::Slot;
using dataflows::SlotId;
using dataflows::Step;

bool overlap(const Schedule& schedule, SlotId a, SlotId b) {
  const Slot& x = schedule.slots[a];
  const Slot& y = schedule.slots[b];
  if (x.bytes == 0 || y.bytes == 0) {
    return a == b;
  }
  return x.buffer == y.buffer && x.offset < y.offset + y.bytes && y.offset < x.offset + x.bytes;
}

template <typename A, typename B>
bool any_overlap(const Schedule& schedule, const A& a, const B& b) {
  for (const SlotId x : a) {
    for (const SlotId y : b) {
      if (overlap(schedule, x, y)) {
        return true;
      }
    }
  }
  return false;
}

/// Whether `later` must wait for `earlier`.
bool depends(const Schedule& schedule, const Step& later, const Step& earlier) {
  return later.unit == earlier.unit || any_overlap(schedule, later.reads, earlier.writes) ||
         any_overlap(schedule, later.writes, earlier.writes) ||
         any_overlap(schedule, later.writes, earlier.reads);
}

class Faults {
 public:
  Faults(const Schedule& schedule, const EngineCore& engine)
      : schedule_{schedule},
        command_{engine.commands().back()},
        issue_cycles_{engine.config().issue_cycles},
        ran_{match_timeline(schedule, engine)} {}

  std::vector<std::string> find(const EngineCore& engine) {
    if (ran_.size() != schedule_.steps.size()) {
      return {"the timeline has other steps than the schedule"};
    }
    for (std::size_t i = 0; i < ran_.size(); ++i) {
      check_start(i);
      check_step(i);
    }
    check_spans(engine);
    return std::move(faults_);
  }

 private:
  void check_start(std::size_t i) {
    base::Cycles ready = command_.begin;
    for (std::size_t j = 0; j < i; ++j) {
      if (depends(schedule_, schedule_.steps[i], schedule_.steps[j])) {
        ready = std::max(ready, ran_[j].interval.end);
      }
    }
    if (ran_[i].interval.start != ready) {
      faults_.push_back(
          fmt::format("step {} starts in cycle {}, could in {}", i, ran_[i].interval.start, ready));
    }
  }

  void check_step(std::size_t i) {
    const Step& step = schedule_.steps[i];
    const Interval& interval = ran_[i].interval;
    const base::Cycles cycles = interval.end - interval.start - issue_cycles_;
    if (step.cycles_high > 0 && (cycles < step.cycles_low || cycles > step.cycles_high)) {
      faults_.push_back(fmt::format("step {} takes {} cycles", i, cycles));
    }
    if (interval.layer != command_.first_layer + step.op || interval.kind != step.kind) {
      faults_.push_back(fmt::format("step {} ran for layer {}", i, interval.layer));
    }
  }

  void check_spans(const EngineCore& engine) {
    const std::vector<LayerSpan>& spans = engine.layers();
    for (std::uint16_t op = 0; op < schedule_.operators; ++op) {
      LayerSpan expected{static_cast<std::int16_t>(command_.first_layer + op), kNever, 0};
      for (const RanStep& ran : ran_) {
        if (schedule_.steps[ran.step].op == op) {
          expected.begin = std::min(expected.begin, ran.interval.start);
          expected.end = std::max(expected.end, ran.interval.end);
        }
      }
      const LayerSpan& span = spans[spans.size() - schedule_.operators + op];
      if (span.layer != expected.layer || span.begin != expected.begin ||
          span.end != expected.end) {
        faults_.push_back(fmt::format("layer {} spans {} to {}, not {} to {}", span.layer,
                                      span.begin, span.end, expected.begin, expected.end));
      }
    }
  }

  const Schedule& schedule_;
  const CommandSpan& command_;
  base::Cycles issue_cycles_;
  std::vector<RanStep> ran_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<RanStep> match_timeline(const Schedule& schedule, const EngineCore& engine) {
  std::vector<std::vector<Interval>> intervals(engine.accounts().units());
  const Timeline& timeline = engine.timeline();
  const base::Cycles begin = engine.commands().back().begin;
  for (const Interval& interval : timeline) {
    if (interval.start >= begin) {
      intervals[interval.unit].push_back(interval);
    }
  }
  std::vector<std::size_t> next(intervals.size());
  std::vector<RanStep> ran;
  for (std::size_t i = 0; i < schedule.steps.size(); ++i) {
    const dataflows::UnitId unit = schedule.steps[i].unit;
    if (next[unit] == intervals[unit].size()) {
      return {};
    }
    ran.push_back({i, intervals[unit][next[unit]++]});
  }
  for (std::size_t unit = 0; unit < next.size(); ++unit) {
    if (next[unit] != intervals[unit].size()) {
      return {};
    }
  }
  return ran;
}

std::vector<std::string> contract_faults(const Schedule& schedule, const EngineCore& engine) {
  return Faults(schedule, engine).find(engine);
}

}  // namespace milliwatt::shell::testing
