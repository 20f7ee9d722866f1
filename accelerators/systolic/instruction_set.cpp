// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/instruction_set.h"

namespace milliwatt::systolic {

const char* instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kPortable:
      return "portable";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512Vnni:
      return "avx512-vnni";
  }
  return "?";
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets = {InstructionSet::kPortable};
#if MILLIWATT_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("popcnt")) {
    sets.push_back(InstructionSet::kAvx2);
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni")) {
      sets.push_back(InstructionSet::kAvx512Vnni);
    }
  }
#endif
  return sets;
}

InstructionSet best_instruction_set() { return available_instruction_sets().back(); }

}  // namespace milliwatt::systolic
