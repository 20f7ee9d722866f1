// SPDX-License-Identifier: Apache-2.0
#include "app/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

namespace milliwatt::app {

StopSignals::StopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  descriptor_ = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0 || sigprocmask(SIG_BLOCK, &stop, &outer_) != 0) {
    throw base::SimulationError("the system gives no descriptor for signals");
  }
}

StopSignals::~StopSignals() {
  // What was received is taken, lest it end the process now.
  signalfd_siginfo taken;
  while (read(descriptor_, &taken, sizeof taken) > 0) {
  }
  close(descriptor_);
  sigprocmask(SIG_SETMASK, &outer_, nullptr);
}

}  // namespace milliwatt::app
