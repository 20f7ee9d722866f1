// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "workloads/npy.h"
#include "workloads/packing.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {

namespace {

using Integers = std::vector<std::int64_t>;

/// Stored bytes of integers that fit the type.
std::vector<std::uint8_t> store(const Integers& values, ElementType type) {
  const int bits = element_bits(type);
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(packed_bytes(count, bits)));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t value = values[static_cast<std::size_t>(i)];
    if (bits <= 16) {
      store_element(bytes.data(), i, bits, static_cast<std::int32_t>(value));
      continue;
    }
    for (int byte = 0; byte < bits / 8; ++byte) {
      bytes[static_cast<std::size_t>(i * bits / 8 + byte)] =
          static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * byte));
    }
  }
  return bytes;
}

/// What an .npy file holds elements of this type as.
ElementType file_type(ElementType type) { return is_sub_byte(type) ? ElementType::kInt8 : type; }

/// Smallest and largest integer of a type.
struct Range {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
Range range_of(ElementType type) {
  switch (type) {
    case ElementType::kUint8:
    case ElementType::kBool:
      return {0, 255};
    default: {
      const std::int64_t high =
          std::numeric_limits<std::int64_t>::max() >> (64 - element_bits(type));
      return {-high - 1, high};
    }
  }
}

void check_range(const Integers& values, ElementType type, const std::string& where) {
  const Range range = range_of(type);
  for (const std::int64_t value : values) {
    if (value < range.low || value > range.high) {
      throw base::UserError(
          fmt::format("{}: holds {}, which does not fit {}", where, value, element_name(type)));
    }
  }
}

/// Largest magnitude of seeded weights: the lowest element is not used.
std::int32_t largest_weight(ElementType type) { return highest_element(element_bits(type)); }

double scale_of(const Tensor& weights, std::size_t channel) {
  const auto& scales = weights.quantization.scales;
  return static_cast<double>(scales[scales.size() == 1 ? 0 : channel]);
}

double scale_of(const Tensor& input) {
  return static_cast<double>(input.quantization.scales.at(0));
}

}  // namespace

std::int64_t stored_integer(const Tensor& tensor, std::int64_t index) {
  const int bits = element_bits(tensor.type);
  if (tensor.type == ElementType::kUint8 || tensor.type == ElementType::kBool) {
    return tensor.data[static_cast<std::size_t>(index)];
  }
  if (bits <= 16) {
    return load_element(tensor.data.data(), index, bits);
  }
  std::uint64_t value = 0;
  for (int byte = 0; byte < bits / 8; ++byte) {
    value |= std::uint64_t{tensor.data[static_cast<std::size_t>(index * bits / 8 + byte)]}
             << (8 * byte);
  }
  return static_cast<std::int64_t>(value << (64 - bits)) >> (64 - bits);
}

Tensor ConstantMaker::weights(const WeightsForm& form) {
  Tensor tensor;
  tensor.name = fmt::format("{}/weights{}", form.layer, form.suffix);
  tensor.type = form.type;
  tensor.role = TensorRole::kConstant;
  tensor.shape = form.shape;
  if (!form.file.empty() && form.scales.empty()) {
    throw base::UserError("'weights_file' needs 'weights_scale' beside it");
  }
  const std::int64_t count = tensor.elements();
  tensor.data = store(
      form.file.empty() ? seeded_weights(form, count) : read(form.file, form.type, form.shape),
      form.type);
  Quantization& q = tensor.quantization;
  q.scales = form.scales.empty() ? seeded_scales(form, count) : form.scales;
  q.zero_points.assign(q.scales.size(), 0);
  q.dimension = form.channel_dimension;
  if (q.scales.size() != 1 && q.scales.size() != static_cast<std::size_t>(form.channels())) {
    throw base::UserError(
        fmt::format("'weights_scale' has {} entries; expected 1 or {}, one per output channel",
                    q.scales.size(), form.channels()));
  }
  return tensor;
}

Integers ConstantMaker::seeded_weights(const WeightsForm& form, std::int64_t count) {
  seeded_ = true;
  Xorshift32 generator = generator_for(seed_, fmt::format("{}/weights{}", form.layer, form.suffix));
  Integers values(static_cast<std::size_t>(count));
  for (std::int64_t& value : values) {
    value = std::max(generator.next_signed(element_bits(form.type)), -largest_weight(form.type));
  }
  return values;
}

/// Scales at which a layer keeps the power of its inputs; channels get between half and all.
std::vector<float> ConstantMaker::seeded_scales(const WeightsForm& form, std::int64_t count) {
  Xorshift32 generator = generator_for(seed_, fmt::format("{}/scales{}", form.layer, form.suffix));
  const std::int64_t taps = count / form.channels();
  const double largest =
      std::sqrt(3.0 / static_cast<double>(taps)) / static_cast<double>(largest_weight(form.type));
  std::vector<float> scales;
  for (std::int32_t c = 0; c < (form.scale_per_channel ? form.channels() : 1); ++c) {
    const double share = 1.0 - static_cast<double>(generator.next()) / 8589934592.0;
    scales.push_back(static_cast<float>(largest * share));
  }
  return scales;
}

Integers ConstantMaker::read(const std::string& file, ElementType type,
                             const std::vector<std::int32_t>& shape) const {
  const std::string path = (std::filesystem::path(folder_) / file).string();
  NpyArray array = parse_npy(base::read_file(path), path);
  if (array.type != file_type(type) || array.shape != shape) {
    throw base::UserError(fmt::format("{}: holds {} [{}]; expected {} [{}]", path,
                                      element_name(array.type), fmt::join(array.shape, ", "),
                                      element_name(file_type(type)), fmt::join(shape, ", ")));
  }
  Tensor held;
  held.type = array.type;
  held.shape = std::move(array.shape);
  held.data = std::move(array.data);
  Integers values(static_cast<std::size_t>(held.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = stored_integer(held, static_cast<std::int64_t>(i));
  }
  check_range(values, type, file);
  return values;
}

Tensor ConstantMaker::bias(const BiasForm& form) {
  Tensor tensor;
  tensor.name = fmt::format("{}/bias{}", form.layer, form.suffix);
  tensor.type = form.type;
  tensor.role = TensorRole::kConstant;
  tensor.shape = {static_cast<std::int32_t>(form.reach.size())};
  tensor.quantization.scales = form.scales;
  tensor.quantization.zero_points.assign(form.scales.size(), 0);
  if (!form.file.empty()) {
    tensor.data = store(read(form.file, form.type, tensor.shape), form.type);
    return tensor;
  }
  seeded_ = true;
  Xorshift32 generator = generator_for(seed_, tensor.name);
  Integers values;
  for (const double reach : form.reach) {
    const double draw = static_cast<double>(generator.next_signed(32)) / 2147483648.0;
    values.push_back(
        static_cast<std::int64_t>(std::clamp(reach * draw, -2147483647.0, 2147483647.0)));
  }
  tensor.data = store(values, form.type);
  return tensor;
}

std::vector<std::uint8_t> ConstantMaker::values(const TensorSpec& declared, const Tensor& tensor) {
  if (declared.values) {
    const auto expected = static_cast<std::size_t>(tensor.elements());
    if (declared.values->size() != expected) {
      throw base::UserError(fmt::format("'values' has {} numbers; shape [{}] takes {}",
                                        declared.values->size(), fmt::join(tensor.shape, ", "),
                                        expected));
    }
    check_range(*declared.values, tensor.type, "'values'");
    return store(*declared.values, tensor.type);
  }
  if (declared.file.empty()) {
    return seeded_values(declared, tensor);
  }
  if (tensor.type != ElementType::kFloat32) {
    return store(read(declared.file, tensor.type, tensor.shape), tensor.type);
  }
  const std::string path = (std::filesystem::path(folder_) / declared.file).string();
  NpyArray array = parse_npy(base::read_file(path), path);
  if (array.type != tensor.type || array.shape != tensor.shape) {
    throw base::UserError(fmt::format("{}: holds {} [{}]; expected float32 [{}]", path,
                                      element_name(array.type), fmt::join(array.shape, ", "),
                                      fmt::join(tensor.shape, ", ")));
  }
  return std::move(array.data);
}

std::vector<std::uint8_t> ConstantMaker::seeded_values(const TensorSpec& declared,
                                                       const Tensor& tensor) {
  const int bits = element_bits(tensor.type);
  const bool real = tensor.type == ElementType::kFloat32;
  if ((bits > 16 && !real) || tensor.type == ElementType::kUint8 ||
      tensor.type == ElementType::kBool) {
    throw base::UserError(
        fmt::format("constant '{}' holds {}, which is not seeded; give 'file' or "
                    "'values'",
                    declared.name, element_name(tensor.type)));
  }
  seeded_ = true;
  Xorshift32 generator = generator_for(seed_, declared.name + "/values");
  if (real) {
    return seeded_elements(tensor, generator);
  }
  Integers values(static_cast<std::size_t>(tensor.elements()));
  for (std::int64_t& value : values) {
    value = std::max(generator.next_signed(bits), -highest_element(bits));
  }
  return store(values, tensor.type);
}

Tensor index_constant(std::string name, std::vector<std::int32_t> shape,
                      const std::vector<std::int32_t>& values) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.type = ElementType::kInt32;
  tensor.role = TensorRole::kConstant;
  tensor.shape = std::move(shape);
  tensor.data = store({values.begin(), values.end()}, ElementType::kInt32);
  return tensor;
}

std::vector<ChannelWeights> channel_weights(const Tensor& tensor, int channel_dimension) {
  const auto dimension = static_cast<std::size_t>(channel_dimension);
  const auto channels = static_cast<std::size_t>(tensor.shape.at(dimension));
  std::vector<ChannelWeights> sums(channels);
  const auto count = static_cast<std::size_t>(tensor.elements());
  const std::size_t taps = count / channels;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t c = dimension == 0 ? i / taps : i % channels;
    const double real = scale_of(tensor, c) *
                        static_cast<double>(stored_integer(tensor, static_cast<std::int64_t>(i)));
    sums[c].sum += real;
    sums[c].power += real * real;
  }
  return sums;
}

std::vector<double> bias_reach(const std::vector<ChannelWeights>& channels, const Tensor& weights,
                               const Tensor& input) {
  const Spread inputs = spread_of_uniform(input);
  std::vector<double> reach;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const double deviation = std::sqrt(inputs.variance * channels[c].power);
    reach.push_back(deviation / 4 / (scale_of(weights, c) * scale_of(input)));
  }
  return reach;
}

void add_bias(std::vector<ChannelWeights>& channels, const Tensor& bias, const Tensor& weights,
              const Tensor& input) {
  for (std::size_t c = 0; c < channels.size(); ++c) {
    channels[c].bias = scale_of(weights, c) * scale_of(input) *
                       static_cast<double>(stored_integer(bias, static_cast<std::int64_t>(c)));
  }
}

}  // namespace milliwatt::workloads
