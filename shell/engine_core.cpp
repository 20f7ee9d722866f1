// SPDX-License-Identifier: Apache-2.0
#include "shell/engine_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "dataflows/vector_mapping.h"

namespace milliwatt::shell {
namespace {

/// Longest descriptor that an engine takes; they are far shorter.
constexpr std::uint32_t kMaxDescriptorBytes = 4096;
constexpr int kFetchChannel = 0;

std::uint32_t checked_burst(const EngineConfig& config) {
  if (config.burst_bytes == 0 || (config.burst_bytes & (config.burst_bytes - 1)) != 0) {
    throw base::UserError(fmt::format("{}: a burst of {} bytes is not a power of two", config.name,
                                      config.burst_bytes));
  }
  return config.burst_bytes;
}

int dma_channels(const dataflows::EngineShape& shape) {
  return static_cast<int>(std::count_if(
      shape.units.begin(), shape.units.end(),
      [](const dataflows::UnitShape& unit) { return unit.kind == dataflows::UnitKind::kDma; }));
}

mw_descriptor_head read_head(const std::vector<std::uint8_t>& bytes) {
  mw_descriptor_head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

std::int16_t layer_of(const mw_descriptor_head& head) {
  return static_cast<std::int16_t>(head.first_layer);
}

}  // namespace

EngineCore::EngineCore(const EngineConfig& config, const base::Clock& clock, Machine& machine,
                       EnginePort& port)
    : config_{config},
      clock_{clock},
      machine_{machine},
      bursts_{port, dma_channels(machine.shape())},
      counters_{config.name, machine.shape(), machine.parts()},
      runner_{config_, clock_, machine, bursts_, counters_},
      bases_(MW_REGIONS),
      fetch_{checked_burst(config)} {
  if (runner_.channels() == 0) {
    throw base::UserError(config.name + ": the engine has no DMA channel");
  }
}

void EngineCore::write_register(std::uint64_t offset, std::uint32_t value, base::Picoseconds now) {
  const std::uint64_t region = (offset - MW_REG_REGION_BASE) / 4;
  if (offset >= MW_REG_REGION_BASE && region < MW_REGIONS) {
    bases_[region] = value;
    return;
  }
  switch (offset) {
    case MW_REG_CONTROL:
      if (value == 1) {
        start(now);
      }
      break;
    case MW_REG_INTERRUPT:
      if (value == 1 && interrupt_) {
        interrupt_ = false;
        bursts_.interrupt(now, false);
      }
      break;
    case MW_REG_DESCRIPTOR_REGION:
      descriptor_place_.region = value;
      break;
    case MW_REG_DESCRIPTOR_OFFSET:
      descriptor_place_.offset = value;
      break;
    case MW_REG_DESCRIPTOR_BYTES:
      descriptor_bytes_ = value;
      break;
    default:
      break;
  }
}

std::uint32_t EngineCore::read_register(std::uint64_t offset) const {
  const std::uint64_t region = (offset - MW_REG_REGION_BASE) / 4;
  if (offset >= MW_REG_REGION_BASE && region < MW_REGIONS) {
    return static_cast<std::uint32_t>(bases_[region]);
  }
  switch (offset) {
    case MW_REG_ID:
      return config_.machine;
    case MW_REG_STATUS:
      return status_;
    case MW_REG_INTERRUPT:
      return interrupt_ ? 1 : 0;
    case MW_REG_DESCRIPTOR_REGION:
      return descriptor_place_.region;
    case MW_REG_DESCRIPTOR_OFFSET:
      return descriptor_place_.offset;
    case MW_REG_DESCRIPTOR_BYTES:
      return descriptor_bytes_;
    default:
      return 0;
  }
}

void EngineCore::start(base::Picoseconds now) {
  if (busy() || bursts_.any()) {
    throw base::SimulationError(config_.name + ": START while a command runs");
  }
  const base::Cycles at = clock_.cycle_at_or_after(now);
  phase_ = Phase::kFetch;
  status_ = MW_STATUS_BUSY;
  fault_.clear();
  CommandSpan span;
  span.first_layer = base::kNoLayer;
  span.fetch = span.begin = span.end = at;
  commands_.push_back(span);
  const std::uint32_t bytes = descriptor_bytes_;
  if (descriptor_place_.region >= MW_REGIONS || bytes < sizeof(mw_descriptor_head) ||
      bytes > kMaxDescriptorBytes) {
    fail(at, fmt::format("a descriptor of {} bytes in region {}: regions are 0 .. {}, bytes {} .. "
                         "{}",
                         bytes, descriptor_place_.region, MW_REGIONS - 1,
                         sizeof(mw_descriptor_head), kMaxDescriptorBytes));
    return;
  }
  descriptor_.assign(bytes, 0);
  fetched_ = 0;
  dataflows::Transfer transfer;
  transfer.address = resolve(descriptor_place_);
  transfer.row_bytes = bytes;
  transfer.tensor_class = base::TensorClass::kProgram;
  fetch_.begin_load(transfer, descriptor_.data(), bytes, base::kNoLayer);
  guard(at, [&] { continue_fetch(at); });
}

/// A failure of the command, not of the simulation, ends in the status register.
template <typename Action>
void EngineCore::guard(base::Cycles at, Action&& action) {
  try {
    action();
  } catch (const base::SimulationError& error) {
    fail(at, error.what());
  }
}

void EngineCore::continue_fetch(base::Cycles at) {
  if (fetched_ >= sizeof(mw_descriptor_head)) {
    fetch_.set_layer(layer_of(read_head(descriptor_)));
  }
  if (fetch_.next()) {
    fetched_ += fetch_.request().burst.bytes;
    runner_.counts().descriptor(fetch_.request().burst, config_.bus_bytes);
    bursts_.issue(kFetchChannel, clock_.edge(at), fetch_.request().burst, fetch_.request().data);
  } else {
    phase_ = Phase::kDecode;
    event_ = at + config_.decode_cycles;
  }
}

void EngineCore::burst_done(int channel, base::Picoseconds when) {
  bursts_.done(channel);
  const base::Cycles at = clock_.cycle_at_or_after(when);
  guard(at, [&] {
    if (phase_ == Phase::kFetch) {
      continue_fetch(at);
    } else if (phase_ == Phase::kRun) {
      runner_.burst_done(channel, at);
    }
  });
}

base::Cycles EngineCore::next_cycle() const {
  return phase_ == Phase::kRun ? runner_.next() : event_;
}

std::optional<base::Picoseconds> EngineCore::next_event() const {
  const base::Cycles next = next_cycle();
  return next == kNever ? std::nullopt : std::optional(clock_.edge(next));
}

void EngineCore::advance_to(base::Picoseconds now) {
  const base::Cycles to = clock_.cycle(now);
  for (base::Cycles next = next_cycle(); next <= to; next = next_cycle()) {
    process(next);
  }
}

void EngineCore::process(base::Cycles now) {
  guard(now, [&] {
    if (phase_ == Phase::kDecode) {
      decode();
    } else if (phase_ == Phase::kRun) {
      runner_.advance(now);
    }
  });
  settle(now);
}

/// The command may have come to its end, or the interrupt's edge is here.
void EngineCore::settle(base::Cycles now) {
  if (phase_ == Phase::kRun && runner_.finished()) {
    runner_.close(now);
    commands_.back().end = now;
    status_ = MW_STATUS_DONE;
    phase_ = Phase::kInterrupt;
    event_ = now;
  }
  if (phase_ == Phase::kInterrupt && event_ <= now) {
    phase_ = Phase::kIdle;
    event_ = kNever;
    interrupt_ = true;
    bursts_.interrupt(clock_.edge(now), true);
  }
}

void EngineCore::fail(base::Cycles at, const std::string& fault) {
  fault_ = fault;
  runner_.close(at);
  commands_.back().begin = std::min(commands_.back().begin, at);
  commands_.back().end = at;
  status_ = MW_STATUS_ERROR;
  phase_ = Phase::kInterrupt;
  event_ = at;
}

std::uint64_t EngineCore::resolve(const mw_ref& place) const {
  if (place.region >= MW_REGIONS) {
    throw base::SimulationError(fmt::format("region {} does not exist", place.region));
  }
  return bases_[place.region] + place.offset;
}

mw_descriptor_head EngineCore::check_head() const {
  const mw_descriptor_head head = read_head(descriptor_);
  if (head.magic != MW_DESCRIPTOR_MAGIC || head.version != MW_DESCRIPTOR_VERSION) {
    throw base::SimulationError(
        fmt::format("not a descriptor: magic {:#x}, version {}", head.magic, head.version));
  }
  if (head.bytes != descriptor_.size() || head.bytes % 8 != 0) {
    throw base::SimulationError(fmt::format("the descriptor says {} bytes, the register {}",
                                            head.bytes, descriptor_.size()));
  }
  if (head.operators == 0 || head.first_layer + head.operators > INT16_MAX) {
    throw base::SimulationError(fmt::format("the descriptor covers {} operators from layer {}",
                                            head.operators, head.first_layer));
  }
  return head;
}

dataflows::Command EngineCore::decode_command(const mw_descriptor_head& head) {
  if (head.machine != MW_MACHINE_VECTOR) {
    if (head.machine != config_.machine) {
      throw base::SimulationError(fmt::format("a descriptor for machine {:#x} on machine {:#x}",
                                              head.machine, config_.machine));
    }
    return machine_.decode(descriptor_, bases_);
  }
  dataflows::VectorCommand command;
  if (descriptor_.size() != sizeof command.fields) {
    throw base::SimulationError(fmt::format("a vector descriptor of {} bytes instead of {}",
                                            descriptor_.size(), sizeof command.fields));
  }
  std::memcpy(&command.fields, descriptor_.data(), sizeof command.fields);
  command.a = resolve(command.fields.a);
  command.b = resolve(command.fields.b);
  command.output = resolve(command.fields.output);
  return dataflows::expand_vector(command, machine_.shape());
}

void EngineCore::decode() {
  const mw_descriptor_head head = check_head();
  CommandSpan& span = commands_.back();
  span.first_layer = layer_of(head);
  span.operators = head.operators;
  dataflows::Command command = decode_command(head);
  if (command.schedule.operators != head.operators) {
    throw base::SimulationError(fmt::format("the descriptor covers {} operators, its head says {}",
                                            command.schedule.operators, head.operators));
  }
  span.begin = event_;
  phase_ = Phase::kRun;
  runner_.start(std::move(command), span.first_layer, event_);
}

void EngineCore::finish(base::Picoseconds now) {
  if (busy()) {
    throw base::InternalError(config_.name + ": time ends while a command runs\n" +
                              describe_state());
  }
  const base::Cycles end = clock_.cycle(now);
  runner_.skip_to(end);
  check_accounts(runner_.accounts(), runner_.timeline(), end, machine_.shape());
}

}  // namespace milliwatt::shell
