// SPDX-License-Identifier: Apache-2.0
// Operators with states as software kernels.
#include <algorithm>

#include "abi/kernel_sequence.h"
#include "dataflows/host_kernels.h"
#include "workloads/operator_parameters.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Tensor;

workloads::Clamp type_bounds(const Tensor& tensor) {
  return workloads::activation_clamp(workloads::Activation::kNone, tensor);
}

}  // namespace

HostCall svdf_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_SVDF);
  const auto& svdf = std::get<workloads::Svdf>(op.attributes);
  const auto& features = builder.input(1).shape;
  builder.add_data_inputs();
  builder.add_weights(1);
  builder.add_weights(2);
  builder.add_bias(3, features[0] / svdf.rank);
  builder.add_state(4);
  builder.add_outputs();
  const workloads::SvdfParameters p = workloads::svdf_parameters(graph, op);
  const workloads::Clamp clamp = type_bounds(builder.output());
  mw_svdf_section section{};
  section.batch = builder.input(0).shape[0];
  section.depth = features[1];
  section.filters = features[0];
  section.rank = svdf.rank;
  section.memory = builder.input(2).shape[1];
  section.input_zero_point = p.input_zero_point;
  section.state_zero_point = p.state_zero_point;
  section.output_zero_point = p.output_zero_point;
  section.feature = multiplier_of(p.feature);
  section.time = multiplier_of(p.time);
  section.clamp_low = clamp.low;
  section.clamp_high = clamp.high;
  builder.add_section(section);
  return builder.take();
}

namespace {

/// Places among op.inputs, as workloads::Lstm lists them.
constexpr std::size_t kWeights = 1;
constexpr std::size_t kRecurrent = 5;
constexpr std::size_t kBias = 12;
constexpr std::size_t kHidden = 18;
constexpr std::size_t kCell = 19;

void set_lstm_shape(mw_lstm_section& section, const HostCallBuilder& builder) {
  const auto& data = builder.input(0).shape;
  const bool time_major = std::get<workloads::Lstm>(builder.op().attributes).time_major;
  section.batch = data[time_major ? 1 : 0];
  section.steps = data[time_major ? 0 : 1];
  section.depth = data[2];
  section.units = builder.input(kRecurrent).shape[0];
  section.time_major = time_major ? 1 : 0;
}

void set_lstm_parameters(mw_lstm_section& section, const HostCallBuilder& builder) {
  const workloads::LstmParameters p = workloads::lstm_parameters(builder.graph(), builder.op());
  const workloads::Clamp clamp = type_bounds(builder.output());
  section.input_zero_point = p.input_zero_point;
  section.output_zero_point = p.output_zero_point;
  for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
    section.input[gate] = multiplier_of(p.input[gate]);
    section.recurrent[gate] = multiplier_of(p.recurrent[gate]);
  }
  section.forget = multiplier_of(p.forget);
  section.update = multiplier_of(p.update);
  section.output = multiplier_of(p.output);
  section.cell_clip = p.cell_clip;
  section.table_factor = p.cell_to_table.factor;
  section.table_shift = p.cell_to_table.shift;
  section.clamp_low = clamp.low;
  section.clamp_high = clamp.high;
}

}  // namespace

std::optional<std::string> lstm_refused(const Graph& graph, const Operator& op) {
  static_cast<void>(graph);
  if (op.inputs[kHidden] == op.inputs[kCell]) {
    return "its output state is its cell state";
  }
  return std::nullopt;
}

HostCall lstm_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_LSTM);
  mw_lstm_section section{};
  set_lstm_shape(section, builder);
  set_lstm_parameters(section, builder);
  builder.add_data_inputs();
  for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
    builder.add_weights(kWeights + gate);
  }
  for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
    builder.add_weights(kRecurrent + gate);
  }
  for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
    builder.add_bias(kBias + gate, section.units);
  }
  builder.add_state(kHidden);
  builder.add_state(kCell);
  builder.add_outputs();
  builder.add_section(section);
  return builder.take();
}

}  // namespace milliwatt::dataflows
