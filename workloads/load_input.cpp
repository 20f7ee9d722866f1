// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "workloads/load.h"
#include "workloads/npy.h"

namespace milliwatt::workloads {

namespace {

using Bytes = std::vector<std::uint8_t>;

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

using Shape = std::vector<std::int32_t>;

Shape without_first(const Shape& shape) { return {shape.begin() + 1, shape.end()}; }

/// How often an array of shape `found` holds a tensor of `shape`; 0 when it does not.
std::int64_t times_held(const Shape& found, const Shape& shape) {
  const bool single = !shape.empty() && shape.front() == 1;
  if (found == shape || (single && found == without_first(shape))) {
    return 1;
  }
  const bool stacked = !found.empty() && without_first(found) == shape;
  const bool in_its_place =
      single && found.size() == shape.size() && without_first(found) == without_first(shape);
  return stacked || in_its_place ? found.front() : 0;
}

/// Bytes of one or more tensors, one behind the other.
Bytes load_values(const std::string& path, const Tensor& tensor) {
  const std::string bytes = base::read_file(path);
  if (is_npy(bytes)) {
    NpyArray array = parse_npy(bytes, path);
    check_type(array, tensor, path);
    if (times_held(array.shape, tensor.shape) == 0) {
      const std::string shape = fmt::format("{}", fmt::join(tensor.shape, ", "));
      throw base::UserError(fmt::format(
          "{}: has shape [{}], but input '{}' takes [{}]; N invocations take [N{}{}]", path,
          fmt::join(array.shape, ", "), tensor.name, shape, shape.empty() ? "" : ", ", shape));
    }
    return std::move(array.data);
  }
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size == 0 || tensor.bytes() == 0 || size % tensor.bytes() != 0) {
    throw base::UserError(fmt::format(
        "{}: has {} bytes, but input '{}', {} [{}], takes {}; N invocations take N times as many",
        path, size, tensor.name, element_name(tensor.type), fmt::join(tensor.shape, ", "),
        tensor.bytes()));
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<Bytes> load_inputs(const std::string& path, const Tensor& tensor) {
  const Bytes values = load_values(path, tensor);
  std::vector<Bytes> invocations;
  const std::ptrdiff_t size = tensor.bytes();
  for (auto first = values.begin(); first != values.end(); first += size) {
    invocations.emplace_back(first, first + size);
  }
  return invocations;
}

}  // namespace milliwatt::workloads
