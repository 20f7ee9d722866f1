// SPDX-License-Identifier: Apache-2.0
// Keeps AddressSanitizer right about stacks while SystemC runs coroutines.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLIWATT_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MILLIWATT_ADDRESS_SANITIZER
#endif

#ifdef MILLIWATT_ADDRESS_SANITIZER
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace milliwatt::memory {

// libsystemc announces every switch to a coroutine, but says neither where the main stack lies nor
// that a thread has ended. From then on AddressSanitizer looks at the wrong stack when an exception
// is thrown, keeps the frames that it leaves as poisoned, and reports whoever uses them next. So
// kernel.cpp frees the frames itself at every throw, and this guard puts the stack right
// afterwards.

#ifdef MILLIWATT_ADDRESS_SANITIZER

/// Lives as long as the kernel runs; afterwards the thread is on its own stack again.
struct StackGuard {
  ~StackGuard() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void* bottom = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &bottom, &size);
    pthread_attr_destroy(&attributes);
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, bottom, size);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  }
};

#else

struct StackGuard {
  ~StackGuard() {}
};

#endif

}  // namespace milliwatt::memory
