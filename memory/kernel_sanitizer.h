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
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace milliwatt::memory {

// libsystemc announces every switch to a coroutine, but says neither where the main stack lies nor
// that a thread has ended. From then on AddressSanitizer looks at the wrong stack when an exception
// is thrown, keeps the frames that it leaves as poisoned, and reports whoever uses them next.

#ifdef MILLIWATT_ADDRESS_SANITIZER

/// To be called where the exception of a process surfaces: the frames that it left are free.
inline void forget_unwound_frames() {
  constexpr std::size_t kReach = 64 * 1024;
  char* here = static_cast<char*>(__builtin_frame_address(0));
  __asan_unpoison_memory_region(here - kReach, 2 * kReach);
}

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

inline void forget_unwound_frames() {}
struct StackGuard {
  ~StackGuard() {}
};

#endif

}  // namespace milliwatt::memory
