// SPDX-License-Identifier: Apache-2.0
// Checks of operators with states.
#include <cmath>

#include "workloads/operator_parameters.h"
#include "workloads/operator_rules.h"

namespace milliwatt::workloads {

namespace {

constexpr int kMostExponent = 30;
constexpr int kMostWideExponent = 7;

bool has_zero_point_0(const Tensor& tensor) {
  return tensor.quantization.scales.size() == 1 && tensor.quantization.zero_point() == 0;
}

/// A constant with one scale, zero point 0 and this shape.
void check_weights(OperatorRules& rules, std::size_t place,
                   const std::vector<std::int32_t>& shape) {
  const Tensor& weights = rules.input(place);
  rules.require(weights.role == TensorRole::kConstant && has_zero_point_0(weights),
                "needs constant weights with one scale and zero point 0 in '{}'", weights.name);
  rules.check_shape(weights, shape);
}

void check_bias(OperatorRules& rules, std::size_t place, std::int32_t units, bool wide) {
  const Tensor& bias = rules.input(place);
  rules.require(
      bias.role == TensorRole::kConstant && bias.elements() == units &&
          (bias.type == ElementType::kInt32 || (wide && bias.type == ElementType::kInt64)),
      "needs {} bias values in '{}'", units, bias.name);
}

bool check_state(OperatorRules& rules, std::size_t place) {
  return rules.require(rules.has_input(place) && rules.input(place).role == TensorRole::kState,
                       "needs a state as operand {}", place);
}

void check_svdf(OperatorRules& rules) {
  if (!rules.require_operands(3, 5) || !check_state(rules, 4)) {
    return;
  }
  const auto& svdf = std::get<Svdf>(rules.op().attributes);
  const auto& data = rules.input(0).shape;
  const auto& features = rules.input(1).shape;
  const auto& times = rules.input(2).shape;
  if (!rules.require(data.size() == 2 && features.size() == 2 && times.size() == 2,
                     "needs data and weights of two dimensions") ||
      !rules.require(svdf.rank >= 1 && features[0] % svdf.rank == 0,
                     "cannot share {} filters among units of rank {}", features[0], svdf.rank)) {
    return;
  }
  const std::int32_t units = features[0] / svdf.rank;
  const ElementType state = rules.input(4).type;
  rules.require(rules.input(0).type == ElementType::kInt8 &&
                    rules.output().type == ElementType::kInt8 &&
                    rules.input(1).type == ElementType::kInt8 && is_whole_activation_type(state) &&
                    rules.input(2).type == state,
                "needs int8 data and feature weights, and time weights of the state's type");
  rules.require(svdf.activation == Activation::kNone || svdf.activation == Activation::kRelu,
                "has another activation than none or relu");
  for (const std::size_t place : {0, 4}) {
    rules.check_single_scale(rules.input(place));
  }
  rules.check_single_scale(rules.output());
  check_weights(rules, 1, {features[0], data[1]});
  check_weights(rules, 2, {features[0], times[1]});
  if (rules.has_input(3)) {
    check_bias(rules, 3, units, false);
  }
  rules.require(rules.input(4).elements() == std::int64_t{data[0]} * features[0] * times[1],
                "has {} state values for {} filters of {} steps", rules.input(4).elements(),
                features[0], times[1]);
  rules.check_shape(rules.output(), {data[0], units});
  if (rules.sound()) {
    const SvdfParameters p = svdf_parameters(rules.graph(), rules.op());
    rules.require(p.feature.exponent <= kMostExponent && p.time.exponent <= kMostExponent,
                  "multiplies accumulators by 2^{} or more", kMostExponent);
  }
}

/// Whether the operands of a plain LSTM are there: no peepholes, projection or layer norm.
bool check_lstm_operands(OperatorRules& rules) {
  bool good = rules.op().outputs.size() == 1 && rules.op().inputs.size() >= 20;
  for (std::size_t i = 0; good && i < rules.op().inputs.size(); ++i) {
    const bool needed = i <= 8 || (i >= 12 && i <= 15) || i == 18 || i == 19;
    good = rules.has_input(i) == needed;
  }
  return rules.require(good,
                       "needs data, weights and biases of four gates and two states; peepholes, "
                       "projection, coupled gates and layer norm are not supported") &&
         check_state(rules, 18) && check_state(rules, 19);
}

void check_lstm_types(OperatorRules& rules) {
  const ElementType type = rules.input(0).type;
  rules.require(is_whole_activation_type(type) && rules.output().type == type &&
                    rules.input(18).type == type && rules.input(19).type == ElementType::kInt16,
                "needs data, output and output state of one type and an int16 cell state");
  for (const Tensor* tensor :
       {&rules.input(0), &rules.input(18), &rules.input(19), &rules.output()}) {
    rules.check_single_scale(*tensor);
  }
  for (std::size_t place = 1; place <= 8; ++place) {
    rules.require(rules.input(place).type == ElementType::kInt8, "has {} weights in '{}'",
                  element_name(rules.input(place).type), rules.input(place).name);
  }
}

void check_lstm_shapes(OperatorRules& rules) {
  const auto& data = rules.input(0).shape;
  if (!rules.require(data.size() == 3 && rules.input(5).shape.size() == 2,
                     "needs data of three and weights of two dimensions")) {
    return;
  }
  const std::int32_t units = rules.input(5).shape[0];
  const bool wide = rules.input(0).type == ElementType::kInt16;
  const std::int32_t batch = data[std::get<Lstm>(rules.op().attributes).time_major ? 1 : 0];
  for (std::size_t gate = 0; gate < 4; ++gate) {
    check_weights(rules, 1 + gate, {units, data[2]});
    check_weights(rules, 5 + gate, {units, units});
    check_bias(rules, 12 + gate, units, wide);
  }
  rules.check_shape(rules.input(18), {batch, units});
  rules.check_shape(rules.input(19), {batch, units});
  rules.check_shape(rules.output(), {data[0], data[1], units});
}

void check_lstm_scales(OperatorRules& rules) {
  const float cell = rules.input(19).quantization.scales[0];
  int exponent = 0;
  const float clip = std::get<Lstm>(rules.op().attributes).cell_clip;
  rules.require(std::isfinite(clip) && clip >= 0.0F, "has cell clip {}", clip);
  if (!rules.require(std::frexp(cell, &exponent) == 0.5F && exponent >= -14 && exponent <= 1,
                     "needs a power of two from 2^-15 to 1 as scale of its cell state, not {}",
                     cell)) {
    return;
  }
  const Quantization& out = rules.output().quantization;
  const Quantization& state = rules.input(18).quantization;
  rules.require(out.scales == state.scales && out.zero_points == state.zero_points,
                "has different scales or zero points for output and output state");
  const LstmParameters p = lstm_parameters(rules.graph(), rules.op());
  for (std::size_t gate = 0; gate < 4; ++gate) {
    rules.require(p.input[gate].exponent <= kMostWideExponent &&
                      p.recurrent[gate].exponent <= kMostWideExponent,
                  "multiplies accumulators by 2^{} or more", kMostWideExponent);
  }
  rules.require(p.output.exponent <= 0, "has an output scale below 2^-30");
}

void check_lstm(OperatorRules& rules) {
  if (!check_lstm_operands(rules)) {
    return;
  }
  check_lstm_types(rules);
  check_lstm_shapes(rules);
  if (rules.sound()) {
    check_lstm_scales(rules);
  }
}

}  // namespace

void check_sequence(OperatorRules& rules) {
  if (rules.op().kind == OperatorKind::kSvdf) {
    check_svdf(rules);
  } else {
    check_lstm(rules);
  }
}

}  // namespace milliwatt::workloads
