// SPDX-License-Identifier: Apache-2.0
#include "workloads/seeded.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

Xorshift32 generator_for(std::uint32_t seed, std::string_view name) {
  const std::string text = fmt::format("{}/{}", seed, name);
  return Xorshift32(base::crc32(text.data(), text.size()));
}

namespace {

/// The highest bits of a draw, or for float32 a real from -1 to 1 with 24 bits.
std::uint32_t seeded_bits(ElementType type, Xorshift32& generator) {
  if (type != ElementType::kFloat32) {
    return static_cast<std::uint32_t>(generator.next_signed(element_bits(type)));
  }
  const float value = static_cast<float>(generator.next() >> 8) / 8388608.0F - 1.0F;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

std::vector<std::uint8_t> seeded_narrow_elements(const Tensor& tensor, Xorshift32& generator) {
  const int bits = element_bits(tensor.type);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(tensor.bytes()));
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    store_element(bytes.data(), i, bits, generator.next_signed(bits));
  }
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> seeded_elements(const Tensor& tensor, Xorshift32& generator) {
  const bool can_be_seeded = is_sub_byte(tensor.type) || tensor.type == ElementType::kInt8 ||
                             tensor.type == ElementType::kInt16 ||
                             tensor.type == ElementType::kFloat32;
  if (!can_be_seeded) {
    throw base::UserError(
        fmt::format("tensor '{}' holds {}; only integers of 2 to 8 or 16 bits and float32 can be "
                    "seeded",
                    tensor.name, element_name(tensor.type)));
  }
  if (is_sub_byte(tensor.type)) {
    return seeded_narrow_elements(tensor, generator);
  }
  const int width = element_bits(tensor.type) / 8;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(tensor.bytes()));
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const std::uint32_t value = seeded_bits(tensor.type, generator);
    for (int byte = 0; byte < width; ++byte) {
      bytes.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    }
  }
  return bytes;
}

std::vector<std::vector<std::vector<std::uint8_t>>> seeded_inputs(const Graph& graph,
                                                                  std::uint32_t seed,
                                                                  std::size_t invocations) {
  constexpr std::uint32_t kStep = 0x9E3779B1;
  if (seed == 0) {
    throw base::UserError("the seed of an input must be 1 or more");
  }
  Xorshift32 generator(seed * kStep);
  std::vector<std::vector<std::vector<std::uint8_t>>> all(invocations);
  for (auto& inputs : all) {
    for (const TensorId id : graph.inputs) {
      inputs.push_back(seeded_elements(graph.tensor(id), generator));
    }
  }
  return all;
}

std::vector<std::vector<std::uint8_t>> seeded_input(const Graph& graph, std::uint32_t seed) {
  return std::move(seeded_inputs(graph, seed, 1).front());
}

}  // namespace milliwatt::workloads
