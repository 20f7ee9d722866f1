// SPDX-License-Identifier: Apache-2.0
// One SystemC simulation, and time as the rest of milliwatt counts it.
#pragma once

#include <exception>
#include <memory>
#include <systemc>

#include "base/clock.h"

namespace milliwatt::memory {

/// Kernel time is in picoseconds (checked by Kernel), so both conversions are exact integers.
inline sc_core::sc_time to_sc_time(base::Picoseconds t) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(t));
}
inline base::Picoseconds to_picoseconds(const sc_core::sc_time& t) {
  return static_cast<base::Picoseconds>(t.value());
}
inline base::Picoseconds kernel_now() { return to_picoseconds(sc_core::sc_time_stamp()); }

/// A SystemC kernel of its own for one simulation, so that many simulations can follow each other
/// in one process. Modules are built while it lives and destroyed before it; kernels nest like
/// scopes and belong to one thread.
///
/// SystemC knows one context per process through two global pointers. A Kernel puts a fresh context
/// there and takes it away again. The context that was there first is kept for ever: events with
/// static storage inside the library refer to it. Nothing may keep a non-zero sc_time across
/// kernels in static storage.
///
/// While a Kernel lives, every SystemC warning, error and fatal report is an exception.
class Kernel {
 public:
  Kernel();
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  /// Runs until no event is left. An exception of a process comes out with its own type; a SystemC
  /// report as SimulationError with its message.
  void run();
  base::Picoseconds now() const { return kernel_now(); }

 private:
  class Context;

  std::unique_ptr<Context> context_;
  sc_core::sc_simcontext* outer_current_;
  sc_core::sc_simcontext* outer_default_;
  sc_core::sc_report_handler_proc outer_handler_;
};

}  // namespace milliwatt::memory
