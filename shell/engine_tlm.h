// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "base/clock.h"
#include "memory/burst_port_tlm.h"
#include "memory/register_tlm.h"
#include "memory/target_core.h"
#include "shell/engine_core.h"
#include "shell/window_tlm.h"

namespace milliwatt::shell {

/// An engine on the bus: registers behind one target socket, a burst port per DMA channel, an
/// interrupt, and a second target for the memory window where the machine has one. All behaviour
/// is the EngineCore's; this module passes calls on and wakes it when it says, so that a burst
/// costs no activation beside the bus's, and a moment at which steps end costs one.
class EngineTlm : public sc_core::sc_module, private EnginePort {
 public:
  /// The line has `level` from `when` on. May be called from within a bus access.
  using OnInterrupt = std::function<void(base::Picoseconds when, bool level)>;

  /// `registers`: timing of the register target. `machine` and `registers` outlive the module.
  EngineTlm(const sc_core::sc_module_name& name, const EngineConfig& config,
            const base::Clock& clock, Machine& machine, const memory::TargetCore& registers);

  void on_interrupt(OnInterrupt callback) { on_interrupt_ = std::move(callback); }

  EngineCore& core() { return core_; }
  const EngineCore& core() const { return core_; }
  int channels() const { return core_.channels(); }
  memory::BurstPort& port(int channel) { return *ports_.at(static_cast<std::size_t>(channel)); }
  memory::RegisterTlm& registers() { return registers_; }
  /// nullptr when the engine has no window.
  WindowTlm* window() { return window_.get(); }
  /// How often the kernel has run this module.
  std::uint64_t activations() const { return activations_; }

 private:
  void issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
             std::uint8_t* data) override;
  void interrupt(base::Picoseconds when, bool level) override;

  void build_ports();
  void wake();
  void schedule();

  EngineCore core_;
  std::vector<std::unique_ptr<memory::BurstPort>> ports_;
  memory::RegisterTlm registers_;
  std::unique_ptr<WindowTlm> window_;
  OnInterrupt on_interrupt_;
  sc_core::sc_event wake_;
  base::Picoseconds scheduled_;  ///< time of wake_'s notification; kNever when there is none
  std::uint64_t activations_ = 0;
};

}  // namespace milliwatt::shell
