// SPDX-License-Identifier: Apache-2.0
#include "shell/testing/contract_machine.h"

#include <cstring>
#include <utility>

#include "base/error.h"

namespace milliwatt::shell::testing {

ContractMachine::ContractMachine(std::string engine, Detail detail)
    : engine_{std::move(engine)}, detail_{detail} {
  using dataflows::UnitKind;
  shape_.units = {{"load", UnitKind::kDma},           {"first", UnitKind::kMachine},
                  {"second", UnitKind::kMachine},     {"output_stage", UnitKind::kOutputStage},
                  {"vector_unit", UnitKind::kVector}, {"store", UnitKind::kDma}};
  shape_.buffers = {{"input", 512, 1, 64},
                    {"resident", 64, 1, 64},
                    {"middle", 256, 1, 32},
                    {"sums", 2048, 1, 128},
                    {"output", 1024, 1, 64}};
  runs_.resize(shape_.units.size());
}

std::vector<base::Counters> ContractMachine::parts() const {
  const base::ComponentClass items{"contract", {{"item", "an item"}, {"skip", "a free item"}}};
  return {base::Counters{engine_ + ".contract", items}};
}

void ContractMachine::begin(const dataflows::Step& step, std::int16_t layer, LocalMemory& memory,
                            EngineCounters& counters) {
  Run& run = runs_.at(step.unit);
  run = {};
  run.job = jobs_.at(step.job);
  run.number = step.job;
  run.layer = layer;
  run.memory = &memory;
  run.counters = &counters;
  run.items = run.job.work == Work::kExpand
                  ? static_cast<std::int32_t>(memory.length(run.job.input) / 2)
                  : run.job.items;
}

/// Zero operands of arithmetic are free.
bool ContractMachine::costs(const Run& run, std::int32_t item) {
  const bool arithmetic = run.job.work == Work::kScale || run.job.work == Work::kSum;
  return !arithmetic || run.memory->slot(run.job.input)[item] != 0;
}

void ContractMachine::act(Run& run, std::int32_t item) {
  const std::uint8_t* input = run.memory->slot(run.job.input);
  std::uint8_t* output = run.memory->slot(run.job.output);
  const auto value = static_cast<std::int8_t>(input[item]);
  switch (run.job.work) {
    case Work::kCopy:
      output[item] = input[item];
      break;
    case Work::kScale: {
      const auto* weights = reinterpret_cast<const std::int8_t*>(run.memory->slot(run.job.weights));
      output[item] = static_cast<std::uint8_t>(value * weights[item % kResidentBytes]);
      break;
    }
    case Work::kSum: {
      const std::int32_t sum = value * (item % kContractChannels + 1);
      std::memcpy(output + sizeof sum * static_cast<std::size_t>(item), &sum, sizeof sum);
      break;
    }
    case Work::kEncode:
      act_encode(run, input[item]);
      break;
    case Work::kExpand:
      act_expand(run, item);
      break;
    case Work::kNothing:
      break;
  }
  run.counters->machine[0].add(costs(run, item) ? kItem : kSkip, run.layer);
}

void ContractMachine::act_encode(Run& run, std::uint8_t value) {
  std::uint8_t* codes = run.memory->slot(run.job.output);
  if (run.written > 0 && codes[run.written - 1] == value && codes[run.written - 2] < UINT8_MAX) {
    ++codes[run.written - 2];
    return;
  }
  codes[run.written] = 1;
  codes[run.written + 1] = value;
  run.written += 2;
}

void ContractMachine::act_expand(Run& run, std::int32_t pair) {
  const std::uint8_t* code = run.memory->slot(run.job.input) + 2 * pair;
  if (run.written + code[0] > run.job.items) {
    throw base::SimulationError(engine_ + ": the codes expand to more than their tile");
  }
  std::memset(run.memory->slot(run.job.output) + run.written, code[1], code[0]);
  run.written += code[0];
}

/// Does the items that cost nothing; true when none is left.
bool ContractMachine::skip_free(Run& run) {
  while (run.next < run.items && !costs(run, run.next)) {
    act(run, run.next++);
  }
  return run.next == run.items;
}

void ContractMachine::complete(Run& run) {
  if (run.job.work == Work::kEncode) {
    run.memory->set_length(run.job.output, static_cast<std::uint32_t>(run.written));
  }
  if (probe_ != nullptr) {
    probe_->output({run.number, run.items, 0, run.written, run.cycles});
  }
}

Progress ContractMachine::advance(dataflows::UnitId unit, base::Cycles limit) {
  Run& run = runs_.at(unit);
  if (detail_ == Detail::kValues) {
    base::Cycles total = 1;
    for (std::int32_t item = 0; item < run.items; ++item) {
      total += costs(run, item) ? 1 : 0;
    }
    if (total > limit) {
      return {limit, false};
    }
    run.cycles = total;
    for (std::int32_t item = 0; item < run.items; ++item) {
      act(run, item);
    }
    complete(run);
    return {total, true};
  }
  while (run.cycles < limit) {
    if (run.cycles++ > 0) {
      act(run, run.next++);
    }
    if (skip_free(run)) {
      complete(run);
      return {run.cycles, true};
    }
  }
  return {run.cycles, false};
}

void ContractMachine::predict(const dataflows::Step& step, std::int16_t layer, EngineCounters& low,
                              EngineCounters& high) const {
  const Job& job = jobs_.at(step.job);
  low.machine[0].add(kItem, layer, step.cycles_low - 1);
  high.machine[0].add(kItem, layer, step.cycles_high - 1);
  if (job.work == Work::kScale || job.work == Work::kSum) {
    high.machine[0].add(kSkip, layer, job.items);
  }
}

}  // namespace milliwatt::shell::testing
