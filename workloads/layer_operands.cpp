// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_operands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "workloads/layer_kinds.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

namespace {

using K = OperatorKind;
using Shape = std::vector<std::int32_t>;

/// Makes the operands of one layer.
class OperandMaker {
 public:
  OperandMaker(const LayerSpec& layer, const Shape& output, Operator& op, TraceTensors& tensors,
               ConstantMaker& maker)
      : layer_{layer}, output_{output}, op_{op}, tensors_{tensors}, maker_{maker} {}

  void make() {
    switch (op_.kind) {
      case K::kTransposeConv2d:
        make_weighted();
        op_.inputs = {add_numbers("output_shape", rank_of(output_), output_), op_.inputs[1],
                      op_.inputs[0], op_.inputs[2]};
        return;
      case K::kSvdf:
        return make_svdf();
      case K::kLstm:
        return make_lstm();
      default:
        if (is_weighted(op_.kind)) {
          make_weighted();
        } else {
          make_numbers();
        }
    }
  }

 private:
  const Tensor& data() const { return tensors_.tensor(op_.inputs[0]); }

  /// Data whose scale those of weights and biases build on.
  const Tensor& quantized_data() const {
    if (data().quantization.scales.size() != 1 || element_bits(data().type) > 16) {
      throw base::UserError(fmt::format(
          "'{}' is {} without one scale, which {} does not support; put a quantize layer before it",
          data().name, element_name(data().type), operator_name(op_.kind)));
    }
    return data();
  }

  TensorId add_numbers(const std::string& what, Shape shape, const std::vector<std::int32_t>& all) {
    Tensor tensor = index_constant(op_.name + "/" + what, std::move(shape), all);
    tensors_.reserve(tensor);
    return tensors_.add(std::move(tensor), {});
  }

  static Shape rank_of(const std::vector<std::int32_t>& list) {
    return {static_cast<std::int32_t>(list.size())};
  }

  /// The constants that say once more what the attributes say, as converters write them.
  void make_numbers() {
    switch (op_.kind) {
      case K::kMean:
      case K::kSum:
      case K::kReduceMax:
        op_.inputs.push_back(add_numbers("axes", rank_of(layer_.axes), layer_.axes));
        return;
      case K::kPad:
        return make_pads();
      case K::kSlice:
        return make_slice();
      case K::kTranspose:
        op_.inputs.push_back(
            add_numbers("permutation", rank_of(layer_.permutation), layer_.permutation));
        return;
      case K::kResizeNearest:
      case K::kResizeBilinear:
        op_.inputs.push_back(add_numbers("size", {2}, layer_.size));
        return;
      default:
        return;
    }
  }

  void make_pads() {
    std::vector<std::int32_t> pairs;
    for (std::size_t d = 0; d < std::min(layer_.pad_before.size(), layer_.pad_after.size()); ++d) {
      pairs.insert(pairs.end(), {layer_.pad_before[d], layer_.pad_after[d]});
    }
    const auto rank = static_cast<std::int32_t>(pairs.size() / 2);
    op_.inputs.push_back(add_numbers("pads", {rank, 2}, pairs));
  }

  /// Begin, end and step; an end before the first element, which only a mask could say, is 0.
  void make_slice() {
    const SliceSpec& slice = layer_.slice;
    std::vector<std::int32_t> ends;
    for (std::size_t d = 0; d < slice.begin.size(); ++d) {
      const std::int64_t end =
          std::int64_t{slice.begin[d]} + std::int64_t{slice.count[d]} * slice.step[d];
      ends.push_back(static_cast<std::int32_t>(std::clamp<std::int64_t>(end, 0, kMostExtent)));
    }
    op_.inputs.push_back(add_numbers("begin", rank_of(slice.begin), slice.begin));
    op_.inputs.push_back(add_numbers("end", rank_of(ends), ends));
    op_.inputs.push_back(add_numbers("step", rank_of(slice.step), slice.step));
  }

  WeightsForm weights_form(const std::string& suffix, Shape shape, ElementType type) const {
    WeightsForm form;
    form.layer = op_.name;
    form.suffix = suffix;
    form.shape = std::move(shape);
    form.type = type;
    form.scale_per_channel = false;
    return form;
  }

  /// Refuses weights that are too large before any are made.
  void reserve(const WeightsForm& form) {
    Tensor measure;
    measure.name = fmt::format("{}/weights{}", form.layer, form.suffix);
    measure.type = form.type;
    measure.shape = form.shape;
    tensors_.reserve(measure);
  }

  TensorId add_weights(const WeightsForm& form) { return tensors_.add(maker_.weights(form), {}); }

  /// A bias for sums of products of two tensors of one scale each, or one per channel.
  TensorId add_bias(const std::string& suffix, TensorId weights, int channel_dimension,
                    const Tensor& input, std::int32_t channels) {
    const Tensor& held = tensors_.tensor(weights);
    auto sums = channel_weights(held, channel_dimension);
    sums.resize(static_cast<std::size_t>(channels));
    BiasForm form;
    form.layer = op_.name;
    form.suffix = suffix;
    form.type = data().type == ElementType::kInt16 && op_.kind != K::kSvdf ? ElementType::kInt64
                                                                           : ElementType::kInt32;
    form.reach = bias_reach(sums, held, input);
    form.file = layer_.bias_file;
    for (const float scale : held.quantization.scales) {
      form.scales.push_back(scale * input.quantization.scales.at(0));
    }
    return tensors_.add(maker_.bias(form), {});
  }

  Shape weights_shape() const {
    const Window& w = layer_.window;
    const Shape& input = data().shape;
    switch (op_.kind) {
      case K::kConv2d:
        return {layer_.filters, w.kernel_h, w.kernel_w, std::max(input[3] / layer_.groups, 1)};
      case K::kDepthwiseConv2d:
        return {1, w.kernel_h, w.kernel_w, input[3] * layer_.multiplier};
      case K::kTransposeConv2d:
        return {layer_.filters, w.kernel_h, w.kernel_w, input[3]};
      default:
        return {layer_.units, layer_.keep_dimensions
                                  ? input.back()
                                  : static_cast<std::int32_t>(data().elements() / input.front())};
    }
  }

  void make_weighted() {
    const Tensor input = quantized_data();
    WeightsForm form = weights_form("", weights_shape(), layer_.weights_type);
    form.channel_dimension = op_.kind == K::kDepthwiseConv2d ? 3 : 0;
    form.scale_per_channel = op_.kind != K::kFullyConnected;
    form.file = layer_.weights_file;
    form.scales = layer_.weights_scale;
    reserve(form);
    const TensorId weights = add_weights(form);
    op_.inputs.push_back(weights);
    op_.inputs.push_back(layer_.bias
                             ? add_bias("", weights, form.channel_dimension, input, form.channels())
                             : kNoTensor);
  }

  TensorId add_state(const std::string& what, Shape shape, ElementType type, OutputScale scale,
                     Spread spread) {
    Tensor state;
    state.name = op_.name + "/" + what;
    state.type = type;
    state.role = TensorRole::kState;
    state.shape = std::move(shape);
    state.quantization = {{scale.scale}, {scale.zero_point}, 0};
    tensors_.reserve(state);
    return tensors_.add(std::move(state), spread);
  }

  void make_svdf() {
    const Tensor input = quantized_data();
    const std::int64_t wide = std::int64_t{layer_.units} * layer_.rank;
    const auto filters = static_cast<std::int32_t>(std::min<std::int64_t>(wide, kMostExtent));
    const WeightsForm feature =
        weights_form("_feature", {filters, input.shape.at(1)}, layer_.weights_type);
    const WeightsForm time = weights_form("_time", {filters, layer_.memory}, layer_.state_type);
    reserve(feature);
    reserve(time);
    const TensorId features = add_weights(feature);
    std::vector<Spread> sums;
    for (const ChannelWeights& filter : channel_weights(tensors_.tensor(features), 0)) {
      sums.push_back(filter.outputs(tensors_.spread(op_.inputs[0])));
    }
    const TensorId times = add_weights(time);
    const auto steps = std::min<std::int64_t>(std::int64_t{filters} * layer_.memory, kMostExtent);
    const TensorId state =
        add_state("state", {input.shape[0], static_cast<std::int32_t>(steps)}, layer_.state_type,
                  choose_scale(sums, Activation::kNone, layer_.state_type),
                  after_activation(sums, Activation::kNone));
    const Tensor memory = tensors_.tensor(state);
    const TensorId bias = layer_.bias ? add_bias("", times, 0, memory, layer_.units) : kNoTensor;
    op_.inputs.insert(op_.inputs.end(), {features, times, bias, state});
  }

  /// Output state and output share a scale; the cell state reaches from -16 to 16.
  void make_lstm() {
    constexpr std::array<const char*, 4> kGates = {"_input", "_forget", "_cell", "_output"};
    constexpr std::size_t kOperands = 20;
    constexpr float kCellScale = 1.0F / 2048.0F;
    const Tensor input = quantized_data();
    std::vector<TensorId> operands(kOperands, kNoTensor);
    operands[0] = op_.inputs[0];
    std::array<WeightsForm, 4> weights;
    std::array<WeightsForm, 4> recurrent;
    for (std::size_t gate = 0; gate < kGates.size(); ++gate) {
      weights[gate] =
          weights_form(kGates[gate], {layer_.units, input.shape.at(2)}, layer_.weights_type);
      recurrent[gate] = weights_form(std::string("_recurrent") + kGates[gate],
                                     {layer_.units, layer_.units}, layer_.weights_type);
      reserve(weights[gate]);
      reserve(recurrent[gate]);
    }
    for (std::size_t gate = 0; gate < kGates.size(); ++gate) {
      operands[1 + gate] = add_weights(weights[gate]);
      operands[5 + gate] = add_weights(recurrent[gate]);
      operands[12 + gate] = add_bias(kGates[gate], operands[1 + gate], 0, input, layer_.units);
    }
    const std::int32_t batch = input.shape[layer_.time_major ? 1 : 0];
    const ElementType type = layer_.output_type.value_or(input.type);
    OutputScale hidden = {1.0F / static_cast<float>(1 << (element_bits(type) - 1)), 0};
    if (layer_.output_scale) {
      hidden = {static_cast<float>(*layer_.output_scale), *layer_.output_zero_point};
    }
    operands[18] = add_state("output_state", {batch, layer_.units}, type, hidden, {});
    operands[19] =
        add_state("cell_state", {batch, layer_.units}, ElementType::kInt16, {kCellScale, 0}, {});
    op_.inputs = std::move(operands);
  }

  static constexpr std::int64_t kMostExtent = 2147483647;

  const LayerSpec& layer_;
  const Shape& output_;
  Operator& op_;
  TraceTensors& tensors_;
  ConstantMaker& maker_;
};

}  // namespace

void make_operands(const LayerSpec& layer, const std::vector<std::int32_t>& output, Operator& op,
                   TraceTensors& tensors, ConstantMaker& maker) {
  if (!layer.form.operands && operand_count(layer.kind).made > 0) {
    OperandMaker(layer, output, op, tensors, maker).make();
  }
}

}  // namespace milliwatt::workloads
