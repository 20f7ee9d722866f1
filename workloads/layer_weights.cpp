// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "workloads/npy.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {

namespace {

using Integers = std::vector<std::int64_t>;

void append_little_endian(std::vector<std::uint8_t>& bytes, std::int64_t value, int width) {
  for (int i = 0; i < width; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

/// Stored bytes of integers that fit the type.
std::vector<std::uint8_t> store(const Integers& values, ElementType type) {
  std::vector<std::uint8_t> bytes;
  if (type != ElementType::kInt4) {
    for (const std::int64_t value : values) {
      append_little_endian(bytes, value, element_bits(type) / 8);
    }
    return bytes;
  }
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto low = static_cast<unsigned>(values[i]) & 0xFU;
    const auto high = i + 1 < values.size() ? static_cast<unsigned>(values[i + 1]) & 0xFU : 0U;
    bytes.push_back(static_cast<std::uint8_t>(low | high << 4));
  }
  return bytes;
}

std::int64_t load_element(const NpyArray& array, std::size_t index) {
  const auto width = static_cast<std::size_t>(element_bits(array.type)) / 8;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < width; ++i) {
    bits |= std::uint64_t{array.data[index * width + i]} << (8 * i);
  }
  const int unused = 64 - element_bits(array.type);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

/// Integers of an .npy file that must hold `type` in the given shape.
Integers read_integers(const std::string& folder, const std::string& file, ElementType type,
                       const std::vector<std::int32_t>& shape) {
  const std::string path = (std::filesystem::path(folder) / file).string();
  const NpyArray array = parse_npy(base::read_file(path), path);
  if (array.type != type || array.shape != shape) {
    throw base::UserError(fmt::format("{}: holds {} [{}]; expected {} [{}]", path,
                                      element_name(array.type), fmt::join(array.shape, ", "),
                                      element_name(type), fmt::join(shape, ", ")));
  }
  Integers values(array.data.size() * 8 / static_cast<std::size_t>(element_bits(type)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = load_element(array, i);
  }
  return values;
}

/// Builds the tensors of one layer step by step.
class WeightsMaker {
 public:
  WeightsMaker(const LayerSpec& layer, const std::string& name, const WeightsForm& form,
               const Tensor& input, std::uint32_t seed, const std::string& folder)
      : layer_{layer}, name_{name}, form_{form}, input_{input}, seed_{seed}, folder_{folder} {}

  LayerWeights make() {
    make_weights_tensor();
    sum_channels();
    if (layer_.bias) {
      make_bias_tensor();
    }
    return std::move(result_);
  }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(form_.channels()); }
  std::size_t taps() const { return integers_.size() / channels(); }
  std::int32_t largest_weight() const {
    return layer_.weights_type == ElementType::kInt4 ? 7 : 127;
  }
  double weight_scale(std::size_t channel) const {
    const auto& scales = result_.weights.quantization.scales;
    return static_cast<double>(scales[scales.size() == 1 ? 0 : channel]);
  }
  double input_scale() const { return static_cast<double>(input_.quantization.scales.at(0)); }

  void make_weights_tensor() {
    Tensor& tensor = result_.weights;
    tensor.name = name_ + "/weights";
    tensor.type = layer_.weights_type;
    tensor.role = TensorRole::kConstant;
    tensor.shape = form_.shape;
    integers_ = layer_.weights_file.empty() ? seeded_weights() : weights_from_file();
    tensor.data = store(integers_, tensor.type);
    tensor.quantization.scales =
        layer_.weights_scale.empty() ? seeded_scales() : layer_.weights_scale;
    tensor.quantization.zero_points.assign(tensor.quantization.scales.size(), 0);
    tensor.quantization.dimension = form_.channel_dimension;
    const std::size_t scales = tensor.quantization.scales.size();
    if (scales != 1 && scales != channels()) {
      throw base::UserError(
          fmt::format("'weights_scale' has {} entries; expected 1 or {}, one per "
                      "output channel",
                      scales, channels()));
    }
  }

  Integers weights_from_file() const {
    if (layer_.weights_scale.empty()) {
      throw base::UserError("'weights_file' needs 'weights_scale' beside it");
    }
    Integers values = read_integers(folder_, layer_.weights_file, ElementType::kInt8, form_.shape);
    const std::int64_t lowest = layer_.weights_type == ElementType::kInt4 ? -8 : -128;
    for (const std::int64_t value : values) {
      if (value < lowest || value > -lowest - 1) {
        throw base::UserError(
            fmt::format("{}: holds {}, which does not fit int4", layer_.weights_file, value));
      }
    }
    return values;
  }

  Integers seeded_weights() {
    result_.seeded = true;
    Xorshift32 generator = generator_for(seed_, name_ + "/weights");
    Integers values(static_cast<std::size_t>(result_.weights.elements()));
    for (std::int64_t& value : values) {
      value = std::max(generator.next_signed(element_bits(layer_.weights_type)), -largest_weight());
    }
    return values;
  }

  /// Scales at which a layer keeps the power of its inputs; channels get between half and all.
  std::vector<float> seeded_scales() const {
    Xorshift32 generator = generator_for(seed_, name_ + "/scales");
    const double largest =
        std::sqrt(3.0 / static_cast<double>(taps())) / static_cast<double>(largest_weight());
    std::vector<float> scales;
    for (std::size_t c = 0; c < (form_.scale_per_channel ? channels() : 1); ++c) {
      const double share = 1.0 - static_cast<double>(generator.next()) / 8589934592.0;
      scales.push_back(static_cast<float>(largest * share));
    }
    return scales;
  }

  /// Channel of the weight at `index` of the file's order.
  std::size_t channel_of(std::size_t index) const {
    return form_.channel_dimension == 0 ? index / taps() : index % channels();
  }

  void sum_channels() {
    result_.channels.resize(channels());
    for (std::size_t i = 0; i < integers_.size(); ++i) {
      const std::size_t c = channel_of(i);
      const double real = weight_scale(c) * static_cast<double>(integers_[i]);
      result_.channels[c].sum += real;
      result_.channels[c].power += real * real;
    }
  }

  void make_bias_tensor() {
    Tensor& tensor = result_.bias;
    tensor.name = name_ + "/bias";
    tensor.type = input_.type == ElementType::kInt16 ? ElementType::kInt64 : ElementType::kInt32;
    tensor.role = TensorRole::kConstant;
    tensor.shape = {form_.channels()};
    const Integers values = layer_.bias_file.empty() ? seeded_bias()
                                                     : read_integers(folder_, layer_.bias_file,
                                                                     tensor.type, tensor.shape);
    tensor.data = store(values, tensor.type);
    for (const float scale : result_.weights.quantization.scales) {
      tensor.quantization.scales.push_back(scale * input_.quantization.scales.at(0));
      tensor.quantization.zero_points.push_back(0);
    }
    for (std::size_t c = 0; c < channels(); ++c) {
      result_.channels[c].bias = weight_scale(c) * input_scale() * static_cast<double>(values[c]);
    }
  }

  /// Within a quarter of the sums' standard deviation for inputs equally likely over their type.
  Integers seeded_bias() {
    result_.seeded = true;
    Xorshift32 generator = generator_for(seed_, name_ + "/bias");
    const Spread inputs = spread_of_uniform(input_);
    Integers values(channels());
    for (std::size_t c = 0; c < channels(); ++c) {
      const double deviation = std::sqrt(inputs.variance * result_.channels[c].power);
      const double reach = deviation / 4 / (weight_scale(c) * input_scale());
      const double draw = static_cast<double>(generator.next_signed(32)) / 2147483648.0;
      values[c] = static_cast<std::int64_t>(std::clamp(reach * draw, -2147483647.0, 2147483647.0));
    }
    return values;
  }

  const LayerSpec& layer_;
  const std::string& name_;
  const WeightsForm& form_;
  const Tensor& input_;
  std::uint32_t seed_;
  const std::string& folder_;
  Integers integers_;
  LayerWeights result_;
};

}  // namespace

LayerWeights make_weights(const LayerSpec& layer, const std::string& name, const WeightsForm& form,
                          const Tensor& input, std::uint32_t seed, const std::string& folder) {
  return WeightsMaker(layer, name, form, input, seed, folder).make();
}

}  // namespace milliwatt::workloads
