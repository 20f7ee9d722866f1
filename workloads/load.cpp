// SPDX-License-Identifier: Apache-2.0
#include "workloads/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "workloads/layer_trace.h"
#include "workloads/npy.h"
#include "workloads/scalesim.h"
#include "workloads/tflite.h"

namespace milliwatt::workloads {

namespace {

bool has_tflite_identifier(const std::string& bytes) {
  return bytes.size() >= 8 && bytes.compare(4, 4, "TFL3") == 0;
}

/// What to do about an array of floats for a tensor of integers.
std::string quantization_hint(const Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  if (q.scales.size() != 1) {
    return "";
  }
  return fmt::format(": quantize it first, stored = clip(round(real / {}) + {})", q.scales.front(),
                     q.zero_point());
}

void check_type(const NpyArray& array, const Tensor& tensor, const std::string& path) {
  if (array.type != tensor.type) {
    throw base::UserError(fmt::format(
        "{}: holds {}, but input '{}' takes {}{}", path, element_name(array.type), tensor.name,
        element_name(tensor.type),
        array.type == ElementType::kFloat32 ? quantization_hint(tensor) : std::string()));
  }
}

void check_shape(const NpyArray& array, const Tensor& tensor, const std::string& path) {
  const auto& shape = tensor.shape;
  const bool without_batch =
      !shape.empty() && shape.front() == 1 &&
      array.shape == std::vector<std::int32_t>(shape.begin() + 1, shape.end());
  if (array.shape != shape && !without_batch) {
    throw base::UserError(fmt::format("{}: has shape [{}], but input '{}' takes [{}]", path,
                                      fmt::join(array.shape, ", "), tensor.name,
                                      fmt::join(shape, ", ")));
  }
}

}  // namespace

Graph load_network(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string suffix = file.extension().string();
  if (suffix == ".yaml" || suffix == ".yml") {
    return read_layer_trace(path);
  }
  if (suffix == ".csv") {
    return read_topology(path);
  }
  const std::string bytes = base::read_file(path);
  if (suffix != ".tflite" && !has_tflite_identifier(bytes)) {
    throw base::UserError(path +
                          ": not a network; expected a TensorFlow Lite file (.tflite), a layer "
                          "trace (.yaml) or a SCALE-Sim topology (.csv)");
  }
  Graph graph = read_tflite(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), path);
  graph.name = file.stem().string();
  return graph;
}

std::vector<std::uint8_t> load_input(const std::string& path, const Tensor& tensor) {
  const std::string bytes = base::read_file(path);
  if (is_npy(bytes)) {
    NpyArray array = parse_npy(bytes, path);
    check_type(array, tensor, path);
    check_shape(array, tensor, path);
    return std::move(array.data);
  }
  if (static_cast<std::int64_t>(bytes.size()) != tensor.bytes()) {
    throw base::UserError(fmt::format("{}: has {} bytes, but input '{}', {} [{}], takes {}", path,
                                      bytes.size(), tensor.name, element_name(tensor.type),
                                      fmt::join(tensor.shape, ", "), tensor.bytes()));
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace milliwatt::workloads
