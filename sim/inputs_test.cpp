// SPDX-License-Identifier: Apache-2.0
#include "sim/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "workloads/graph_testing.h"
#include "workloads/seeded.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;
using workloads::Bytes;

/// Two inputs: 'left' of two int8, 'right' of one.
workloads::Graph two_inputs() {
  workloads::Graph graph = workloads::testing::single(
      workloads::OperatorKind::kAdd, workloads::Add{},
      {workloads::testing::int8_tensor({1, 2}), workloads::testing::int8_tensor({1, 1}),
       workloads::testing::int8_tensor({1, 2})},
      2);
  graph.tensors[0].name = "left";
  graph.tensors[1].name = "right";
  return graph;
}

class InputsTest : public ::testing::Test {
 protected:
  InputsTest() : graph_{two_inputs()} {
    scratch_.write("ab", "ab");
    scratch_.write("c", "c");
    scratch_.write("abcdef", "abcdef");
    scratch_.write("xyz", "xyz");
  }

  Inputs load(const std::vector<std::string>& files,
              std::optional<std::uint32_t> invocations = std::nullopt) const {
    InputRequest request;
    for (const std::string& file : files) {
      const std::size_t name = file.find('=') + 1;
      request.files.push_back(file.substr(0, name) + scratch_.path(file.substr(name)));
    }
    request.invocations = invocations;
    return load_inputs(graph_, request);
  }

  std::string fault_of(const std::vector<std::string>& files,
                       std::optional<std::uint32_t> invocations = std::nullopt) const {
    try {
      load(files, invocations);
    } catch (const base::UserError& error) {
      return error.what();
    }
    return "";
  }

  base::ScratchFolder scratch_;
  workloads::Graph graph_;
};

TEST_F(InputsTest, FilesStandInTheOrderOfTheInputsOrHaveNames) {
  const std::vector<std::vector<Bytes>> expected = {{{'a', 'b'}, {'c'}}};
  EXPECT_EQ(load({"ab", "c"}).invocations, expected);
  EXPECT_EQ(load({"right=c", "left=ab"}).invocations, expected);
  EXPECT_EQ(load({"right=c", "ab"}).invocations, expected);
  EXPECT_EQ(load({"ab", "right=c"}).invocations, expected);
}

TEST_F(InputsTest, AFileServesAllInvocationsOrHasOneForEach) {
  const std::vector<std::vector<Bytes>> expected = {
      {{'a', 'b'}, {'x'}}, {{'c', 'd'}, {'y'}}, {{'e', 'f'}, {'z'}}};
  EXPECT_EQ(load({"abcdef", "xyz"}).invocations, expected);
  EXPECT_EQ(load({"abcdef", "xyz"}, 3).invocations, expected);
  const auto constant = load({"abcdef", "c"}).invocations;
  ASSERT_EQ(constant.size(), 3U);
  EXPECT_EQ(constant[2], (std::vector<Bytes>{{'e', 'f'}, {'c'}}));
  const auto same = load({"ab", "c"}, 2).invocations;
  ASSERT_EQ(same.size(), 2U);
  EXPECT_EQ(same[0], same[1]);
}

TEST_F(InputsTest, NumbersThatDisagreeAreRefused) {
  EXPECT_THAT(
      fault_of({"abcdef", "xyz"}, 2),
      HasSubstr("abcdef: holds the input of 3 invocations, but option '--invocations' asks "
                "for 2; a file holds one input, which serves all of them, or one for each"));
  EXPECT_THAT(fault_of({"abcdef", "xyz"}, 1), HasSubstr("asks for 1"));
  EXPECT_THAT(fault_of({"abcdef", "ab"}), HasSubstr("/ab: holds the input of 2 invocations, but "));
  EXPECT_THAT(fault_of({"abcdef", "ab"}), HasSubstr("/abcdef that of 3; "));
  EXPECT_EQ(fault_of({"ab", "c"}, 0), "option '--invocations': 0; allowed: 1 to 65536");
  EXPECT_EQ(fault_of({"ab", "c"}, 65537), "option '--invocations': 65537; allowed: 1 to 65536");
}

TEST_F(InputsTest, EveryInputNeedsAFile) {
  EXPECT_EQ(fault_of({"ab"}),
            "option '--input': the network has 2 inputs, 1 files given; give one for each, in this "
            "order or as NAME=FILE: 'left' (int8 [1, 2]), 'right' (int8 [1, 1])");
  EXPECT_THAT(fault_of({"ab", "c", "c"}), HasSubstr("3 files given"));
  EXPECT_EQ(fault_of({"left=ab", "left=ab"}), "option '--input': 'left' is given twice");
  EXPECT_THAT(fault_of({"ab", "ab"}, 1), HasSubstr("holds the input of 2 invocations"))
      << "two bytes for the one of 'right'";
}

TEST_F(InputsTest, WithoutFilesAreSeeded) {
  InputRequest request;
  request.seed = 7;
  EXPECT_EQ(load_inputs(graph_, request).invocations, workloads::seeded_inputs(graph_, 7, 1));
  request.invocations = 3;
  const Inputs three = load_inputs(graph_, request);
  EXPECT_EQ(three.invocations, workloads::seeded_inputs(graph_, 7, 3));
  EXPECT_EQ(three.origin, "seed 7, one stream");
}

}  // namespace
}  // namespace milliwatt::sim
