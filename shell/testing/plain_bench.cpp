// SPDX-License-Identifier: Apache-2.0
#include "shell/testing/plain_bench.h"

#include <algorithm>
#include <cstring>

#include "abi/registers.h"
#include "base/error.h"

namespace milliwatt::shell::testing {

PlainBench::PlainBench(const EngineConfig& config, const base::Clock& clock, Machine& machine,
                       const BenchTiming& timing, std::size_t memory_bytes)
    : timing_{timing},
      memory_(memory_bytes),
      engine_{config, clock, machine, *this},
      pending_(static_cast<std::size_t>(engine_.channels())) {}

void PlainBench::issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
                       std::uint8_t* data) {
  if (burst.address + burst.bytes > memory_.size()) {
    throw base::SimulationError("bench.channel" + std::to_string(channel) + ": address error at " +
                                std::to_string(burst.address));
  }
  Pending& pending = pending_.at(static_cast<std::size_t>(channel));
  if (pending.waits || offer < now_) {
    throw base::InternalError("bench: two bursts outstanding, or one offered in the past");
  }
  pending = {true, offer + timing_.latency + timing_.per_byte * burst.bytes, burst, data};
  bursts_.push_back({channel, offer, pending.done, burst});
}

void PlainBench::interrupt(base::Picoseconds when, bool level) {
  line_ = level;
  if (level) {
    interrupts_.push_back(when);
  }
}

base::Picoseconds PlainBench::next_answer() const {
  base::Picoseconds next = kNever;
  for (const Pending& pending : pending_) {
    next = pending.waits ? std::min(next, pending.done) : next;
  }
  return next;
}

void PlainBench::answer(base::Picoseconds now) {
  for (std::size_t channel = 0; channel < pending_.size(); ++channel) {
    Pending& pending = pending_[channel];
    if (!pending.waits || pending.done != now) {
      continue;
    }
    std::uint8_t* place = memory_.data() + pending.burst.address;
    if (pending.burst.write) {
      std::memcpy(place, pending.data, pending.burst.bytes);
    } else {
      std::memcpy(pending.data, place, pending.burst.bytes);
    }
    pending.waits = false;
    engine_.burst_done(static_cast<int>(channel), now);
  }
}

base::Picoseconds PlainBench::run(base::Picoseconds limit) {
  while (true) {
    const base::Picoseconds own = engine_.next_event().value_or(kNever);
    const base::Picoseconds bus = next_answer();
    if (std::min(own, bus) > limit) {
      return now_;
    }
    now_ = std::min(own, bus);
    if (bus == now_ && (answer_first_ || own != now_)) {
      answer(now_);
    } else {
      engine_.advance_to(now_);
    }
  }
}

void PlainBench::start(std::uint32_t address, std::uint32_t bytes, base::Picoseconds now) {
  now_ = now;
  engine_.write_register(MW_REG_DESCRIPTOR_REGION, MW_REGION_PROGRAM, now);
  engine_.write_register(MW_REG_DESCRIPTOR_OFFSET, address, now);
  engine_.write_register(MW_REG_DESCRIPTOR_BYTES, bytes, now);
  engine_.write_register(MW_REG_CONTROL, 1, now);
}

void PlainBench::run_descriptor(const void* descriptor, std::uint32_t bytes,
                                std::uint32_t address) {
  std::memcpy(memory_.data() + address, descriptor, bytes);
  start(address, bytes, now_);
  run();
  engine_.write_register(MW_REG_INTERRUPT, 1, now_);
}

}  // namespace milliwatt::shell::testing
