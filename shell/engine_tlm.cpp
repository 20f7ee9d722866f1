// SPDX-License-Identifier: Apache-2.0
#include "shell/engine_tlm.h"

#include <string>

#include "memory/kernel.h"

namespace milliwatt::shell {

EngineTlm::EngineTlm(const sc_core::sc_module_name& name, const EngineConfig& config,
                     const base::Clock& clock, Machine& machine,
                     const memory::TargetCore& registers)
    : sc_module{name},
      core_{config, clock, machine, *this},
      registers_{
          "registers", registers,
          [this](std::uint64_t offset, base::Picoseconds) { return core_.read_register(offset); },
          [this](std::uint64_t offset, std::uint32_t value, base::Picoseconds t) {
            core_.write_register(offset, value, t);
            schedule();
          }},
      scheduled_{kNever} {
  build_ports();
  if (config.window) {
    window_ = std::make_unique<WindowTlm>("window", core_.memory().buffer(*config.window));
  }
  SC_HAS_PROCESS(EngineTlm);
  SC_METHOD(wake);
  sensitive << wake_;
  dont_initialize();
}

void EngineTlm::build_ports() {
  for (int channel = 0; channel < core_.channels(); ++channel) {
    const std::string name = "channel" + std::to_string(channel);
    ports_.push_back(std::make_unique<memory::BurstPort>(name.c_str()));
    ports_.back()->on_response([this, channel](base::Picoseconds done) {
      core_.burst_done(channel, done);
      schedule();
    });
  }
}

void EngineTlm::issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
                      std::uint8_t* data) {
  port(channel).issue(offer, burst, data);
}

void EngineTlm::interrupt(base::Picoseconds when, bool level) {
  if (on_interrupt_) {
    on_interrupt_(when, level);
  }
}

void EngineTlm::wake() {
  ++activations_;
  scheduled_ = kNever;
  core_.advance_to(memory::kernel_now());
  schedule();
}

void EngineTlm::schedule() {
  const base::Picoseconds next = core_.next_event().value_or(kNever);
  if (next == scheduled_) {
    return;
  }
  wake_.cancel();
  scheduled_ = next;
  if (next != kNever) {
    wake_.notify(memory::to_sc_time(next - memory::kernel_now()));
  }
}

}  // namespace milliwatt::shell
