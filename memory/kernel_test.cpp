// SPDX-License-Identifier: Apache-2.0
#include "memory/kernel.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "base/error.h"
#include "memory/kernel_sanitizer.h"

namespace milliwatt::memory {
namespace {

struct OddError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Fires `pulses` times, `period` apart, and then does what the test wants.
class Pulse : public sc_core::sc_module {
 public:
  Pulse(const sc_core::sc_module_name& name, int pulses, base::Picoseconds period,
        std::function<void()> last)
      : sc_module{name}, left_{pulses}, period_{period}, last_{std::move(last)} {
    SC_HAS_PROCESS(Pulse);
    SC_METHOD(fire);
  }

 private:
  void fire() {
    if (left_-- > 0) {
      next_trigger(to_sc_time(period_));
    } else {
      last_();
    }
  }

  int left_;
  base::Picoseconds period_;
  std::function<void()> last_;
};

/// A thread that does what the test wants after a wait.
class Thread : public sc_core::sc_module {
 public:
  Thread(const sc_core::sc_module_name& name, std::function<void()> body)
      : sc_module{name}, body_{std::move(body)} {
    SC_HAS_PROCESS(Thread);
    SC_THREAD(run);
  }

 private:
  void run() {
    wait(to_sc_time(5));
    body_();
  }

  std::function<void()> body_;
};

TEST(Kernel, RunsUntilNothingIsLeft) {
  Kernel kernel;
  int fired = 0;
  Pulse pulse{"pulse", 3, 1'667, [&] { ++fired; }};
  kernel.run();
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(kernel.now(), 3 * 1'667);
}

TEST(Kernel, MayRunAgainAndMayHaveNothingToRun) {
  Kernel kernel;
  sc_core::sc_event event{"event"};
  kernel.run();
  EXPECT_EQ(kernel.now(), 0);
  event.notify(to_sc_time(5));
  kernel.run();
  EXPECT_EQ(kernel.now(), 5);
  kernel.run();
  EXPECT_EQ(kernel.now(), 5);
}

TEST(Kernel, EveryKernelStartsAtZeroWithFreshNames) {
  for (int i = 0; i < 3; ++i) {
    Kernel kernel;
    EXPECT_EQ(kernel.now(), 0);
    Pulse pulse{"pulse", 1, 7, [] {}};
    EXPECT_STREQ(pulse.name(), "pulse");
    kernel.run();
    EXPECT_EQ(kernel.now(), 7);
  }
}

TEST(Kernel, NestsLikeScopes) {
  Kernel outer;
  int fired = 0;
  Pulse pulse{"pulse", 2, 10, [&] { ++fired; }};
  {
    Kernel inner;
    Pulse other{"pulse", 1, 3, [&] { fired += 100; }};
    inner.run();
    EXPECT_EQ(inner.now(), 3);
  }
  outer.run();
  EXPECT_EQ(outer.now(), 20);
  EXPECT_EQ(fired, 101);
}

TEST(Kernel, ConvertsTimeExactly) {
  Kernel kernel;
  for (const base::Picoseconds t : {base::Picoseconds{0}, base::Picoseconds{1},
                                    base::Picoseconds{1'667}, base::Picoseconds{1} << 62}) {
    EXPECT_EQ(to_picoseconds(to_sc_time(t)), t);
  }
}

TEST(Kernel, ExceptionOfAMethodKeepsItsType) {
  Kernel kernel;
  Pulse pulse{"pulse", 1, 5, [] { throw OddError("odd"); }};
  try {
    kernel.run();
    FAIL() << "no exception";
  } catch (const OddError& error) {
    EXPECT_STREQ(error.what(), "odd");
  }
}

TEST(Kernel, ExceptionOfAThreadKeepsItsType) {
  Kernel kernel;
  Thread thread{"thread", [] { throw base::InternalError("broken promise"); }};
  EXPECT_THROW(kernel.run(), base::InternalError);
}

TEST(Kernel, ExceptionOfOneKernelDoesNotLeakIntoTheNext) {
  {
    Kernel kernel;
    Thread thread{"thread", [] { throw OddError("odd"); }};
    EXPECT_THROW(kernel.run(), OddError);
  }
  Kernel kernel;
  Pulse pulse{"pulse", 1, 5, [] {}};
  EXPECT_NO_THROW(kernel.run());
}

TEST(Kernel, WarningInAProcessFailsTheRun) {
  Kernel kernel;
  Pulse pulse{"pulse", 1, 5, [] { SC_REPORT_WARNING("odd", "a thing to look at"); }};
  try {
    kernel.run();
    FAIL() << "no exception";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "SystemC: odd: a thing to look at (in pulse.fire)");
  }
}

TEST(Kernel, WarningOutsideAProcessFailsToo) {
  Kernel kernel;
  Pulse pulse{"pulse", 1, 5, [] {}};
  // The second module of a name is renamed with a warning.
  EXPECT_THROW(Pulse("pulse", 1, 5, [] {}), base::SimulationError);
}

TEST(Kernel, UnboundPortFailsTheRun) {
  struct Lonely : sc_core::sc_module {
    explicit Lonely(const sc_core::sc_module_name& name) : sc_module{name} {}
    sc_core::sc_in<bool> port{"port"};
  };
  Kernel kernel;
  Lonely lonely{"lonely"};
  EXPECT_THROW(kernel.run(), base::SimulationError);
}

TEST(Kernel, InformationIsNoError) {
  Kernel kernel;
  Pulse pulse{"pulse", 1, 5, [] { SC_REPORT_INFO("odd", "only to say"); }};
  EXPECT_NO_THROW(kernel.run());
}

TEST(Kernel, RestoresTheReportHandler) {
  const auto before = sc_core::sc_report_handler::get_handler();
  {
    Kernel kernel;
    EXPECT_NE(sc_core::sc_report_handler::get_handler(), before);
  }
  EXPECT_EQ(sc_core::sc_report_handler::get_handler(), before);
}

/// Resident set in KiB, or 0 where /proc does not tell.
long resident_kib() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  return statm >> pages >> resident ? resident * 4 : 0;
}

TEST(Kernel, TwoThousandSimulationsInOneProcess) {
  const auto simulate = [] {
    Kernel kernel;
    int fired = 0;
    Pulse pulse{"pulse", 4, 1'667, [&] { fired += 1; }};
    Thread thread{"thread", [&] {
                    sc_core::wait(to_sc_time(100));
                    fired += 10;
                  }};
    kernel.run();
    return std::pair{fired, kernel.now()};
  };
  for (int i = 0; i < 100; ++i) simulate();  // lets the heap find its size
  const long before = resident_kib();
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(simulate(), (std::pair{11, base::Picoseconds{6'668}}));
#ifndef MILLIWATT_ADDRESS_SANITIZER  // which keeps freed memory on purpose and finds leaks itself
  // A context is about 6 KiB and a thread's stack 64 KiB; leaking either would be 12 MiB and more.
  EXPECT_LE(resident_kib() - before, 2'048);
#else
  EXPECT_GT(before, 0);
#endif
}

}  // namespace
}  // namespace milliwatt::memory
