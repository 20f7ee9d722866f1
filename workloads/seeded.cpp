// SPDX-License-Identifier: Apache-2.0
#include "workloads/seeded.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"

namespace milliwatt::workloads {

Xorshift32 generator_for(std::uint32_t seed, std::string_view name) {
  const std::string text = fmt::format("{}/{}", seed, name);
  return Xorshift32(base::crc32(text.data(), text.size()));
}

std::vector<std::uint8_t> seeded_elements(const Tensor& tensor, Xorshift32& generator) {
  const bool wide = tensor.type == ElementType::kInt16;
  if (!wide && tensor.type != ElementType::kInt8) {
    throw base::UserError(fmt::format("tensor '{}' holds {}; only int8 and int16 can be seeded",
                                      tensor.name, element_name(tensor.type)));
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(tensor.bytes()));
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const auto value = static_cast<std::uint32_t>(generator.next_signed(wide ? 16 : 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
    if (wide) {
      bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    }
  }
  return bytes;
}

std::vector<std::vector<std::uint8_t>> seeded_input(const Graph& graph, std::uint32_t seed) {
  constexpr std::uint32_t kStep = 0x9E3779B1;
  if (seed == 0) {
    throw base::UserError("the seed of an input must be 1 or more");
  }
  Xorshift32 generator(seed * kStep);
  std::vector<std::vector<std::uint8_t>> inputs;
  for (const TensorId id : graph.inputs) {
    inputs.push_back(seeded_elements(graph.tensor(id), generator));
  }
  return inputs;
}

}  // namespace milliwatt::workloads
