// SPDX-License-Identifier: Apache-2.0
// Prints fingerprints of random systems, one line each, to compare builds by different compilers:
//
//     sim_fingerprints [SYSTEMS [FIRST]]
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "sim/testing/fingerprint.h"

int main(int argc, char** argv) {
  const unsigned long systems = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
  const unsigned long first = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
  try {
    for (unsigned long seed = first; seed < first + systems; ++seed) {
      const auto number = static_cast<std::uint32_t>(seed);
      std::printf("%lu %s\n", seed, milliwatt::sim::testing::fingerprint(number).c_str());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
