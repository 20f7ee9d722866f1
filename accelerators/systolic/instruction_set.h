// SPDX-License-Identifier: Apache-2.0
// Which instructions the hot kernels may use. Every kernel gives the same bytes on every set.
#pragma once

#include <vector>

namespace milliwatt::systolic {

/// Ordered: a later set contains the earlier ones.
enum class InstructionSet { kPortable, kAvx2, kAvx512Vnni };

const char* instruction_set_name(InstructionSet set);

/// The sets of the CPU that runs the program, kPortable first.
std::vector<InstructionSet> available_instruction_sets();
InstructionSet best_instruction_set();

}  // namespace milliwatt::systolic

// Compiles one function for a set, whatever the flags of the file. MILLIWATT_X86 guards the code
// that exists only there.
#if defined(__x86_64__)
#define MILLIWATT_X86 1
#define MILLIWATT_TARGET_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define MILLIWATT_TARGET_AVX512 \
  __attribute__((target("avx2,bmi,popcnt,avx512f,avx512bw,avx512vl,avx512vnni")))
#else
#define MILLIWATT_X86 0
#endif
