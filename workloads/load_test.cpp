// SPDX-License-Identifier: Apache-2.0
#include "workloads/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "workloads/npy.h"

namespace milliwatt::workloads {
namespace {

using Bytes = std::vector<std::uint8_t>;

class LoadTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::path(testing::TempDir()) / (std::string("milliwatt_load_") + test->name());
    std::filesystem::create_directories(folder_);
    input_.name = "image";
    input_.shape = {1, 2, 3};
    input_.quantization = {{0.5F}, {-128}, 0};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::string write_array(ElementType type, std::vector<std::int32_t> shape, std::size_t bytes) {
    return write("x.npy", format_npy({type, std::move(shape), Bytes(bytes, 7)}));
  }

  /// The message without the folder in front.
  std::string fault_of(const std::string& path) {
    try {
      load_inputs(path, input_);
    } catch (const base::UserError& error) {
      return std::string(error.what()).substr(folder_.string().size() + 1);
    }
    return "";
  }

  std::filesystem::path folder_;
  Tensor input_;
};

TEST_F(LoadTest, TakesArraysWithAndWithoutTheBatch) {
  EXPECT_EQ(load_inputs(write_array(ElementType::kInt8, {1, 2, 3}, 6), input_),
            std::vector<Bytes>{Bytes(6, 7)});
  EXPECT_EQ(load_inputs(write_array(ElementType::kInt8, {2, 3}, 6), input_),
            std::vector<Bytes>{Bytes(6, 7)});
  EXPECT_EQ(fault_of(write_array(ElementType::kInt8, {3, 2}, 6)),
            "x.npy: has shape [3, 2], but input 'image' takes [1, 2, 3]; N invocations take "
            "[N, 1, 2, 3]");
  input_.shape = {2, 3};
  EXPECT_EQ(fault_of(write_array(ElementType::kInt8, {3}, 3)),
            "x.npy: has shape [3], but input 'image' takes [2, 3]; N invocations take [N, 2, 3]");
}

TEST_F(LoadTest, FloatsAreRefusedWithTheFormulaToQuantizeThem) {
  EXPECT_EQ(fault_of(write_array(ElementType::kFloat32, {1, 2, 3}, 24)),
            "x.npy: holds float32, but input 'image' takes int8: quantize it first, "
            "stored = clip(round(real / 0.5) + -128)");
  EXPECT_EQ(fault_of(write_array(ElementType::kUint8, {1, 2, 3}, 6)),
            "x.npy: holds uint8, but input 'image' takes int8");
}

TEST_F(LoadTest, RawBytesMustFitExactly) {
  EXPECT_EQ(load_inputs(write("x.bin", "abcdef"), input_),
            std::vector<Bytes>{(Bytes{'a', 'b', 'c', 'd', 'e', 'f'})});
  EXPECT_EQ(fault_of(write("x.bin", "abcde")),
            "x.bin: has 5 bytes, but input 'image', int8 [1, 2, 3], takes 6; N invocations take N "
            "times as many");
  EXPECT_EQ(fault_of(write("x.bin", "abcdefg")),
            "x.bin: has 7 bytes, but input 'image', int8 [1, 2, 3], takes 6; N invocations take N "
            "times as many");
}

TEST_F(LoadTest, SeveralInvocationsStandOneBehindTheOther) {
  const std::vector<Bytes> two = {Bytes{1, 2, 3, 4, 5, 6}, Bytes{7, 8, 9, 10, 11, 12}};
  const Bytes both = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_EQ(load_inputs(write("x.bin", std::string(both.begin(), both.end())), input_), two);
  // In a dimension of their own, or in the place of the batch.
  for (const std::vector<std::int32_t>& shape :
       {std::vector<std::int32_t>{2, 1, 2, 3}, std::vector<std::int32_t>{2, 2, 3}}) {
    EXPECT_EQ(load_inputs(write("x.npy", format_npy({ElementType::kInt8, shape, both})), input_),
              two);
  }
  EXPECT_NE(fault_of(write_array(ElementType::kInt8, {2, 2, 1, 3}, 12)), "");
  EXPECT_NE(fault_of(write_array(ElementType::kInt8, {0, 2, 3}, 0)), "");
  EXPECT_NE(fault_of(write("x.bin", "")), "");
  // A batch of 2 is no row of invocations.
  input_.shape = {2, 3};
  EXPECT_EQ(load_inputs(write_array(ElementType::kInt8, {2, 3}, 6), input_).size(), 1U);
  EXPECT_EQ(load_inputs(write_array(ElementType::kInt8, {4, 2, 3}, 24), input_).size(), 4U);
  EXPECT_NE(fault_of(write_array(ElementType::kInt8, {4, 3}, 12)), "");
}

TEST_F(LoadTest, OtherNetworksAreRefused) {
  EXPECT_THROW(load_network(write("model.onnx", "whatever")), base::UserError);
  EXPECT_THROW(load_network(write("model.tflite", "whatever")), base::UserError);
  EXPECT_THROW(load_network((folder_ / "absent.tflite").string()), base::UserError);
}

TEST_F(LoadTest, BundledNetworkLoads) {
  const Graph graph = load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/resnet8.yaml");
  EXPECT_EQ(graph.name, "resnet8");
  EXPECT_EQ(graph.weights, WeightsOrigin::kSeeded);
}

TEST(Xorshift32, FirstDrawsOfState1) {
  // 1 ^ 1 << 13 = 0x2001; ^ >> 17 = 0x2001; ^ << 5 = 0x42021.
  Xorshift32 generator(1);
  EXPECT_EQ(generator.next(), 0x42021U);
  EXPECT_EQ(Xorshift32(0).next(), 0x42021U);
}

TEST(SeededInput, OfInvocationsInARowGoOnWithOneStream) {
  Graph graph;
  Tensor tensor;
  tensor.shape = {3};
  graph.tensors = {tensor};
  graph.inputs = {0};
  const auto stream = seeded_inputs(graph, 11, 2);
  ASSERT_EQ(stream.size(), 2U);
  EXPECT_EQ(stream[0], seeded_input(graph, 11));
  graph.tensors[0].shape = {6};
  Bytes joined = stream[0][0];
  joined.insert(joined.end(), stream[1][0].begin(), stream[1][0].end());
  EXPECT_EQ(joined, seeded_input(graph, 11).at(0));
}

TEST(SeededInput, StartsAtTheSeedTimesTheGoldenRatio) {
  Graph graph;
  Tensor wide;
  wide.type = ElementType::kInt16;
  wide.shape = {1};
  Tensor narrow;
  narrow.shape = {1};
  graph.tensors = {narrow, wide};
  graph.inputs = {0, 1};
  Xorshift32 generator(2 * 0x9E3779B1U);
  const std::uint32_t first = generator.next();
  const std::uint32_t second = generator.next();
  const auto inputs = seeded_input(graph, 2);
  EXPECT_EQ(inputs.at(0), Bytes{static_cast<std::uint8_t>(first >> 24)});
  EXPECT_EQ(inputs.at(1), (Bytes{static_cast<std::uint8_t>(second >> 16),
                                 static_cast<std::uint8_t>(second >> 24)}));
  EXPECT_THROW(seeded_input(graph, 0), base::UserError);
  graph.tensors[0].type = ElementType::kInt32;
  EXPECT_THROW(seeded_input(graph, 1), base::UserError);
}

TEST(SeededInput, RealsHave24BitsOfADraw) {
  Graph graph;
  Tensor real;
  real.type = ElementType::kFloat32;
  real.shape = {1};
  graph.tensors = {real};
  graph.inputs = {0};
  Xorshift32 generator(2 * 0x9E3779B1U);
  const auto draw = static_cast<double>(generator.next() >> 8);
  float value = 0.0F;
  std::memcpy(&value, seeded_input(graph, 2).at(0).data(), sizeof value);
  EXPECT_EQ(static_cast<double>(value), draw / 8388608.0 - 1.0);
}

}  // namespace
}  // namespace milliwatt::workloads
