// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <systemc>

#include "base/clock.h"
#include "mcu/native_host.h"
#include "memory/burst_port_tlm.h"

namespace milliwatt::mcu {

/// The native host on the bus: does the actions of a NativeHost on a BurstPort. It runs ahead of
/// the kernel between bursts, so that it costs no activation beside those of the bus, and one at
/// the start of a section. A burst is offered on an edge of the host's clock, and a response or an
/// interrupt counts from the first edge at or after it.
class NativeHostTlm : public sc_core::sc_module {
 public:
  using Section = NativeHost::Section;
  /// `t`: time of the mark or end, not before the kernel's time. All writes of the host before
  /// then are in memory.
  using OnMark = std::function<void(int layer, base::Picoseconds t)>;
  using OnDone = std::function<void(Section section, base::Picoseconds t)>;

  /// `host` computes values and outlives the module.
  NativeHostTlm(const sc_core::sc_module_name& name, NativeHost& host, const base::Clock& clock);

  void on_mark(OnMark callback) { on_mark_ = std::move(callback); }
  void on_done(OnDone callback) { on_done_ = std::move(callback); }

  /// Starts a section at the first edge at or after `t` (not before the kernel's time): before the
  /// simulation runs, or later, also from within on_done.
  void begin(Section section, base::Picoseconds t);

  /// The interrupt line of `engine` has `level` from time `when` on.
  void interrupt(std::uint32_t engine, base::Picoseconds when, bool level);

  /// One line on what the host waits for, for the report of a stuck simulation; empty when no
  /// section is running.
  std::string outstanding() const;

  memory::BurstPort port;

 private:
  void start();
  void resume(base::Cycles now);
  /// Hands out actions until one has to wait for the bus or an engine.
  void run();
  /// True when the action is done, in cycle now_.
  bool perform(const HostAction& action);
  bool wait_for(std::uint32_t engine);

  NativeHost& host_;
  base::Clock clock_;
  OnMark on_mark_;
  OnDone on_done_;
  sc_core::sc_event start_;
  Section section_ = Section::kSetup;
  base::Picoseconds begin_ = 0;
  base::Cycles now_ = 0;
  bool active_ = false;   ///< a section is running
  bool running_ = false;  ///< run() is on the stack
  bool ready_ = false;    ///< the last action is done
  std::optional<std::uint32_t> sleeping_on_;
  std::map<std::uint32_t, base::Picoseconds> pending_;  ///< engines whose line is high, since when
};

}  // namespace milliwatt::mcu
