// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace milliwatt::app {

/// While it lives, Ctrl-C and a polite request to terminate do not end the process: they make a
/// descriptor readable, so that work can be put away first.
class StopSignals {
 public:
  /// Throws SimulationError when the system refuses.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  sigset_t outer_{};
  int descriptor_ = -1;
};

}  // namespace milliwatt::app
