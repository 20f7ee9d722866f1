// SPDX-License-Identifier: Apache-2.0
#include "shell/schedule_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "shell/command_check.h"
#include "shell/output_stage.h"
#include "shell/vector_unit.h"

namespace milliwatt::shell {

using dataflows::StepKind;
using dataflows::UnitId;
using dataflows::UnitKind;

ScheduleRunner::ScheduleRunner(const EngineConfig& config, const base::Clock& clock,
                               Machine& machine, EnginePort& port, EngineCounters& counters)
    : config_{config},
      clock_{clock},
      machine_{machine},
      port_{port},
      memory_{machine.shape()},
      counters_{counters},
      counts_{machine.shape(), command_.schedule.slots, counters},
      units_(machine.shape().units.size()),
      accounts_{machine.shape().units.size()} {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    units_[i].kind = machine.shape().units[i].kind;
    if (units_[i].kind == UnitKind::kDma) {
      units_[i].channel = static_cast<int>(dma_units_.size());
      dma_units_.push_back(static_cast<UnitId>(i));
      dma_.emplace_back(config.burst_bytes);
    }
  }
}

void ScheduleRunner::start(dataflows::Command command, std::int16_t first_layer, base::Cycles at) {
  check_command(command, machine_.shape());
  memory_.bind(command.schedule.slots);
  command_ = std::move(command);
  first_layer_ = first_layer;
  scoreboard_.build(command_.schedule, static_cast<int>(units_.size()), at);
  skip_to(at);
  first_span_ = layers_.size();
  for (std::uint16_t op = 0; op < command_.schedule.operators; ++op) {
    layers_.push_back({static_cast<std::int16_t>(first_layer + op), kNever, at});
  }
  start_ready(at);
}

base::Cycles ScheduleRunner::next() const {
  base::Cycles next = kNever;
  for (const Unit& unit : units_) {
    next = std::min(next, unit.event);
  }
  return next;
}

void ScheduleRunner::advance(base::Cycles to) {
  for (base::Cycles now = next(); now <= to && now != kNever; now = next()) {
    process(now);
  }
}

void ScheduleRunner::process(base::Cycles now) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const auto unit = static_cast<UnitId>(i);
    if (units_[i].event != now) {
      continue;
    }
    if (units_[i].ends) {
      finish(unit);
    } else {
      run_machine(unit, now - units_[i].begin - config_.issue_cycles);
    }
  }
  start_ready(now);
}

void ScheduleRunner::start_ready(base::Cycles now) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (scoreboard_.ready(static_cast<UnitId>(i))) {
      begin(static_cast<UnitId>(i), now);
    }
  }
}

void ScheduleRunner::begin(UnitId id, base::Cycles now) {
  Unit& unit = units_[id];
  const dataflows::Step& step = this->step(id);
  const Scoreboard::Binding binding = scoreboard_.binding(id);
  if (binding.at != now) {
    throw base::InternalError(fmt::format("{}: step {} starts in cycle {}, its operands say {}",
                                          config_.name, scoreboard_.head(id), now, binding.at));
  }
  accounts_.add_stall(id, layer(step), binding.cause, now - unit.accounted);
  unit.accounted = now;
  unit.begin = now;
  scoreboard_.start(id);
  LayerSpan& span = layers_[first_span_ + step.op];
  span.begin = std::min(span.begin, now);
  counts_.step(layer(step));
  dispatch(id, step);
}

void ScheduleRunner::dispatch(UnitId id, const dataflows::Step& step) {
  switch (units_[id].kind) {
    case UnitKind::kDma:
      begin_transfer(id);
      break;
    case UnitKind::kMachine:
      machine_.begin(step, layer(step), memory_, counters_);
      run_machine(id, 0);
      break;
    case UnitKind::kOutputStage: {
      const dataflows::OutputJob& job = command_.output_jobs[step.job];
      run_output_job(job, memory_);
      counts_.output(job, layer(step));
      run_shared(id, dataflows::output_cycles(machine_.shape().shared, job));
      break;
    }
    case UnitKind::kVector: {
      const dataflows::VectorJob& job = command_.vector_jobs[step.job];
      run_vector_job(job, memory_);
      counts_.vector(job, layer(step));
      run_shared(id, dataflows::vector_cycles(machine_.shape().shared, job));
      break;
    }
  }
}

void ScheduleRunner::run_shared(UnitId id, base::Cycles cycles) {
  check_prediction(id, cycles);
  end_at(id, units_[id].begin + config_.issue_cycles + cycles);
}

void ScheduleRunner::begin_transfer(UnitId id) {
  const Unit& unit = units_[id];
  const dataflows::Step& step = this->step(id);
  const dataflows::Transfer& transfer = command_.schedule.transfers[step.job];
  DmaChannel& channel = dma_[static_cast<std::size_t>(unit.channel)];
  if (step.kind == StepKind::kLoad) {
    const dataflows::SlotId slot = data_slot(command_.schedule, step.writes);
    channel.begin_load(transfer, memory_.slot(slot), memory_.slot_bytes(slot), layer(step));
  } else {
    const dataflows::SlotId slot = data_slot(command_.schedule, step.reads);
    channel.begin_store(transfer, memory_.slot(slot), memory_.length(slot), layer(step));
  }
  continue_transfer(id, unit.begin + config_.issue_cycles);
}

void ScheduleRunner::continue_transfer(UnitId id, base::Cycles at) {
  const int channel = units_[id].channel;
  DmaChannel& dma = dma_[static_cast<std::size_t>(channel)];
  if (dma.next()) {
    counts_.burst(dma.request().burst, config_.bus_bytes);
    port_.issue(channel, clock_.edge(at), dma.request().burst, dma.request().data);
  } else {
    end_at(id, at);
  }
}

void ScheduleRunner::burst_done(int channel, base::Cycles at) {
  continue_transfer(dma_units_[static_cast<std::size_t>(channel)], at);
}

void ScheduleRunner::run_machine(UnitId id, base::Cycles ran) {
  const base::Cycles limit = config_.advance_cycles > Machine::kUnlimited - ran
                                 ? Machine::kUnlimited
                                 : ran + config_.advance_cycles;
  const Progress progress = machine_.advance(id, limit);
  if (progress.ran > limit || progress.ran < ran || (!progress.done && progress.ran == ran)) {
    throw base::InternalError(fmt::format("{}.{}: the machine went from cycle {} to {} of {}",
                                          config_.name, machine_.shape().units[id].name, ran,
                                          progress.ran, limit));
  }
  if (progress.done) {
    check_prediction(id, progress.ran);
  }
  end_at(id, units_[id].begin + config_.issue_cycles + progress.ran);
  units_[id].ends = progress.done;
}

void ScheduleRunner::check_prediction(UnitId id, base::Cycles ran) const {
  const dataflows::Step& step = this->step(id);
  if (ran < step.cycles_low || ran > step.cycles_high) {
    throw base::SimulationError(
        fmt::format("{}.{}: step {} of layer {} ran {} cycles, its mapping predicts {} to {}",
                    config_.name, machine_.shape().units[id].name, scoreboard_.head(id),
                    layer(step), ran, step.cycles_low, step.cycles_high));
  }
}

void ScheduleRunner::end_at(UnitId id, base::Cycles at) {
  units_[id].event = at;
  units_[id].ends = true;
}

void ScheduleRunner::finish(UnitId id) {
  Unit& unit = units_[id];
  const base::Cycles end = unit.event;
  if (unit.kind == UnitKind::kDma) {
    finish_transfer(id);
  }
  note_busy(id, end);
  unit.event = kNever;
  scoreboard_.finish(id, end);
}

void ScheduleRunner::finish_transfer(UnitId id) {
  const dataflows::Step& step = this->step(id);
  const std::uint32_t bytes = dma_[static_cast<std::size_t>(units_[id].channel)].payload();
  if (step.kind == StepKind::kLoad) {
    const dataflows::SlotId slot = data_slot(command_.schedule, step.writes);
    if (command_.schedule.transfers[step.job].length == dataflows::Length::kCounted) {
      memory_.set_length(slot, bytes);
    }
    counts_.load(slot, bytes, layer(step));
  } else {
    counts_.store(data_slot(command_.schedule, step.reads), bytes, layer(step));
  }
}

void ScheduleRunner::note_busy(UnitId id, base::Cycles end) {
  Unit& unit = units_[id];
  const dataflows::Step& step = this->step(id);
  accounts_.add_busy(id, layer(step), end - unit.begin);
  unit.accounted = end;
  timeline_.push_back({id, layer(step), step.kind, unit.begin, end});
  LayerSpan& span = layers_[first_span_ + step.op];
  span.end = std::max(span.end, end);
}

void ScheduleRunner::close(base::Cycles at) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const auto id = static_cast<UnitId>(i);
    if (!finished() && scoreboard_.running(id)) {
      note_busy(id, at);
      units_[i].event = kNever;
    }
  }
  scoreboard_.abandon();
  for (std::size_t i = first_span_; i < layers_.size(); ++i) {
    layers_[i].begin = std::min(layers_[i].begin, layers_[i].end);
  }
  skip_to(at);
}

void ScheduleRunner::skip_to(base::Cycles at) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    accounts_.add_idle(static_cast<UnitId>(i), at - units_[i].accounted);
    units_[i].accounted = at;
  }
}

}  // namespace milliwatt::shell
