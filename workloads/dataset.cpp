// SPDX-License-Identifier: Apache-2.0
#include "workloads/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "workloads/npy.h"

namespace milliwatt::workloads {
namespace {

const Tensor& only_tensor(const Graph& graph, const std::vector<TensorId>& ids, const char* what) {
  if (ids.size() != 1) {
    throw base::UserError(
        fmt::format("network '{}' has {} {}s; a data set needs one", graph.name, ids.size(), what));
  }
  return graph.tensor(ids.front());
}

/// An array whose first extent counts the images.
NpyArray read_array(const std::string& path) {
  NpyArray array = parse_npy(base::read_file(path), path);
  if (array.shape.empty()) {
    throw base::UserError(path + ": holds a single number; expected one entry per image");
  }
  return array;
}

void check_type(const NpyArray& array, const Tensor& input, const std::string& path) {
  if (array.type == input.type) {
    return;
  }
  const Quantization& q = input.quantization;
  throw base::UserError(
      fmt::format("{}: holds {}, but input '{}' takes {}{}", path, element_name(array.type),
                  input.name, element_name(input.type),
                  array.type == ElementType::kFloat32 && q.scales.size() == 1
                      ? fmt::format(": quantize it first, stored = clip(round(real / {}) + {})",
                                    q.scales.front(), q.zero_point())
                      : ""));
}

std::vector<Bytes> read_images(const std::string& path, const Tensor& input) {
  const NpyArray array = read_array(path);
  check_type(array, input, path);
  std::vector<std::int32_t> expected = input.shape;
  if (expected.empty() || expected.front() != 1) {
    throw base::UserError(
        fmt::format("input '{}' has shape [{}]; a data set needs a network with a batch of 1",
                    input.name, fmt::join(expected, ", ")));
  }
  expected.front() = array.shape.front();
  if (array.shape != expected) {
    throw base::UserError(fmt::format("{}: has shape [{}], but input '{}' takes [N, {}]", path,
                                      fmt::join(array.shape, ", "), input.name,
                                      fmt::join(expected.begin() + 1, expected.end(), ", ")));
  }
  const auto size = static_cast<std::ptrdiff_t>(input.bytes());
  std::vector<Bytes> images;
  for (auto at = array.data.begin(); at != array.data.end(); at += size) {
    images.emplace_back(at, at + size);
  }
  return images;
}

/// Element `index` of an array of integers.
std::int64_t integer_at(const NpyArray& array, std::size_t index) {
  const auto width = static_cast<std::size_t>(element_bits(array.type)) / 8;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < width; ++i) {
    bits |= std::uint64_t{array.data[index * width + i]} << (8 * i);
  }
  const std::size_t unused = array.type == ElementType::kUint8 ? 0 : 64 - 8 * width;
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

std::vector<std::int32_t> read_labels(const std::string& path, std::size_t images,
                                      std::int32_t classes) {
  const NpyArray array = read_array(path);
  if (array.type == ElementType::kFloat32 || array.type == ElementType::kBool) {
    throw base::UserError(
        fmt::format("{}: holds {}; labels are integers", path, element_name(array.type)));
  }
  if (array.shape != std::vector<std::int32_t>{static_cast<std::int32_t>(images)}) {
    throw base::UserError(fmt::format("{}: has shape [{}]; expected [{}], one label per image",
                                      path, fmt::join(array.shape, ", "), images));
  }
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < images; ++i) {
    const std::int64_t label = integer_at(array, i);
    if (label < 0 || label >= classes) {
      throw base::UserError(
          fmt::format("{}: label {} of image {}; the network's output has {} elements, 0 to {}",
                      path, label, i, classes, classes - 1));
    }
    labels.push_back(static_cast<std::int32_t>(label));
  }
  return labels;
}

template <typename T>
std::int32_t position_of_largest(const Bytes& bytes) {
  std::int32_t best = 0;
  T largest{};
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T value{};
    std::memcpy(&value, &bytes[i * sizeof(T)], sizeof(T));
    if (i == 0 || value > largest) {
      best = static_cast<std::int32_t>(i);
      largest = value;
    }
  }
  return best;
}

}  // namespace

Dataset load_dataset(const std::string& images_path, const std::string& labels_path,
                     const Graph& graph) {
  const Tensor& output = only_tensor(graph, graph.outputs, "output");
  Dataset set;
  set.classes = static_cast<std::int32_t>(output.elements());
  set.images = read_images(images_path, only_tensor(graph, graph.inputs, "input"));
  set.labels = read_labels(labels_path, set.images.size(), set.classes);
  return set;
}

std::int32_t predicted_class(const Tensor& output, const Bytes& bytes) {
  switch (output.type) {
    case ElementType::kInt8:
      return position_of_largest<std::int8_t>(bytes);
    case ElementType::kUint8:
      return position_of_largest<std::uint8_t>(bytes);
    case ElementType::kInt16:
      return position_of_largest<std::int16_t>(bytes);
    case ElementType::kInt32:
      return position_of_largest<std::int32_t>(bytes);
    case ElementType::kFloat32:
      return position_of_largest<float>(bytes);
    default:
      throw base::UserError(fmt::format("output '{}' holds {}, which names no class", output.name,
                                        element_name(output.type)));
  }
}

}  // namespace milliwatt::workloads
