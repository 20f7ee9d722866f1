// SPDX-License-Identifier: Apache-2.0
#include "base/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/scratch_folder.h"

namespace milliwatt::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string fault_of(const std::string& path) {
  try {
    OutputDirectory out(path);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

void write_result(const std::string& path, const std::string& extra) {
  OutputDirectory out(path);
  out.add("results.json", "{}");
  out.add(extra, "extra");
  out.commit();
}

TEST(OutputDirectory, WritesNothingBeforeCommit) {
  const ScratchFolder folder;
  {
    OutputDirectory out(folder.path("out"));
    out.add("results.json", "{}");
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(OutputDirectory, CommitsFilesAndTheirList) {
  const ScratchFolder folder;
  write_result(folder.path("deep/out/"), "tensors/0.npy");
  EXPECT_THAT(folder.names(),
              ElementsAre("deep", "deep/out", "deep/out/files.txt", "deep/out/results.json",
                          "deep/out/tensors", "deep/out/tensors/0.npy"));
  EXPECT_EQ(folder.read("deep/out/tensors/0.npy"), "extra");
  EXPECT_EQ(folder.read("deep/out/files.txt"), "results.json\ntensors/0.npy\n");
}

TEST(OutputDirectory, FillsAnEmptyFolder) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path("out"));
  write_result(folder.path("out"), "layers.csv");
  EXPECT_THAT(folder.names(),
              ElementsAre("out", "out/files.txt", "out/layers.csv", "out/results.json"));
}

TEST(OutputDirectory, ReplacesAnEarlierResultAsAWhole) {
  const ScratchFolder folder;
  write_result(folder.path("out"), "tensors/old.npy");
  write_result(folder.path("out"), "layers.csv");
  EXPECT_THAT(folder.names(),
              ElementsAre("out", "out/files.txt", "out/layers.csv", "out/results.json"));
}

TEST(OutputDirectory, RefusesFoldersWithFilesOfOthers) {
  const ScratchFolder folder;
  folder.write("out/notes.txt", "mine");
  EXPECT_THAT(fault_of(folder.path("out")), HasSubstr("holds 'notes.txt'"));
  folder.write("json/results.json", "of another program");
  EXPECT_THAT(fault_of(folder.path("json")), HasSubstr("holds 'results.json'"));
  write_result(folder.path("mixed"), "layers.csv");
  EXPECT_EQ(fault_of(folder.path("mixed")), "");
  folder.write("mixed/sub/notes.txt", "mine");
  EXPECT_THAT(fault_of(folder.path("mixed")), HasSubstr("holds 'sub/notes.txt'"));
}

TEST(OutputDirectory, LooksAgainAtCommit) {
  const ScratchFolder folder;
  OutputDirectory out(folder.path("out"));
  out.add("results.json", "{}");
  folder.write("out/notes.txt", "came later");
  EXPECT_THROW(out.commit(), UserError);
  EXPECT_THAT(folder.names(), ElementsAre("out", "out/notes.txt"));
}

TEST(OutputDirectory, RefusesFilesAndTheWorkingDirectory) {
  const ScratchFolder folder;
  folder.write("file", "x");
  EXPECT_THAT(fault_of(folder.path("file")), HasSubstr("is a file"));
  EXPECT_THAT(fault_of("."), HasSubstr("'.': is the working directory, which a result would"));
  EXPECT_THAT(fault_of(".."), HasSubstr("'..': holds the working directory"));
  EXPECT_THAT(fault_of("/"), HasSubstr("'/': holds the working directory, which a result would "
                                       "replace; name a new folder, for example '/result'"));
  EXPECT_THAT(fault_of(""), HasSubstr("is the working directory"));
}

TEST(OutputDirectory, FailureHalfWayLeavesTheEarlierResult) {
  const ScratchFolder folder;
  write_result(folder.path("out"), "layers.csv");
  const auto before = folder.names();
  OutputDirectory out(folder.path("out"));
  out.add("a", "written first");
  out.add("results.json", "new");
  out.add("results.json/below", "a file cannot be a folder");
  EXPECT_THROW(out.commit(), UserError);
  EXPECT_EQ(folder.names(), before);
  EXPECT_EQ(folder.read("out/results.json"), "{}");
}

TEST(OutputDirectory, FailureHalfWayLeavesNothingNew) {
  const ScratchFolder folder;
  OutputDirectory out(folder.path("out"));
  out.add("a", "written first");
  out.add("a/b", "a file cannot be a folder");
  EXPECT_THROW(out.commit(), UserError);
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(OutputDirectory, FollowsALinkToAFolder) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path("real"));
  std::filesystem::create_directory_symlink("real", folder.path("link"));
  write_result(folder.path("link"), "layers.csv");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  EXPECT_EQ(folder.read("real/results.json"), "{}");
}

TEST(OutputDirectory, KnowsWhatLiesInside) {
  const ScratchFolder folder;
  const OutputDirectory out(folder.path("out"));
  EXPECT_EQ(out.name_inside(folder.path("out/tensors")), "tensors");
  EXPECT_EQ(out.name_inside(folder.path("out/tensors/")), "tensors");
  EXPECT_EQ(out.name_inside(folder.path("out/../other")), std::nullopt);
  EXPECT_EQ(out.name_inside(folder.path("outside")), std::nullopt);
}

TEST(OutputDirectory, NamesStayInside) {
  const ScratchFolder folder;
  OutputDirectory out(folder.path("out"));
  for (const char* name : {"", "/etc/x", "../x", "a/../../x", "a/", "."}) {
    EXPECT_THROW(out.add(name, "x"), InternalError) << name;
  }
}

}  // namespace
}  // namespace milliwatt::base
