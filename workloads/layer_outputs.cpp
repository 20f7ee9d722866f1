// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_outputs.h"

#include <fmt/format.h>

#include "base/error.h"
#include "workloads/layer_kinds.h"
#include "workloads/layer_weights.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

namespace {

using K = OperatorKind;

/// Works out the output of one layer.
class OutputChooser {
 public:
  OutputChooser(const LayerView& view, std::int64_t elements)
      : layer_{view.layer},
        graph_{view.graph},
        op_{view.op},
        spreads_{view.spreads},
        elements_{elements} {
    form_.type = layer_.output_type.value_or(default_type());
  }

  OutputForm choose() {
    switch (op_.kind) {
      case K::kSoftmax:
      case K::kLogistic:
      case K::kTanh:
      case K::kLstm:
        choose_bounded();
        break;
      case K::kDequantize:
      case K::kLogSoftmax:
        form_.spread = spread(0);
        break;
      case K::kMean:
      case K::kSum:
        choose_reduced();
        break;
      default:
        if (is_weighted(op_.kind) || op_.kind == K::kSvdf) {
          choose_for(op_.kind == K::kSvdf ? svdf_channels() : weighted_channels());
        } else if (is_elementwise()) {
          choose_elementwise();
        } else {
          copy_data();
        }
    }
    if (layer_.output_scale) {
      form_.quantization = {
          {static_cast<float>(*layer_.output_scale)}, {*layer_.output_zero_point}, 0};
    }
    return form_;
  }

 private:
  const Tensor& operand(std::size_t place) const {
    require_operand(place);
    return graph_.tensor(op_.inputs[place]);
  }
  void require_operand(std::size_t place) const {
    if (!has_operand(place)) {
      throw base::UserError(fmt::format("{} needs its operand {}", operator_name(op_.kind), place));
    }
  }
  bool has_operand(std::size_t place) const {
    return place < op_.inputs.size() && op_.inputs[place] != kNoTensor;
  }
  Spread spread(std::size_t place) const {
    require_operand(place);
    return spreads_.at(static_cast<std::size_t>(op_.inputs[place]));
  }
  /// Integers of 2 to 8 or 16 bits, which alone get a scale here.
  bool is_scaled() const {
    return element_bits(form_.type) <= 16 && form_.type != ElementType::kUint8 &&
           form_.type != ElementType::kBool;
  }
  const Tensor& data() const { return operand(data_operand(op_)); }

  ElementType default_type() const {
    switch (op_.kind) {
      case K::kSoftmax:
      case K::kQuantize:
        return ElementType::kInt8;
      case K::kDequantize:
      case K::kLogSoftmax:
        return ElementType::kFloat32;
      default:
        return data().type;
    }
  }

  bool is_elementwise() const {
    switch (op_.kind) {
      case K::kAdd:
      case K::kSub:
      case K::kMul:
      case K::kBatchMatmul:
      case K::kLeakyRelu:
      case K::kHardSwish:
      case K::kQuantize:
        return true;
      case K::kRelu:
        return layer_.activation == Activation::kRelu;
      default:
        return false;
    }
  }

  void set(OutputScale chosen) { form_.quantization = {{chosen.scale}, {chosen.zero_point}, 0}; }

  /// Scale for the sums of each channel and the activation behind them. Reals have none.
  void choose_for(const std::vector<Spread>& channels) {
    if (is_scaled()) {
      set(choose_scale(channels, layer_.activation, form_.type));
    }
    form_.spread = after_activation(channels, layer_.activation);
  }

  void copy_data() {
    form_.quantization = data().quantization;
    form_.spread = spread(data_operand(op_));
    if (op_.kind == K::kRelu) {
      form_.spread = after_activation({form_.spread}, layer_.activation);
    }
  }

  /// Values in 0 .. 1 or -1 .. 1, over the whole type.
  void choose_bounded() {
    if (!is_scaled()) {
      return;
    }
    const int bits = element_bits(form_.type);
    const bool from_0 = op_.kind == K::kSoftmax || (op_.kind == K::kLogistic && bits <= 8);
    const float steps = static_cast<float>(1 << (from_0 ? bits : bits - 1));
    set({1.0F / steps, from_0 ? lowest_element(bits) : 0});
    Tensor like;
    like.type = form_.type;
    like.quantization = form_.quantization;
    form_.spread = spread_of_uniform(like);
  }

  /// As if all elements behind one output were equal, so that no mean and no sum saturates.
  void choose_reduced() {
    copy_data();
    const double count =
        op_.kind == K::kSum && elements_ > 0
            ? static_cast<double>(data().elements()) / static_cast<double>(elements_)
            : 1.0;
    for (float& scale : form_.quantization.scales) {
      scale = static_cast<float>(static_cast<double>(scale) * count);
    }
    form_.spread = {form_.spread.mean * count, form_.spread.variance * count * count};
  }

  void choose_elementwise() {
    const Spread a = spread(0);
    switch (op_.kind) {
      case K::kAdd:
        return choose_for({sum(a, spread(1))});
      case K::kSub:
        return choose_for({difference(a, spread(1))});
      case K::kMul:
        return choose_for({product(a, spread(1))});
      case K::kBatchMatmul:
        return choose_for({sum_of_products(product(a, spread(1)))});
      case K::kLeakyRelu:
        return choose_for({leaky(a, layer_.alpha)});
      case K::kHardSwish:
        if (is_scaled()) {
          set(choose_hard_swish_scale(a, form_.type));
        }
        form_.spread = after_activation({a}, Activation::kRelu);
        return;
      case K::kQuantize:
        if (form_.type == ElementType::kInt32) {
          return copy_data();
        }
        return choose_for({a});
      default:
        return choose_for({a});
    }
  }

  Spread sum_of_products(Spread one) const {
    const auto& shape = operand(0).shape;
    const double depth = shape.at(shape.size() - (layer_.transpose_a ? 2 : 1));
    return {one.mean * depth, one.variance * depth};
  }

  /// Weights whose channels can be summed: a constant with a scale for each.
  std::vector<ChannelWeights> sums_of(std::size_t place, std::size_t dimension) const {
    const Tensor& weights = operand(place);
    const std::size_t scales = weights.quantization.scales.size();
    const bool good = weights.role == TensorRole::kConstant && element_bits(weights.type) <= 16 &&
                      dimension < weights.shape.size() &&
                      (scales == 1 || scales == static_cast<std::size_t>(weights.shape[dimension]));
    if (!good) {
      throw base::UserError(
          fmt::format("'{}' must be a constant of integers with one scale, or "
                      "one per output channel",
                      weights.name));
    }
    return channel_weights(weights, static_cast<int>(dimension));
  }

  void add_bias_of(std::size_t place, std::vector<ChannelWeights>& channels, const Tensor& weights,
                   const Tensor& input) const {
    if (!has_operand(place)) {
      return;
    }
    const Tensor& bias = operand(place);
    if (bias.role != TensorRole::kConstant || bias.type == ElementType::kFloat32 ||
        bias.elements() != static_cast<std::int64_t>(channels.size()) ||
        input.quantization.scales.empty()) {
      throw base::UserError(
          fmt::format("'{}' must be a constant of {} integers", bias.name, channels.size()));
    }
    add_bias(channels, bias, weights, input);
  }

  std::vector<Spread> weighted_channels() const {
    std::vector<ChannelWeights> sums = sums_of(1, op_.kind == K::kDepthwiseConv2d ? 3 : 0);
    if (op_.kind == K::kTransposeConv2d) {
      // Strides leave gaps between the pixels, so that an output lies under a part of the taps.
      const double share = 1.0 / layer_.window.stride_h / layer_.window.stride_w;
      for (ChannelWeights& channel : sums) {
        channel.sum *= share;
        channel.power *= share;
      }
    }
    add_bias_of(bias_operands(op_.kind).front(), sums, operand(1), data());
    std::vector<Spread> channels;
    for (const ChannelWeights& channel : sums) {
      channels.push_back(channel.outputs(spread(data_operand(op_))));
    }
    return channels;
  }

  /// Sums over the memory of all filters of a unit.
  std::vector<Spread> svdf_channels() const {
    const std::vector<ChannelWeights> filters = sums_of(2, 0);
    const auto rank = static_cast<std::size_t>(layer_.rank);
    std::vector<ChannelWeights> units(filters.size() / rank);
    for (std::size_t f = 0; f < units.size() * rank; ++f) {
      units[f / rank].sum += filters[f].sum;
      units[f / rank].power += filters[f].power;
    }
    add_bias_of(3, units, operand(2), operand(4));
    std::vector<Spread> channels;
    for (const ChannelWeights& unit : units) {
      channels.push_back(unit.outputs(spread(4)));
    }
    return channels;
  }

  const LayerSpec& layer_;
  const Graph& graph_;
  const Operator& op_;
  const std::vector<Spread>& spreads_;
  std::int64_t elements_;
  OutputForm form_;
};

}  // namespace

OutputForm output_form(const LayerView& view, std::int64_t output_elements) {
  return OutputChooser(view, output_elements).choose();
}

}  // namespace milliwatt::workloads
