// SPDX-License-Identifier: Apache-2.0
// Simulations cannot touch each other: many in one process give the bytes of one process each.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "sim/testing/fingerprint.h"

namespace milliwatt::sim {
namespace {

using testing::fingerprint;

constexpr std::uint32_t kSystems = 40;

/// The fingerprint made by a process of its own.
std::string fingerprint_apart(std::uint32_t seed) {
  int ends[2];
  if (pipe(ends) != 0) {
    return "no pipe";
  }
  const pid_t child = fork();
  if (child == 0) {
    const std::string digest = fingerprint(seed);
    const bool written = write(ends[1], digest.data(), digest.size()) > 0;
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  char digest[64] = {};
  const ssize_t length = read(ends[0], digest, sizeof digest - 1);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return length > 0 && status == 0 ? digest : "the child failed";
}

TEST(ManySimulations, InOneProcessGiveTheBytesOfOneProcessEach) {
  std::vector<std::string> apart;
  for (std::uint32_t seed = 0; seed < kSystems; ++seed) {
    apart.push_back(fingerprint_apart(seed));
  }
  for (std::uint32_t seed = kSystems; seed > 0; --seed) {
    EXPECT_EQ(fingerprint(seed - 1), apart[seed - 1]) << "seed " << seed - 1;
  }
}

TEST(ManySimulations, RepeatedGiveTheSame) {
  const std::string once = fingerprint(7);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(fingerprint(7), once);
  }
}

}  // namespace
}  // namespace milliwatt::sim
