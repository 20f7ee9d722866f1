// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/systolic_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "accelerators/systolic/descriptor.h"
#include "accelerators/systolic/gather.h"
#include "base/error.h"
#include "shell/elements.h"
#include "workloads/packing.h"

namespace milliwatt::systolic {
namespace {

constexpr int kSumBits = 32;

/// Start of a slot, after checking that it holds `bytes`.
std::uint8_t* slot(shell::LocalMemory& memory, dataflows::SlotId id, std::int64_t bytes,
                   const char* what) {
  if (bytes > std::int64_t{memory.slot_bytes(id)}) {
    throw base::InternalError(
        fmt::format("systolic: the {} of a fold take {} bytes, slot {} has {}", what, bytes, id,
                    memory.slot_bytes(id)));
  }
  return memory.slot(id);
}

}  // namespace

SystolicMachine::SystolicMachine(std::string engine, const SystolicConfig& config,
                                 shell::Detail detail, InstructionSet set)
    : engine_(std::move(engine)),
      config_(config),
      detail_(detail),
      shape_(dataflows::systolic_engine_shape(mapping_shape(config))),
      exact_(exact_array(config.dataflow, config.size(), set)),
      product_(set) {}

dataflows::Command SystolicMachine::decode(const std::vector<std::uint8_t>& descriptor,
                                           const shell::RegionBases& bases) {
  running_ = false;  // a fold of a command that failed is abandoned
  command_ = decode_descriptor(descriptor, bases);
  dataflows::SystolicProgram program = dataflows::expand(command_, mapping_shape(config_));
  folds_ = std::move(program.folds);
  return std::move(program.command);
}

std::vector<base::Counters> SystolicMachine::parts() const {
  return {base::Counters{engine_ + ".array", pe_class()}};
}

void SystolicMachine::attach(shell::OutputProbe* probe) {
  probe_ = probe;
  exact_->record_cycles(probe != nullptr);
}

const dataflows::Fold& SystolicMachine::fold_of(const dataflows::Step& step) const {
  if (step.kind != dataflows::StepKind::kCompute || step.unit != dataflows::kArrayUnit ||
      step.job >= folds_.size()) {
    throw base::InternalError(fmt::format("systolic: no fold {} for unit {}", step.job, step.unit));
  }
  return folds_[step.job];
}

void SystolicMachine::begin(const dataflows::Step& step, std::int16_t layer,
                            shell::LocalMemory& memory, shell::EngineCounters& counters) {
  if (running_) {
    throw base::InternalError("systolic: a fold began while another one runs");
  }
  const dataflows::Fold& fold = fold_of(step);
  job_ = step.job;
  layer_ = layer;
  memory_ = &memory;
  counters_ = &counters;
  gather(fold, memory);
  counts_ = {};
  if (detail_ == shell::Detail::kExact) {
    exact_->begin(array_operands(config_.dataflow, operands_));
  }
  running_ = true;
}

void SystolicMachine::gather(const dataflows::Fold& fold, shell::LocalMemory& memory) {
  const dataflows::OperandBits& bits = command_.bits;
  const std::int64_t inputs = std::int64_t{fold.input_h} * fold.input_w * command_.geometry.input_c;
  const std::int64_t count = std::int64_t{fold.taps} * fold.filters;
  const std::uint8_t* ifmap =
      slot(memory, fold.ifmap, workloads::packed_bytes(inputs, bits.input), "operands");
  const std::uint8_t* weights =
      slot(memory, fold.weights, workloads::packed_bytes(fold.first_weight + count, bits.weights),
           "weights");
  gather_streams(command_.geometry, fold, command_.input_zero_point, ifmap, bits.input, streams_);
  operands_.streams = streams_.data();
  operands_.weights = gather_weights(weights, fold.first_weight, count);
  operands_.pixels = fold.pixels;
  operands_.taps = fold.taps;
  operands_.filters = fold.filters;
  operands_.pitch = stream_pitch(fold.taps);
  use_ = dataflows::array_use(config_.dataflow, fold);
}

const std::int8_t* SystolicMachine::gather_weights(const std::uint8_t* slot, std::int64_t first,
                                                   std::int64_t count) {
  if (command_.bits.weights == 8) {
    return reinterpret_cast<const std::int8_t*>(slot) + first;
  }
  weights_.resize(static_cast<std::size_t>(count));
  shell::unpack_elements(slot, first, count, command_.bits.weights, weights_.data());
  return weights_.data();
}

shell::Progress SystolicMachine::advance(dataflows::UnitId unit, base::Cycles limit) {
  if (!running_ || unit != dataflows::kArrayUnit) {
    throw base::InternalError(fmt::format("systolic: unit {} runs no fold", unit));
  }
  if (!run(limit)) {
    return {limit, false};
  }
  running_ = false;
  finish();
  return {counts_.cycles, true};
}

/// True when the fold is done: then sums_ and counts_ are those of the whole fold.
bool SystolicMachine::run(base::Cycles limit) {
  if (detail_ == shell::Detail::kExact) {
    exact_->advance(limit);
    counts_ = exact_->counts();
    if (exact_->done()) {
      take_exact_sums();
    }
    return exact_->done();
  }
  counts_ = fold_counts(config_.dataflow, config_.size(), use_);
  if (counts_.cycles > limit) {
    return false;
  }
  sums_.resize(static_cast<std::size_t>(operands_.pixels * operands_.filters));
  product_.run(operands_, sums_.data());
  return true;
}

/// Place in sums_ of output `output` of an array column.
std::int64_t SystolicMachine::sum_index(std::int64_t output, std::int32_t column) const {
  return config_.dataflow == Dataflow::kInputStationary ? column * operands_.filters + output
                                                        : output * operands_.filters + column;
}

void SystolicMachine::take_exact_sums() {
  const std::vector<std::int32_t>& sums = exact_->sums();
  if (config_.dataflow != Dataflow::kInputStationary) {
    sums_ = sums;
    return;
  }
  sums_.resize(sums.size());
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(sums.size()); ++i) {
    sums_[sum_index(i / use_.columns, static_cast<std::int32_t>(i % use_.columns))] = sums[i];
  }
}

void SystolicMachine::finish() {
  count(counts_, folds_[job_].accumulate, layer_, *counters_);
  if (probe_ != nullptr) {
    report_outputs();
  }
  accumulate();
}

void SystolicMachine::count(const FoldCounts& counts, bool accumulate, std::int16_t layer,
                            shell::EngineCounters& counters) const {
  base::Counters& array = counters.machine.front();
  const auto actions = pe_actions(config_.dataflow, counts, command_.bits);
  for (std::size_t action = 0; action < actions.size(); ++action) {
    array.add(static_cast<int>(action), layer, actions[action]);
  }
  const auto access = [&](dataflows::BufferId buffer, int action, std::int64_t elements, int bits) {
    counters.buffers[buffer].add(action, layer,
                                 shell::buffer_accesses(shape_.buffers[buffer], elements, bits));
  };
  const bool swapped = config_.dataflow == Dataflow::kInputStationary;
  access(dataflows::kInputBuffer, shell::kBufferRead, swapped ? counts.top_read : counts.left_read,
         command_.bits.input);
  access(dataflows::kWeightBuffer, shell::kBufferRead, swapped ? counts.left_read : counts.top_read,
         command_.bits.weights);
  access(dataflows::kAccumulatorBuffer, shell::kBufferRead, accumulate ? counts.outputs : 0,
         kSumBits);
  access(dataflows::kAccumulatorBuffer, shell::kBufferWrite, counts.outputs, kSumBits);
}

/// In the order in which they leave: by cycle, then from left to right.
void SystolicMachine::report_outputs() const {
  std::vector<shell::OutputEvent> events(sums_.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto output = static_cast<std::int32_t>(i / use_.columns);
    const auto column = static_cast<std::int32_t>(i % use_.columns);
    const base::Cycles cycle =
        detail_ == shell::Detail::kExact
            ? exact_->output_cycles()[i]
            : output_cycle(config_.dataflow, config_.size(), use_, output, column);
    events[i] = {job_, output, column, sums_[sum_index(output, column)], cycle};
  }
  std::sort(events.begin(), events.end(),
            [](const shell::OutputEvent& a, const shell::OutputEvent& b) {
              return std::tie(a.cycle, a.lane) < std::tie(b.cycle, b.lane);
            });
  for (const shell::OutputEvent& event : events) {
    probe_->output(event);
  }
}

/// Sum `index` as it is written to the accumulator buffer.
std::int64_t SystolicMachine::accumulated(std::int64_t index) const {
  return std::int64_t{sums_[index]} + (old_.empty() ? 0 : old_[index]);
}

bool SystolicMachine::fits(std::int64_t sum) const {
  const std::int64_t limit = std::int64_t{1} << (config_.accumulator_bits - 1);
  return sum >= -limit && sum < limit;
}

void SystolicMachine::accumulate() {
  const dataflows::Fold& fold = folds_[job_];
  const std::size_t bytes = sums_.size() * sizeof(std::int32_t);
  const std::size_t before = std::size_t{sizeof(std::int32_t)} * fold.first_pixel * fold.filters;
  std::uint8_t* target =
      slot(*memory_, fold.sums, static_cast<std::int64_t>(before + bytes), "sums") + before;
  old_.resize(fold.accumulate ? sums_.size() : 0);
  if (fold.accumulate) {
    std::memcpy(old_.data(), target, bytes);
  }
  bool all_fit = true;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    all_fit &= fits(accumulated(static_cast<std::int64_t>(i)));
  }
  if (!all_fit) {
    fail_overflow();
  }
  for (std::size_t i = 0; i < old_.size(); ++i) {
    sums_[i] += old_[i];
  }
  std::memcpy(target, sums_.data(), bytes);
}

/// Names the first sum that does not fit, in the order in which they are written.
void SystolicMachine::fail_overflow() const {
  const dataflows::Fold& fold = folds_[job_];
  std::int64_t first = -1;
  base::Cycles earliest = INT64_MAX;
  for (std::int32_t column = 0; column < use_.columns; ++column) {
    for (std::int64_t i = 0; i < outputs_of_column(config_.dataflow, use_); ++i) {
      const base::Cycles cycle = output_cycle(config_.dataflow, config_.size(), use_, i, column);
      if (cycle < earliest && !fits(accumulated(sum_index(i, column)))) {
        first = sum_index(i, column);
        earliest = cycle;
      }
    }
  }
  const std::int64_t pixel = fold.first_pixel + first / fold.filters;
  throw base::SimulationError(fmt::format(
      "{}: layer {}, output channel {} at row {}, column {}: the sum {} after tap {} does not fit "
      "accumulator_bits = {}",
      engine_, layer_, fold.filter_begin + first % fold.filters,
      fold.output_y + pixel / fold.tile_w, fold.output_x + pixel % fold.tile_w, accumulated(first),
      fold.k_begin + fold.taps - 1, config_.accumulator_bits));
}

void SystolicMachine::predict(const dataflows::Step& step, std::int16_t layer,
                              shell::EngineCounters& low, shell::EngineCounters& high) const {
  const dataflows::Fold& fold = fold_of(step);
  const FoldCounts counts =
      fold_counts(config_.dataflow, config_.size(), dataflows::array_use(config_.dataflow, fold));
  count(counts, fold.accumulate, layer, low);
  count(counts, fold.accumulate, layer, high);
}

}  // namespace milliwatt::systolic
