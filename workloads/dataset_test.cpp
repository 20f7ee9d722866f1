// SPDX-License-Identifier: Apache-2.0
#include "workloads/dataset.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "workloads/graph_testing.h"
#include "workloads/npy.h"

namespace milliwatt::workloads {
namespace {

/// A network whose input and output are 1 x 3: a reshape.
Graph three_classes(std::int32_t batch = 1) {
  return testing::single(OperatorKind::kReshape, Reshape{},
                         {testing::int8_tensor({batch, 3}), testing::int8_tensor({batch, 3})});
}

class DatasetTest : public ::testing::Test {
 protected:
  std::string array(const std::string& name, ElementType type, std::vector<std::int32_t> shape,
                    Bytes data) {
    scratch_.write(name, format_npy({type, std::move(shape), std::move(data)}));
    return scratch_.path(name);
  }
  std::string images(std::int32_t count = 2) {
    Bytes data(static_cast<std::size_t>(3 * count));
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = static_cast<std::uint8_t>(i);
    }
    return array("x.npy", ElementType::kInt8, {count, 3}, data);
  }
  std::string labels(Bytes data) {
    const auto count = static_cast<std::int32_t>(data.size());
    return array("y.npy", ElementType::kInt8, {count}, std::move(data));
  }

  /// The message without the folder in front.
  std::string fault_of(const std::string& x, const std::string& y, const Graph& graph) {
    try {
      load_dataset(x, y, graph);
    } catch (const base::UserError& error) {
      const std::string text = error.what();
      const std::string folder = scratch_.path("");
      return text.compare(0, folder.size(), folder) == 0 ? text.substr(folder.size()) : text;
    }
    return "";
  }

 private:
  base::ScratchFolder scratch_;
};

TEST_F(DatasetTest, CutsTheArrayIntoImages) {
  const Dataset set = load_dataset(images(), labels({2, 0}), three_classes());
  EXPECT_EQ(set.images, (std::vector<Bytes>{{0, 1, 2}, {3, 4, 5}}));
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(set.classes, 3);
}

TEST_F(DatasetTest, TakesLabelsOfEveryIntegerType) {
  const std::vector<std::pair<ElementType, std::size_t>> types = {{ElementType::kInt8, 1},
                                                                  {ElementType::kUint8, 1},
                                                                  {ElementType::kInt16, 2},
                                                                  {ElementType::kInt32, 4},
                                                                  {ElementType::kInt64, 8}};
  for (const auto& [type, width] : types) {
    Bytes data(2 * width, 0);
    data[width] = 2;  // little endian: 0, 2
    const Dataset set = load_dataset(images(), array("y.npy", type, {2}, data), three_classes());
    EXPECT_EQ(set.labels, (std::vector<std::int32_t>{0, 2})) << element_name(type);
  }
}

TEST_F(DatasetTest, RefusesLabelsOutsideTheOutput) {
  EXPECT_EQ(fault_of(images(), labels({2, 3}), three_classes()),
            "y.npy: label 3 of image 1; the network's output has 3 elements, 0 to 2");
  EXPECT_EQ(fault_of(images(), labels({0xFF, 1}), three_classes()),
            "y.npy: label -1 of image 0; the network's output has 3 elements, 0 to 2");
  const std::string unsigned_labels = array("u.npy", ElementType::kUint8, {2}, {1, 0xFF});
  EXPECT_EQ(fault_of(images(), unsigned_labels, three_classes()),
            "u.npy: label 255 of image 1; the network's output has 3 elements, 0 to 2");
}

TEST_F(DatasetTest, RefusesArraysThatDoNotFit) {
  EXPECT_EQ(fault_of(images(), labels({0, 1, 2}), three_classes()),
            "y.npy: has shape [3]; expected [2], one label per image");
  const std::string floats = array("f.npy", ElementType::kFloat32, {2}, Bytes(8));
  EXPECT_EQ(fault_of(images(), floats, three_classes()),
            "f.npy: holds float32; labels are integers");
  const std::string wide = array("w.npy", ElementType::kInt8, {2, 4}, Bytes(8));
  EXPECT_EQ(fault_of(wide, labels({0, 1}), three_classes()),
            "w.npy: has shape [2, 4], but input 't' takes [N, 3]");
  const std::string real = array("r.npy", ElementType::kFloat32, {2, 3}, Bytes(24));
  EXPECT_EQ(fault_of(real, labels({0, 1}), three_classes()),
            "r.npy: holds float32, but input 't' takes int8: quantize it first, stored = "
            "clip(round(real / 1) + 0)");
  const std::string scalar = array("n.npy", ElementType::kInt8, {}, {0});
  EXPECT_EQ(fault_of(images(), scalar, three_classes()),
            "n.npy: holds a single number; expected one entry per image");
}

TEST_F(DatasetTest, RefusesNetworksThatAreNoClassifiers) {
  EXPECT_EQ(fault_of(images(), labels({0, 1}), three_classes(2)),
            "input 't' has shape [2, 3]; a data set needs a network with a batch of 1");
  Graph two_outputs = three_classes();
  two_outputs.outputs.push_back(0);
  EXPECT_EQ(fault_of(images(), labels({0, 1}), two_outputs),
            "network 'single' has 2 outputs; a data set needs one");
}

TEST(PredictedClass, IsTheFirstOfTheLargest) {
  Tensor output = testing::int8_tensor({1, 4});
  EXPECT_EQ(predicted_class(output, {0xFF, 5, 0x80, 5}), 1);  // -1, 5, -128, 5
  EXPECT_EQ(predicted_class(output, {0x80, 0x80, 0x80, 0x80}), 0);
  output.type = ElementType::kUint8;
  EXPECT_EQ(predicted_class(output, {5, 0x80, 0xFF, 0}), 2);
  output.type = ElementType::kInt16;
  EXPECT_EQ(predicted_class(output, {0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x01, 0, 0}),
            2);  // -1, 255, 256
  output.type = ElementType::kBool;
  EXPECT_THROW(predicted_class(output, {0, 1, 0, 0}), base::UserError);
}

}  // namespace
}  // namespace milliwatt::workloads
