// SPDX-License-Identifier: Apache-2.0
// Reference kernels with states: LSTM and SVDF.
#include <algorithm>
#include <array>

#include "workloads/operator_parameters.h"
#include "workloads/reference_kernels.h"
#include "workloads/sigmoid_table.h"

namespace milliwatt::workloads::reference {

namespace {

using Offset = std::int64_t;
using Values = std::vector<std::int16_t>;

std::int16_t saturate16(std::int64_t x) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(x, -32768, 32767));
}

void store_all(const Tensor& tensor, const std::vector<std::int32_t>& values, Bytes& bytes) {
  Writer writer(tensor);
  for (std::size_t i = 0; i < values.size(); ++i) {
    writer.store(i, values[i]);
  }
  bytes = writer.take();
}

enum Gate : std::size_t { kInputGate, kForgetGate, kCellGate, kOutputGate };

/// One LSTM operator over its steps.
class LstmKernel {
 public:
  explicit LstmKernel(const Call& call)
      : call_{call},
        p_(lstm_parameters(call.graph, call.op)),
        wide_{call.input(0).type == ElementType::kInt16},
        depth_{call.input(1).shape[1]},
        units_{call.input(5).shape[0]},
        data_(widen(call.input(0), call.bytes(0), p_.input_zero_point)),
        hidden_(integers(call.input(18), call.state(18))),
        cell_(integers(call.input(19), call.state(19))) {
    for (std::size_t gate = 0; gate < 4; ++gate) {
      weights_[gate] = widen(call.input(1 + gate), call.bytes(1 + gate), 0);
      recurrent_[gate] = widen(call.input(5 + gate), call.bytes(5 + gate), 0);
      bias_[gate] = bias_values(call, 12 + gate, static_cast<std::size_t>(units_));
      values_[gate].resize(static_cast<std::size_t>(units_));
    }
  }

  Bytes run() {
    const auto& shape = call_.input(0).shape;
    const bool time_major = std::get<Lstm>(call_.op.attributes).time_major;
    const Offset steps = shape[time_major ? 0 : 1];
    const Offset batches = shape[time_major ? 1 : 0];
    Writer writer(call_.output());
    for (Offset n = 0; n < batches; ++n) {
      for (Offset t = 0; t < steps; ++t) {
        const Offset row = time_major ? t * batches + n : n * steps + t;
        step(n, data_.data() + row * depth_);
        for (Offset u = 0; u < units_; ++u) {
          writer.store(static_cast<std::size_t>(row * units_ + u),
                       hidden_[static_cast<std::size_t>(n * units_ + u)]);
        }
      }
    }
    store_all(call_.input(18), hidden_, call_.state(18));
    store_all(call_.input(19), cell_, call_.state(19));
    return writer.take();
  }

 private:
  void step(Offset batch, const std::int16_t* x) {
    Values h;
    for (Offset u = 0; u < units_; ++u) {
      const std::int32_t stored = hidden_[static_cast<std::size_t>(batch * units_ + u)];
      h.push_back(static_cast<std::int16_t>(stored - p_.output_zero_point));
    }
    for (std::size_t gate = 0; gate < 4; ++gate) {
      compute_gate(gate, x, h);
    }
    for (std::size_t u = 0; u < static_cast<std::size_t>(units_); ++u) {
      update(u, static_cast<std::size_t>(batch * units_) + u);
    }
  }

  void compute_gate(std::size_t gate, const std::int16_t* x, const Values& h) {
    for (Offset u = 0; u < units_; ++u) {
      const auto unit = static_cast<std::size_t>(u);
      const std::int64_t from_input = call_.add_bias(
          dot(x, weights_[gate].data() + u * depth_, depth_, safe()), bias_[gate][unit], unit);
      const std::int64_t from_state =
          dot(h.data(), recurrent_[gate].data() + u * units_, units_, safe());
      const std::int16_t sum =
          saturate16(saturate16(call_.scale_sum(from_input, p_.input[gate], wide_, unit)) +
                     saturate16(call_.scale_sum(from_state, p_.recurrent[gate], wide_, unit)));
      values_[gate][unit] = gate == kCellGate ? table_tanh(3 * sum) : table_sigmoid(3 * sum);
    }
  }

  void update(std::size_t unit, std::size_t place) {
    const std::int16_t kept =
        saturate16(call_.scale(values_[kForgetGate][unit] * cell_[place], p_.forget));
    const std::int16_t added =
        saturate16(call_.scale(values_[kInputGate][unit] * values_[kCellGate][unit], p_.update));
    std::int32_t cell = saturate16(kept + added);
    if (p_.cell_clip > 0) {
      cell = std::clamp(cell, -p_.cell_clip, p_.cell_clip);
    }
    cell_[place] = cell;
    const std::int32_t activated = table_tanh(to_table(cell, p_.cell_to_table));
    const std::int32_t y =
        call_.scale(activated * values_[kOutputGate][unit], p_.output) + p_.output_zero_point;
    const Clamp bounds = activation_clamp(Activation::kNone, call_.output());
    hidden_[place] = std::clamp(y, bounds.low, bounds.high);
  }

  Offset safe() const { return safe_products(call_.input(0)); }

  const Call& call_;
  LstmParameters p_;
  bool wide_;
  Offset depth_;
  Offset units_;
  Values data_;
  std::array<Values, 4> weights_;
  std::array<Values, 4> recurrent_;
  std::array<std::vector<std::int64_t>, 4> bias_;
  std::array<Values, 4> values_;  ///< of the gates in this step, Q0.15
  std::vector<std::int32_t> hidden_;
  std::vector<std::int32_t> cell_;
};

/// One SVDF operator for one step of its stream.
class SvdfKernel {
 public:
  explicit SvdfKernel(const Call& call)
      : call_{call},
        p_(svdf_parameters(call.graph, call.op)),
        depth_{call.input(1).shape[1]},
        filters_{call.input(1).shape[0]},
        memory_{call.input(2).shape[1]},
        data_(widen(call.input(0), call.bytes(0), p_.input_zero_point)),
        features_(widen(call.input(1), call.bytes(1), 0)),
        times_(integers(call.input(2), call.bytes(2))),
        state_(integers(call.input(4), call.state(4))) {}

  Bytes run() {
    const Offset batches = call_.input(0).elements() / depth_;
    for (Offset n = 0; n < batches; ++n) {
      for (Offset f = 0; f < filters_; ++f) {
        remember(n, f);
      }
    }
    store_all(call_.input(4), state_, call_.state(4));
    return outputs(batches);
  }

 private:
  std::int32_t* row(Offset batch, Offset filter) {
    return state_.data() + (batch * filters_ + filter) * memory_;
  }

  /// Drops the oldest value of a filter and appends the newest. A value beyond int8 wraps.
  void remember(Offset batch, Offset filter) {
    const Tensor& state = call_.input(4);
    const Clamp bounds = activation_clamp(Activation::kNone, state);
    const std::int64_t sum = dot(data_.data() + batch * depth_, features_.data() + filter * depth_,
                                 depth_, safe_products(call_.input(0)));
    const auto value = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        call_.scale_sum(sum, p_.feature, false, static_cast<std::size_t>(filter)), bounds.low,
        bounds.high));
    const std::int32_t shifted = value + p_.state_zero_point;
    std::int32_t* first = row(batch, filter);
    std::copy(first + 1, first + memory_, first);
    first[memory_ - 1] = state.type == ElementType::kInt8 ? static_cast<std::int8_t>(shifted)
                                                          : static_cast<std::int16_t>(shifted);
  }

  Bytes outputs(Offset batches) {
    const Offset rank = std::get<Svdf>(call_.op.attributes).rank;
    const Offset units = filters_ / rank;
    const auto bias = bias_values(call_, 3, static_cast<std::size_t>(units));
    const Clamp bounds = activation_clamp(Activation::kNone, call_.output());
    Writer writer(call_.output());
    for (Offset n = 0; n < batches; ++n) {
      for (Offset u = 0; u < units; ++u) {
        std::int64_t sum = bias[static_cast<std::size_t>(u)];
        for (Offset f = u * rank; f < (u + 1) * rank; ++f) {
          sum += recall(n, f);
        }
        call_.note(static_cast<std::size_t>(n * units + u), sum);
        const std::int64_t y = call_.scale_sum(sum, p_.time, false, static_cast<std::size_t>(u)) +
                               p_.output_zero_point;
        writer.store(
            static_cast<std::size_t>(n * units + u),
            static_cast<std::int32_t>(std::clamp<std::int64_t>(y, bounds.low, bounds.high)));
      }
    }
    return writer.take();
  }

  std::int64_t recall(Offset batch, Offset filter) {
    const std::int32_t* values = row(batch, filter);
    const std::int32_t* weights = times_.data() + filter * memory_;
    std::int64_t sum = 0;
    for (Offset t = 0; t < memory_; ++t) {
      sum += std::int64_t{weights[t]} * (values[t] - p_.state_zero_point);
    }
    return sum;
  }

  const Call& call_;
  SvdfParameters p_;
  Offset depth_;
  Offset filters_;
  Offset memory_;
  Values data_;
  Values features_;
  std::vector<std::int32_t> times_;
  std::vector<std::int32_t> state_;
};

}  // namespace

Bytes lstm(const Call& call) { return LstmKernel(call).run(); }

Bytes svdf(const Call& call) { return SvdfKernel(call).run(); }

}  // namespace milliwatt::workloads::reference
