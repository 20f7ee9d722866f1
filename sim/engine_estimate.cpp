// SPDX-License-Identifier: Apache-2.0
#include "sim/engine_estimate.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "abi/registers.h"
#include "base/error.h"
#include "dataflows/vector_mapping.h"
#include "shell/burst_walk.h"
#include "shell/command_check.h"
#include "shell/step_counts.h"

namespace milliwatt::sim {

using dataflows::Command;
using dataflows::Step;
using dataflows::StepKind;
using dataflows::UnitKind;

shell::EngineConfig engine_config(const Platform& platform) {
  shell::EngineConfig config;
  config.name = kAcceleratorName;
  config.machine = platform.machine->machine_id();
  config.burst_bytes = platform.shell.burst_bytes;
  config.bus_bytes = platform.dma_width();
  config.decode_cycles = platform.shell.decode_cycles;
  config.issue_cycles = platform.shell.issue_cycles;
  return config;
}

Cause cause_of(UnitKind kind) {
  switch (kind) {
    case UnitKind::kDma:
      return Cause::kMemory;
    case UnitKind::kMachine:
      return Cause::kCompute;
    case UnitKind::kOutputStage:
    case UnitKind::kVector:
      return Cause::kVector;
  }
  return Cause::kControl;
}

EngineEstimate::EngineEstimate(const Platform& platform, System& system, const Program& program,
                               End end)
    : system_{system},
      program_{program},
      end_{end},
      config_{engine_config(platform)},
      machine_{platform.machine->build(kAcceleratorName, shell::Detail::kValues)},
      counters_{kAcceleratorName, machine_->shape(), machine_->parts()},
      other_end_{counters_},
      bases_(MW_REGIONS) {
  std::size_t channel = 0;
  for (const dataflows::UnitShape& unit : machine_->shape().units) {
    ports_.push_back(unit.kind == UnitKind::kDma ? system.dma_ports.at(channel++) : -1);
  }
  exact_ = system.dma_ports.size() == 1;
}

void EngineEstimate::write_register(std::uint64_t offset, std::uint32_t value,
                                    base::Picoseconds t) {
  if (offset >= MW_REG_REGION_BASE && offset < MW_REG_REGION_BASE + 4 * MW_REGIONS) {
    bases_[(offset - MW_REG_REGION_BASE) / 4] = value;
  } else if (offset >= MW_REG_DESCRIPTOR_REGION && offset <= MW_REG_DESCRIPTOR_BYTES) {
    descriptor_[(offset - MW_REG_DESCRIPTOR_REGION) / 4] = value;
  } else if (offset == MW_REG_CONTROL && value == 1) {
    run(t);
  }
}

void EngineEstimate::run(base::Picoseconds t) {
  const base::Clock& clock = system_.engine_clock;
  base::Cycles at = clock.cycle_at_or_after(t);
  const std::vector<std::uint8_t> descriptor = fetch(at);
  mw_descriptor_head head;
  std::memcpy(&head, descriptor.data(), sizeof head);
  const Command command = decode(descriptor);
  slots_ = command.schedule.slots;
  walk(command, head, clock.edge(at + config_.decode_cycles));
}

void EngineEstimate::walk(const Command& command, const mw_descriptor_head& head,
                          base::Picoseconds start) {
  const std::vector<dataflows::UnitShape>& units = machine_->shape().units;
  const auto overlap = end_ == End::kLow ? dataflows::Overlap::kFull : dataflows::Overlap::kSerial;
  dataflows::Recurrence recurrence{command.schedule, system_.engine_clock, units.size(), overlap};
  std::vector<LayerSpan> spans;
  spans.reserve(command.schedule.operators);
  for (int op = 0; op < command.schedule.operators; ++op) {
    spans.push_back({head.first_layer + op, std::numeric_limits<base::Picoseconds>::max(), start});
  }
  done_ = recurrence.run(
      start,
      [&](const Step& step, base::Picoseconds begin) {
        return step_end(command, step, static_cast<std::int16_t>(head.first_layer + step.op),
                        begin);
      },
      [&](const Step& step, base::Picoseconds begin, base::Picoseconds end) {
        activities_.push_back({cause_of(units[step.unit].kind), begin, end});
        LayerSpan& span = spans.at(step.op);
        span.begin = std::min(span.begin, begin);
        span.end = std::max(span.end, end);
      });
  for (LayerSpan& span : spans) {
    span.begin = std::min(span.begin, span.end);  // an operator without steps
    spans_.push_back(span);
  }
}

/// The descriptor comes through the first DMA channel; its bursts belong to a layer once the head
/// is there.
std::vector<std::uint8_t> EngineEstimate::fetch(base::Cycles& at) {
  const mw_ref place{descriptor_[0], descriptor_[1]};
  const std::uint32_t bytes = descriptor_[2];
  if (place.region != MW_REGION_PROGRAM || bytes < sizeof(mw_descriptor_head) ||
      std::uint64_t{place.offset} + bytes > program_.image.size()) {
    throw base::SimulationError("estimate: the descriptor does not lie in the program");
  }
  const std::uint8_t* first = program_.image.data() + place.offset;
  std::vector<std::uint8_t> descriptor(first, first + bytes);
  mw_descriptor_head head;
  std::memcpy(&head, descriptor.data(), sizeof head);
  dataflows::Transfer transfer;
  transfer.address = resolve(place);
  transfer.row_bytes = bytes;
  shell::BurstWalk walk{transfer, config_.burst_bytes};
  shell::BurstWalk::Piece piece;
  shell::StepCounts counts{machine_->shape(), slots_, counters_};
  std::uint32_t fetched = 0;
  while (walk.next(piece)) {
    memory::Burst burst{piece.address, piece.bytes, false, {}};
    burst.tag.tensor_class = base::TensorClass::kProgram;
    burst.tag.layer =
        fetched >= sizeof head ? static_cast<std::int16_t>(head.first_layer) : base::kNoLayer;
    at = this->burst(system_.dma_ports[0], burst, at);
    counts.descriptor(burst, config_.bus_bytes);
    fetched += piece.bytes;
  }
  return descriptor;
}

Command EngineEstimate::decode(const std::vector<std::uint8_t>& descriptor) {
  mw_descriptor_head head;
  std::memcpy(&head, descriptor.data(), sizeof head);
  if (head.machine != MW_MACHINE_VECTOR) {
    return machine_->decode(descriptor, bases_);
  }
  dataflows::VectorCommand command;
  std::memcpy(&command.fields, descriptor.data(), sizeof command.fields);
  command.a = resolve(command.fields.a);
  command.b = resolve(command.fields.b);
  command.output = resolve(command.fields.output);
  return dataflows::expand_vector(command, machine_->shape());
}

base::Picoseconds EngineEstimate::step_end(const Command& command, const Step& step,
                                           std::int16_t layer, base::Picoseconds start) {
  const base::Clock& clock = system_.engine_clock;
  const base::Cycles begin = clock.cycle_at_or_after(start) + config_.issue_cycles;
  count(command, step, layer);
  if (step.kind == StepKind::kLoad || step.kind == StepKind::kStore) {
    return move(command.schedule.transfers[step.job], step, layer, begin);
  }
  exact_ = exact_ && step.cycles_low == step.cycles_high;
  return clock.edge(begin + (end_ == End::kLow ? step.cycles_low : step.cycles_high));
}

memory::InitiatorId EngineEstimate::port_of(const Step& step) const { return ports_[step.unit]; }

base::Cycles EngineEstimate::burst(memory::InitiatorId port, const memory::Burst& burst,
                                   base::Cycles at) {
  const base::Clock& clock = system_.engine_clock;
  return clock.cycle_at_or_after(system_.bus.uncontended(port, clock.edge(at), burst));
}

base::Picoseconds EngineEstimate::move(const dataflows::Transfer& transfer, const Step& step,
                                       std::int16_t layer, base::Cycles at) {
  const bool load = step.kind == StepKind::kLoad;
  const memory::Burst tags{0, 0, !load, {layer, transfer.tensor_class}};
  if (transfer.length == dataflows::Length::kFixed) {
    at = run_bursts(shell::BurstWalk{transfer, config_.burst_bytes}, tags, port_of(step), at);
    return system_.engine_clock.edge(at);
  }
  // A counted load reads the count alone and then the payload; a store sends both in one run.
  exact_ = false;
  const std::uint64_t payload = end_ == End::kLow ? 0 : transfer.bytes();
  const auto run = [&](std::uint64_t offset, std::uint64_t bytes) {
    dataflows::Transfer piece;
    piece.address = transfer.address + offset;
    piece.row_bytes = static_cast<std::uint32_t>(bytes);
    at = run_bursts(shell::BurstWalk{piece, config_.burst_bytes}, tags, port_of(step), at);
  };
  if (load) {
    run(0, dataflows::kCountBytes);
    run(dataflows::kCountBytes, payload);
  } else {
    run(0, dataflows::kCountBytes + payload);
  }
  return system_.engine_clock.edge(at);
}

base::Cycles EngineEstimate::run_bursts(shell::BurstWalk walk, memory::Burst burst,
                                        memory::InitiatorId port, base::Cycles at) {
  shell::StepCounts counts{machine_->shape(), slots_, counters_};
  shell::BurstWalk::Piece piece;
  while (walk.next(piece)) {
    burst.address = piece.address;
    burst.bytes = piece.bytes;
    counts.burst(burst, config_.bus_bytes);
    at = this->burst(port, burst, at);
  }
  return at;
}

void EngineEstimate::count(const Command& command, const Step& step, std::int16_t layer) {
  shell::StepCounts counts{machine_->shape(), slots_, counters_};
  counts.step(layer);
  switch (machine_->shape().units[step.unit].kind) {
    case UnitKind::kDma: {
      const bool load = step.kind == StepKind::kLoad;
      const dataflows::Transfer& transfer = command.schedule.transfers[step.job];
      const bool unknown = transfer.length == dataflows::Length::kCounted && end_ == End::kLow;
      const std::uint64_t bytes = unknown ? 0 : transfer.bytes();
      const dataflows::SlotId slot = load ? shell::data_slot(command.schedule, step.writes)
                                          : shell::data_slot(command.schedule, step.reads);
      load ? counts.load(slot, bytes, layer) : counts.store(slot, bytes, layer);
      break;
    }
    case UnitKind::kMachine:
      end_ == End::kLow ? machine_->predict(step, layer, counters_, other_end_)
                        : machine_->predict(step, layer, other_end_, counters_);
      break;
    case UnitKind::kOutputStage:
      counts.output(command.output_jobs[step.job], layer);
      break;
    case UnitKind::kVector:
      counts.vector(command.vector_jobs[step.job], layer);
      break;
  }
}

}  // namespace milliwatt::sim
