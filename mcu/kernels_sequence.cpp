// SPDX-License-Identifier: Apache-2.0
// Kernels with states, which live in memory from one invocation to the next: SVDF and LSTM.
#include <algorithm>
#include <array>
#include <vector>

#include "abi/kernel_sequence.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_sums.h"
#include "workloads/sigmoid_table.h"

namespace milliwatt::mcu {

namespace {

using Values = std::vector<std::int32_t>;

void store_elements(std::uint8_t* bytes, const Values& values, int bits) {
  ElementWriter writer(bytes, static_cast<std::int64_t>(values.size()), bits);
  for (const std::int32_t value : values) {
    writer.put(value);
  }
}

/// `value` in the lowest `bits`, as storing and loading it makes of it.
std::int32_t wrapped(std::int32_t value, int bits) {
  const int unused = 32 - bits;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value) << unused) >> unused;
}

/// Filters of rank one over the last steps of a stream.
class Svdf : public Kernel {
 public:
  explicit Svdf(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_svdf_section>()) {
    require_operands(record, 6);
    require_range("the rank", s_.rank, 1, INT32_MAX);
    require(s_.filters % s_.rank == 0, "{} filters have a rank of {}", s_.filters, s_.rank);
    require_part(0, "the input", MW_USE_READ, {s_.batch, s_.depth});
    require_part(kFeatures, "the feature weights", MW_USE_READ, {s_.filters, s_.depth});
    require_part(kTimes, "the time weights", MW_USE_READ, {s_.filters, s_.memory});
    require(bits(kBias) == 32, "the bias has {} bits", bits(kBias));
    require_operand(record, kBias, "the bias", MW_USE_READ, units());
    require_part(kState, "the state", MW_USE_STATE, {s_.batch, s_.filters, s_.memory});
    require_part(kOutput, "the output", MW_USE_WRITE, {s_.batch, units()});
    require_element("the input zero point", s_.input_zero_point, bits(0));
    require_element("the state's zero point", s_.state_zero_point, bits(kState));
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    require_multiplier("the factor of features", s_.feature, kLowestExponent, kHighest);
    require_multiplier("the factor of times", s_.time, kLowestExponent, kHighest);
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
    count_work();
  }

  void run(const Pointers& operands) const override {
    const Values data =
        load_centred(operands[0], std::int64_t{s_.batch} * s_.depth, bits(0), s_.input_zero_point);
    const Values features =
        load_elements(operands[kFeatures], std::int64_t{s_.filters} * s_.depth, bits(kFeatures));
    const Values times =
        load_elements(operands[kTimes], std::int64_t{s_.filters} * s_.memory, bits(kTimes));
    Values state = load_elements(operands[kState], states(), bits(kState));
    for (std::int64_t row = 0; row < std::int64_t{s_.batch} * s_.filters; ++row) {
      const std::int64_t filter = row % s_.filters;
      const std::int64_t sum = dot_product(data.data() + row / s_.filters * s_.depth,
                                           features.data() + filter * s_.depth, s_.depth);
      push(state.data() + row * s_.memory, sum, filter);
    }
    store_elements(operands[kState], state, bits(kState));
    write_outputs(state, times, load_bias(operands[kBias], units(), 32), operands[kOutput]);
  }

 private:
  static constexpr int kHighest = highest_exponent(false);
  enum Operand : std::size_t { kFeatures = 1, kTimes, kBias, kState, kOutput };

  std::int64_t units() const { return s_.filters / s_.rank; }
  std::int64_t states() const { return std::int64_t{s_.batch} * s_.filters * s_.memory; }

  void require_part(std::size_t index, const char* name, mw_use use,
                    std::initializer_list<std::int64_t> extents) const {
    require_integers(record(), index, name);
    require_operand(record(), index, name, use, volume(name, extents));
  }

  void count_work() {
    work_.macs = steps({s_.batch, s_.filters, std::int64_t{s_.depth} + s_.memory});
    work_.outputs = s_.batch * (s_.filters + units());
    work_.moved = states();
  }

  /// The oldest value goes, the newest comes.
  void push(std::int32_t* values, std::int64_t sum, std::int64_t filter) const {
    const std::int64_t newest = std::clamp<std::int64_t>(scale_sum(sum, s_.feature, false, filter),
                                                         workloads::lowest_element(bits(kState)),
                                                         workloads::highest_element(bits(kState)));
    std::copy(values + 1, values + s_.memory, values);
    values[s_.memory - 1] =
        wrapped(static_cast<std::int32_t>(newest) + s_.state_zero_point, bits(kState));
  }

  void write_outputs(const Values& state, const Values& times,
                     const std::vector<std::int64_t>& bias, std::uint8_t* output) const {
    ElementWriter writer(output, s_.batch * units(), bits(kOutput));
    // The filters of a unit lie one behind the other, their values and weights as well.
    const std::int64_t run = std::int64_t{s_.rank} * s_.memory;
    for (std::int64_t i = 0; i < s_.batch * units(); ++i) {
      const std::int64_t unit = i % units();
      std::int64_t sum = bias[static_cast<std::size_t>(unit)];
      for (std::int64_t t = 0; t < run; ++t) {
        const std::int64_t value = state[static_cast<std::size_t>(i * run + t)];
        sum += (value - s_.state_zero_point) * times[static_cast<std::size_t>(unit * run + t)];
      }
      writer.put_clamped(scale_sum(sum, s_.time, false, unit) + s_.output_zero_point, s_.clamp_low,
                         s_.clamp_high);
    }
  }

  mw_svdf_section s_;
};

std::int32_t saturate16(std::int64_t x) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(x, INT16_MIN, INT16_MAX));
}

std::int64_t scale(std::int64_t product, mw_multiplier m) {
  return workloads::requantize(static_cast<std::int32_t>(product), {m.mantissa, m.exponent});
}

/// A layer of LSTM cells over the steps of an invocation. Gate sums are Q3.12, gate values Q0.15.
class Lstm : public Kernel {
 public:
  explicit Lstm(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_lstm_section>()) {
    require_operands(record, kOutput + 1);
    require_parts();
    require_range("time_major", s_.time_major, 0, 1);
    require_element("the input zero point", s_.input_zero_point, bits(0));
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
      require_multiplier("a gate's factor", s_.input[gate], kLowestExponent, kHighestOfGates);
      require_multiplier("a gate's factor", s_.recurrent[gate], kLowestExponent, kHighestOfGates);
    }
    require_multiplier("the factor of the forget gate", s_.forget, kLowestExponent, 0);
    require_multiplier("the factor of the input gate", s_.update, kLowestExponent, 0);
    require_multiplier("the factor of the output gate", s_.output, kLowestExponent, 0);
    require_range("the cell clip", s_.cell_clip, 0, INT16_MAX);
    require_range("the table's factor", s_.table_factor, 1, UINT16_MAX);
    require_range("the table's shift", s_.table_shift, 0, 31);
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
    count_work();
  }

  void run(const Pointers& operands) const override {
    Layer layer(*this, operands);
    ElementWriter writer(operands[kOutput], rows() * s_.units, bits(kOutput));
    if (s_.time_major != 0) {
      for (std::int64_t i = 0; i < rows(); ++i) {
        layer.step(i % s_.batch, i, writer);
      }
    } else {
      for (std::int64_t i = 0; i < rows(); ++i) {
        layer.step(i / s_.steps, i, writer);
      }
    }
    layer.store_states(operands);
  }

 private:
  static constexpr int kHighestOfGates = 14;
  enum Operand : std::size_t {
    kWeights = 1,
    kRecurrent = kWeights + MW_LSTM_GATES,
    kBias = kRecurrent + MW_LSTM_GATES,
    kHidden = kBias + MW_LSTM_GATES,
    kCell,
    kOutput
  };

  std::int64_t rows() const { return std::int64_t{s_.batch} * s_.steps; }

  void require_part(std::size_t index, const char* name, mw_use use,
                    std::initializer_list<std::int64_t> extents) const {
    require_integers(record(), index, name);
    require_operand(record(), index, name, use, volume(name, extents));
  }

  void require_parts() const {
    require_part(0, "the input", MW_USE_READ, {s_.batch, s_.steps, s_.depth});
    for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
      require_part(kWeights + gate, "a gate's weights", MW_USE_READ, {s_.units, s_.depth});
      require_part(kRecurrent + gate, "a gate's weights", MW_USE_READ, {s_.units, s_.units});
      const int wide = bits(kBias + gate);
      require(wide == 32 || wide == 64, "a gate's bias has {} bits", wide);
      require_operand(record(), kBias + gate, "a gate's bias", MW_USE_READ, s_.units);
    }
    require_part(kHidden, "the output state", MW_USE_STATE, {s_.batch, s_.units});
    require_part(kCell, "the cell state", MW_USE_STATE, {s_.batch, s_.units});
    require_part(kOutput, "the output", MW_USE_WRITE, {s_.batch, s_.steps, s_.units});
    require(bits(kCell) == 16, "the cell state has {} bits", bits(kCell));
    require(bits(kHidden) == bits(kOutput), "the output state has {} bits, the output {}",
            bits(kHidden), bits(kOutput));
  }

  void count_work() {
    const std::int64_t cells = steps({s_.batch, s_.steps, s_.units});
    work_.macs = steps({cells, static_cast<int>(MW_LSTM_GATES), std::int64_t{s_.depth} + s_.units});
    // Two sums per gate; the old and the new part of the cell state, and the output.
    work_.outputs = cells * (2 * MW_LSTM_GATES + 3);
    work_.lookups = cells * (MW_LSTM_GATES + 1);
  }

  /// The operands of a call, and what its steps change.
  class Layer {
   public:
    Layer(const Lstm& kernel, const Pointers& operands)
        : k_{kernel},
          s_{kernel.s_},
          wide_{kernel.bits(0) == 16},
          data_(load_centred(operands[0], kernel.rows() * s_.depth, kernel.bits(0),
                             s_.input_zero_point)),
          hidden_(load(operands, kHidden, std::int64_t{s_.batch} * s_.units)),
          cell_(load(operands, kCell, std::int64_t{s_.batch} * s_.units)),
          centred_(static_cast<std::size_t>(s_.units)) {
      for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
        const std::int64_t units = s_.units;
        weights_[gate] = load(operands, kWeights + gate, units * s_.depth);
        recurrent_[gate] = load(operands, kRecurrent + gate, units * units);
        bias_[gate] = load_bias(operands[kBias + gate], units, kernel.bits(kBias + gate));
        values_[gate].resize(static_cast<std::size_t>(units));
      }
    }

    /// One step of one sequence of the batch, given by row `row` of the data.
    void step(std::int64_t sequence, std::int64_t row, ElementWriter& writer) {
      std::int32_t* hidden = hidden_.data() + sequence * s_.units;
      std::int32_t* cell = cell_.data() + sequence * s_.units;
      std::transform(hidden, hidden + s_.units, centred_.begin(),
                     [&](std::int32_t h) { return h - s_.output_zero_point; });
      for (std::size_t gate = 0; gate < MW_LSTM_GATES; ++gate) {
        for (std::int64_t unit = 0; unit < s_.units; ++unit) {
          values_[gate][static_cast<std::size_t>(unit)] =
              gate_value(gate, unit, data_.data() + row * s_.depth);
        }
      }
      for (std::int64_t unit = 0; unit < s_.units; ++unit) {
        update(static_cast<std::size_t>(unit), hidden[unit], cell[unit]);
        writer.put(hidden[unit]);
      }
    }

    void store_states(const Pointers& operands) const {
      store_elements(operands[kHidden], hidden_, k_.bits(kHidden));
      store_elements(operands[kCell], cell_, k_.bits(kCell));
    }

   private:
    Values load(const Pointers& operands, std::size_t operand, std::int64_t elements) const {
      return load_elements(operands[operand], elements, k_.bits(operand));
    }

    std::int32_t gate_value(std::size_t gate, std::int64_t unit, const std::int32_t* x) const {
      const std::int64_t from_input =
          add_bias(dot_product(x, weights_[gate].data() + unit * s_.depth, s_.depth),
                   bias_[gate][static_cast<std::size_t>(unit)], unit);
      const std::int64_t from_state =
          dot_product(centred_.data(), recurrent_[gate].data() + unit * s_.units, s_.units);
      const std::int32_t sum =
          saturate16(saturate16(scale_sum(from_input, s_.input[gate], wide_, unit)) +
                     saturate16(scale_sum(from_state, s_.recurrent[gate], wide_, unit)));
      return gate == MW_LSTM_CELL ? workloads::table_tanh(3 * sum)
                                  : workloads::table_sigmoid(3 * sum);
    }

    void update(std::size_t unit, std::int32_t& hidden, std::int32_t& cell) const {
      const auto value = [&](mw_lstm_gate gate) {
        return std::int64_t{values_[static_cast<std::size_t>(gate)][unit]};
      };
      const std::int32_t kept = saturate16(scale(value(MW_LSTM_FORGET) * cell, s_.forget));
      const std::int32_t added =
          saturate16(scale(value(MW_LSTM_INPUT) * value(MW_LSTM_CELL), s_.update));
      cell = saturate16(kept + added);
      if (s_.cell_clip > 0) {
        cell = std::clamp(cell, -s_.cell_clip, s_.cell_clip);
      }
      const std::int64_t activated = workloads::table_tanh(table_index(cell));
      const std::int64_t y =
          scale(activated * value(MW_LSTM_OUTPUT), s_.output) + s_.output_zero_point;
      hidden = static_cast<std::int32_t>(std::clamp<std::int64_t>(y, s_.clamp_low, s_.clamp_high));
    }

    std::int32_t table_index(std::int32_t cell) const {
      const std::int64_t half =
          s_.table_shift > 0 ? std::int64_t{1} << (s_.table_shift - 1) : std::int64_t{0};
      return static_cast<std::int32_t>((std::int64_t{cell} * s_.table_factor + half) >>
                                       s_.table_shift);
    }

    const Lstm& k_;
    const mw_lstm_section& s_;
    bool wide_;
    Values data_;
    std::array<Values, MW_LSTM_GATES> weights_;
    std::array<Values, MW_LSTM_GATES> recurrent_;
    std::array<std::vector<std::int64_t>, MW_LSTM_GATES> bias_;
    Values hidden_;
    Values cell_;
    Values centred_;                            ///< the hidden state less its zero point
    std::array<Values, MW_LSTM_GATES> values_;  ///< of this step
  };

  mw_lstm_section s_;
};

}  // namespace

std::unique_ptr<Kernel> make_svdf(const KernelRecord& record) {
  return std::make_unique<Svdf>(record);
}

std::unique_ptr<Kernel> make_lstm(const KernelRecord& record) {
  return std::make_unique<Lstm>(record);
}

}  // namespace milliwatt::mcu
