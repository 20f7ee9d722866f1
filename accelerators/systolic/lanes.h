// SPDX-License-Identifier: Apache-2.0
// Columns of the exact arrays as lanes of vectors.
#pragma once

#include <algorithm>
#include <cstdint>

#include "accelerators/systolic/instruction_set.h"
#include "base/clock.h"

namespace milliwatt::systolic {

/// A register with its tag: an int8 value as 16 bits below a 16-bit tag of 1.
constexpr std::uint32_t tagged(std::int8_t value) {
  return 0x10000u | static_cast<std::uint16_t>(value);
}

/// Vectors of one block of columns, as wide as those of the instruction set.
template <int kLanes>
struct Block;

template <>
struct Block<4> {
  typedef std::int16_t Halves __attribute__((vector_size(16)));
  typedef std::int32_t Words __attribute__((vector_size(16)));
};

template <>
struct Block<8> {
  typedef std::int16_t Halves __attribute__((vector_size(32)));
  typedef std::int32_t Words __attribute__((vector_size(32)));
};

template <>
struct Block<16> {
  typedef std::int16_t Halves __attribute__((vector_size(64)));
  typedef std::int32_t Words __attribute__((vector_size(64)));
};

/// The set whose blocks fit: a narrow array would leave half of a 16-lane block empty.
inline InstructionSet block_set(std::int32_t columns, InstructionSet set) {
  return columns <= 8 ? std::min(set, InstructionSet::kAvx2) : set;
}

/// Columns rounded up to whole blocks.
inline std::int32_t padded_lanes(std::int32_t columns, InstructionSet set) {
  const std::int32_t block = set == InstructionSet::kPortable ? 4
                             : set == InstructionSet::kAvx2   ? 8
                                                              : 16;
  return (columns + block - 1) / block * block;
}

template <template <int> class Step, typename Array>
void run_portable(Array& array, base::Cycles cycles) {
  Step<4>::run(array, cycles);
}

#if MILLIWATT_X86
template <template <int> class Step, typename Array>
MILLIWATT_TARGET_AVX2 void run_avx2(Array& array, base::Cycles cycles) {
  Step<8>::run(array, cycles);
}

template <template <int> class Step, typename Array>
MILLIWATT_TARGET_AVX512 void run_avx512(Array& array, base::Cycles cycles) {
  Step<16>::run(array, cycles);
}
#endif

/// Step<lanes>::run(array, cycles), inlined into code for the instruction set.
template <template <int> class Step, typename Array>
void run_lanes(InstructionSet set, Array& array, base::Cycles cycles) {
  switch (set) {
#if MILLIWATT_X86
    case InstructionSet::kAvx2:
      run_avx2<Step>(array, cycles);
      break;
    case InstructionSet::kAvx512Vnni:
      run_avx512<Step>(array, cycles);
      break;
#endif
    default:
      run_portable<Step>(array, cycles);
  }
}

}  // namespace milliwatt::systolic
