// SPDX-License-Identifier: Apache-2.0
#include "mcu/native_host_tlm.h"

#include <algorithm>

#include "base/error.h"
#include "memory/kernel.h"

namespace milliwatt::mcu {

NativeHostTlm::NativeHostTlm(const sc_core::sc_module_name& name, NativeHost& host,
                             const base::Clock& clock)
    : sc_module{name}, port{"port"}, host_{host}, clock_{clock} {
  port.on_response([this](base::Picoseconds done) { resume(clock_.cycle_at_or_after(done)); });
  SC_HAS_PROCESS(NativeHostTlm);
  SC_METHOD(start);
  sensitive << start_;
  dont_initialize();
}

void NativeHostTlm::begin(Section section, base::Picoseconds t) {
  if (active_) {
    throw base::InternalError(std::string(this->name()) + ": a section is running already");
  }
  active_ = true;
  section_ = section;
  begin_ = clock_.after(t, 0);
  start_.notify(memory::to_sc_time(begin_ - memory::kernel_now()));
}

void NativeHostTlm::start() {
  now_ = clock_.cycle_at_or_after(begin_);
  host_.begin(section_, now_);
  resume(now_);
}

void NativeHostTlm::resume(base::Cycles now) {
  now_ = std::max(now_, now);
  ready_ = true;
  if (!running_) {
    run();
  }
}

void NativeHostTlm::run() {
  running_ = true;
  while (ready_) {
    ready_ = false;
    if (perform(host_.next(now_))) {
      ready_ = true;
    }
  }
  running_ = false;
}

bool NativeHostTlm::perform(const HostAction& action) {
  switch (action.kind) {
    case HostAction::Kind::kRead:
    case HostAction::Kind::kWrite:
      port.issue(clock_.edge(now_), action.burst, action.data);
      return ready_;
    case HostAction::Kind::kWork:
      now_ += action.cycles;
      return true;
    case HostAction::Kind::kWaitInterrupt:
      return wait_for(action.engine);
    case HostAction::Kind::kMark:
      if (on_mark_) {
        on_mark_(action.layer, clock_.edge(now_));
      }
      return true;
    case HostAction::Kind::kDone:
      active_ = false;
      if (on_done_) {
        on_done_(section_, clock_.edge(now_));
      }
      return false;
  }
  throw base::InternalError("unknown host action");
}

bool NativeHostTlm::wait_for(std::uint32_t engine) {
  const auto line = pending_.find(engine);
  if (line == pending_.end()) {
    sleeping_on_ = engine;
    return false;
  }
  now_ = std::max(now_, clock_.cycle_at_or_after(line->second));
  return true;
}

void NativeHostTlm::interrupt(std::uint32_t engine, base::Picoseconds when, bool level) {
  if (!level) {
    pending_.erase(engine);
    return;
  }
  pending_.emplace(engine, when);
  if (sleeping_on_ == engine) {
    sleeping_on_.reset();
    resume(clock_.cycle_at_or_after(when));
  }
}

std::string NativeHostTlm::outstanding() const {
  if (!active_) {
    return {};
  }
  const std::string what =
      sleeping_on_  ? "sleeps until the interrupt of engine " + std::to_string(*sleeping_on_)
      : port.busy() ? std::string("waits for the bus")
                    : std::string("is about to begin");
  return host_.position() + ": " + what;
}

}  // namespace milliwatt::mcu
