// SPDX-License-Identifier: Apache-2.0
// Constants of layer traces, from files or seeded. Not for use outside layer_*.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/layer_scales.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

/// Weights that a layer makes. Their name is LAYER/weightsSUFFIX, their streams of seeded values
/// are those of LAYER/weightsSUFFIX and LAYER/scalesSUFFIX.
struct WeightsForm {
  std::string layer;
  std::string suffix;  ///< empty for the only weights of a layer
  ElementType type = ElementType::kInt8;
  std::vector<std::int32_t> shape;
  int channel_dimension = 0;
  bool scale_per_channel = true;
  std::string file;           ///< empty: seeded
  std::vector<float> scales;  ///< empty: seeded

  std::int32_t channels() const { return shape[static_cast<std::size_t>(channel_dimension)]; }
};

/// Biases that a layer makes, one per channel; seeded ones lie within the reach of their channel.
struct BiasForm {
  std::string layer;
  std::string suffix;
  ElementType type = ElementType::kInt32;
  std::vector<float> scales;  ///< one, or one per channel
  std::vector<double> reach;  ///< in stored steps, per channel
  std::string file;           ///< empty: seeded
};

/// Makes the constants of one trace and knows whether any of them was seeded. All throw UserError
/// (without a place) for files and scales that do not fit.
class ConstantMaker {
 public:
  /// Files are looked for relative to `folder`.
  ConstantMaker(std::uint32_t seed, std::string folder) : seed_{seed}, folder_{std::move(folder)} {}

  Tensor weights(const WeightsForm& form);
  Tensor bias(const BiasForm& form);
  /// The stored bytes of a declared constant. A seeded one has the stream of NAME/values.
  std::vector<std::uint8_t> values(const TensorSpec& declared, const Tensor& tensor);

  bool seeded() const { return seeded_; }

 private:
  using Integers = std::vector<std::int64_t>;

  Integers seeded_weights(const WeightsForm& form, std::int64_t count);
  std::vector<float> seeded_scales(const WeightsForm& form, std::int64_t count);
  Integers read(const std::string& file, ElementType type,
                const std::vector<std::int32_t>& shape) const;
  std::vector<std::uint8_t> seeded_values(const TensorSpec& declared, const Tensor& tensor);

  std::uint32_t seed_;
  std::string folder_;
  bool seeded_ = false;
};

/// A constant operand of plain numbers (axes, shapes, ...), int32 and not quantized.
Tensor index_constant(std::string name, std::vector<std::int32_t> shape,
                      const std::vector<std::int32_t>& values);

/// The stored element `index` of an integer type.
std::int64_t stored_integer(const Tensor& tensor, std::int64_t index);

/// Sums of the real weights of each channel, without bias. `tensor` is a constant with one scale or
/// one per channel.
std::vector<ChannelWeights> channel_weights(const Tensor& tensor, int channel_dimension);

/// Largest bias that shifts a channel's sums by a quarter of their standard deviation, in steps of
/// input scale x weight scale, for inputs equally likely over their type.
std::vector<double> bias_reach(const std::vector<ChannelWeights>& channels, const Tensor& weights,
                               const Tensor& input);

/// Adds the real biases to the channels.
void add_bias(std::vector<ChannelWeights>& channels, const Tensor& bias, const Tensor& weights,
              const Tensor& input);

}  // namespace milliwatt::workloads
