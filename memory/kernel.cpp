// SPDX-License-Identifier: Apache-2.0
#include "memory/kernel.h"

#include <cstring>
#include <string>

#include "base/error.h"
#include "memory/kernel_sanitizer.h"

/// libsystemc brings a main() that calls this; ours never does.
extern "C" int sc_main(int /*argc*/, char* /*argv*/[]) { return 1; }

#ifdef MILLIWATT_ADDRESS_SANITIZER
#include <dlfcn.h>
#include <sanitizer/asan_interface.h>

using Destroy = void (*)(void*);
/// Stands before the __cxa_throw of the C++ library: nothing near the top of the stack stays
/// poisoned. Declared under its symbol only, for the compiler has a declaration of its own.
extern "C" void throw_from_clean_stack(void* thrown, void* type,
                                       Destroy destroy) __asm__("__cxa_throw");

extern "C" void throw_from_clean_stack(void* thrown, void* type, Destroy destroy) {
  constexpr std::size_t kReach = 64 * 1024;
  char* here = static_cast<char*>(__builtin_frame_address(0));
  __asan_unpoison_memory_region(here - kReach, 2 * kReach);
  using Throw = void (*)(void*, void*, Destroy);
  reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"))(thrown, type, destroy);
  __builtin_unreachable();
}
#endif

namespace milliwatt::memory {

/// The context also keeps the exception that ended a process: SystemC would pass on its text only.
class Kernel::Context : public sc_core::sc_simcontext {
 public:
  static void on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions);

  std::exception_ptr failure;
};

namespace {

bool is(const sc_core::sc_report& report, const char* type) {
  return std::strcmp(report.get_msg_type(), type) == 0;
}

std::string text_of(const sc_core::sc_report& report) {
  std::string text = std::string("SystemC: ") + report.get_msg_type();
  if (*report.get_msg() != '\0') text += std::string(": ") + report.get_msg();
  if (report.get_process_name()) text += std::string(" (in ") + report.get_process_name() + ")";
  return text;
}

}  // namespace

void Kernel::Context::on_report(const sc_core::sc_report& report,
                                const sc_core::sc_actions& /*actions*/) {
  if (report.get_severity() == sc_core::SC_INFO) return;
  if (is(report, sc_core::SC_ID_NO_SC_START_ACTIVITY_)) return;  // there was nothing left to run
  // This handler is installed exactly while a Context is the current one.
  auto* context = static_cast<Context*>(sc_core::sc_get_curr_simcontext());
  if (is(report, sc_core::SC_ID_SIMULATION_UNCAUGHT_EXCEPTION_)) {
    // The kernel reports from inside its handler of the process's exception.
    if (!context->failure) context->failure = std::current_exception();
    throw report;
  }
  throw base::SimulationError(text_of(report));
}

Kernel::Kernel()
    : outer_current_{sc_core::sc_get_curr_simcontext()},
      outer_default_{sc_core::sc_default_global_context} {
  context_ = std::make_unique<Context>();
  sc_core::sc_curr_simcontext = context_.get();
  sc_core::sc_default_global_context = context_.get();
  outer_handler_ = sc_core::sc_report_handler::get_handler();
  sc_core::sc_report_handler::set_handler(&Context::on_report);
}

Kernel::~Kernel() {
  sc_core::sc_report_handler::set_handler(outer_handler_);
  context_.reset();
  sc_core::sc_curr_simcontext = outer_current_;
  sc_core::sc_default_global_context = outer_default_;
}

void Kernel::run() {
  if (sc_core::sc_get_time_resolution().to_seconds() != 1e-12) {
    throw base::InternalError("the time resolution of SystemC is not 1 ps");
  }
  try {
    const StackGuard guard;
    sc_core::sc_start();
  } catch (const sc_core::sc_report& report) {
    if (context_->failure) std::rethrow_exception(context_->failure);
    throw base::SimulationError(text_of(report));
  }
}

}  // namespace milliwatt::memory
