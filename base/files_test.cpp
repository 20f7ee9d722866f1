// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/scratch_folder.h"

namespace milliwatt::base {
namespace {

std::string fault_of(const std::string& path, std::int64_t limit = kLargestInputBytes) {
  try {
    read_file(path, limit);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ReadFile, GivesEveryByte) {
  const ScratchFolder folder;
  std::string bytes(200'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 31);
  }
  folder.write("large", bytes);
  folder.write("empty", "");
  EXPECT_EQ(read_file(folder.path("large")), bytes);
  EXPECT_EQ(read_file(folder.path("empty")), "");
}

TEST(ReadFile, NamesThePathAsGiven) {
  EXPECT_EQ(fault_of("no/such/file"), "no/such/file: no such file");
  EXPECT_EQ(fault_of(""), "'': no such file");
  EXPECT_EQ(fault_of("/"), "/: is a directory, not a file");
}

TEST(ReadFile, RefusesOneByteTooMany) {
  const ScratchFolder folder;
  folder.write("ten", "0123456789");
  EXPECT_EQ(fault_of(folder.path("ten"), 10), "");
  EXPECT_EQ(fault_of(folder.path("ten"), 9), folder.path("ten") + ": is larger than 9 bytes");
  EXPECT_EQ(fault_of("/dev/zero", 100), "/dev/zero: is larger than 100 bytes");
}

}  // namespace
}  // namespace milliwatt::base
