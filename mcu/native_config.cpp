// SPDX-License-Identifier: Apache-2.0
#include "mcu/native_config.h"

#include <cmath>

namespace milliwatt::mcu {

namespace {

using Schema = base::Schema<NativeHostConfig>;

void declare_control(Schema& s) {
  s.integer("burst", &NativeHostConfig::burst_bytes, base::Unit::kBytes)
      .range(4, 4096)
      .power_of_two()
      .def(64)
      .doc("Longest bus burst of the host.");
  s.integer("port_width", &NativeHostConfig::port_width, base::Unit::kBytes)
      .range(1, 128)
      .power_of_two()
      .doc("Data path of the host's port on the bus. Absent: as wide as the bus.");
  s.cycles("command", &NativeHostConfig::command_cycles)
      .def(20)
      .assumed(5, 60)
      .source("some ten instructions to fetch and decode a command, 1 to 4 cycles each")
      .doc("Decoding one command of the list.");
  s.cycles("register_write", &NativeHostConfig::register_cycles)
      .def(4)
      .assumed(1, 10)
      .source("two to four instructions around a store")
      .doc("Instructions around one write of an engine's register; the bus comes on top.");
  s.cycles("interrupt", &NativeHostConfig::interrupt_cycles)
      .def(40)
      .assumed(12, 120)
      .source("12 cycles of an ARM Cortex-M4's hardware entry up to a saved register file")
      .doc("From an engine's interrupt to the first instruction that handles it.");
  s.cycles("call", &NativeHostConfig::call_cycles)
      .def(100)
      .assumed(30, 500)
      .source("decoding a record of 100 to 300 bytes, set-up of loops")
      .doc("Starting a software kernel.");
}

void declare_steps(Schema& s) {
  const auto cost = [&s](const char* key, double NativeHostConfig::*member, double def, double low,
                         double high, const char* source, const char* doc) {
    s.real(key, member, base::Unit::kCycles)
        .range(0.0, 1e6)
        .def(def)
        .assumed(low, high)
        .source(source)
        .doc(doc);
  };
  cost("mac", &NativeHostConfig::cycles_per_mac, 8.0, 0.5, 40.0,
       "int8 dot products of Ibex and CV32E40P: 8 to 13; MLPerf Tiny boards: 0.9 to 41",
       "One multiply-accumulate of a software kernel.");
  cost("requantize", &NativeHostConfig::cycles_per_output, 30.0, 8.0, 80.0,
       "a 64-bit product, two rounding shifts, a clamp",
       "Bias, requantization and clamp of one sum.");
  cost("tap", &NativeHostConfig::cycles_per_tap, 5.0, 0.5, 15.0,
       "a load, an addition or comparison, the loop", "One tap of a pooling window.");
  cost("addition", &NativeHostConfig::cycles_per_addition, 80.0, 15.0, 200.0,
       "three requantizations per element", "One element of an addition.");
  cost("exponential", &NativeHostConfig::cycles_per_exponential, 150.0, 50.0, 500.0,
       "some 15 high multiplies with rounding, twice per element", "One element of a softmax.");
  cost("softmax_row", &NativeHostConfig::cycles_per_softmax_row, 150.0, 50.0, 500.0,
       "three Newton steps of a reciprocal", "The reciprocal of one row of a softmax.");
  cost("copied_byte", &NativeHostConfig::cycles_per_copied_byte, 1.0, 0.25, 9.0,
       "copying 512 bytes on Ibex and CV32E40P: 457 cycles by unrolled words to 4620 bytewise",
       "Instructions around one byte that the host copies.");
  cost("moved_element", &NativeHostConfig::cycles_per_moved_element, 8.0, 2.0, 25.0,
       "a load, a store, two places to step, the loop",
       "One element that is moved, filled, or the larger or smaller of two.");
  cost("rescaled_element", &NativeHostConfig::cycles_per_rescaled_element, 35.0, 10.0, 90.0,
       "a requantization between two zero points, a clamp, a load and a store",
       "One element of relu, leaky relu, mul or a change of scale; hard swish takes two.");
  cost("sigmoid", &NativeHostConfig::cycles_per_sigmoid, 250.0, 80.0, 800.0,
       "an exponential of some 15 high multiplies, three Newton steps of a reciprocal",
       "One int8 element of a logistic or tanh.");
  cost("lookup", &NativeHostConfig::cycles_per_lookup, 25.0, 10.0, 70.0,
       "a multiply, two loads of a table, an interpolation",
       "One int16 element of a logistic or tanh; a gate of an LSTM takes one per unit and step.");
  cost("blend", &NativeHostConfig::cycles_per_blend, 60.0, 20.0, 200.0,
       "four loads, six 64-bit products, a rounding division by a power of two",
       "One element of a bilinear resize.");
  cost("real", &NativeHostConfig::cycles_per_real, 60.0, 1.0, 250.0,
       "hardware: 1 to 14; software: 40 to 100 for a sum or product, over 200 for a quotient",
       "One floating-point operation.");
  cost("real_function", &NativeHostConfig::cycles_per_real_function, 1000.0, 40.0, 4000.0,
       "a polynomial of some ten products and sums, the split into exponent and fraction",
       "One exponential or logarithm of a float.");
}

__int128 thousandths(double cycles, std::int64_t count) {
  return static_cast<__int128>(std::llround(cycles * 1000.0)) * count;
}

}  // namespace

base::Schema<NativeHostConfig> native_host_schema() {
  Schema s{"native", "Host that walks the command list with a stated cost per action."};
  s.elsewhere("kind", "Selects the host.");
  declare_control(s);
  declare_steps(s);
  return s;
}

NativeHostConfig default_native_host() { return native_host_schema().read(base::YamlNode::map()); }

base::Cycles kernel_cycles(const NativeHostConfig& config, const KernelWork& work) {
  const __int128 sum = thousandths(config.cycles_per_mac, work.macs) +
                       thousandths(config.cycles_per_output, work.outputs) +
                       thousandths(config.cycles_per_tap, work.taps) +
                       thousandths(config.cycles_per_addition, work.additions) +
                       thousandths(config.cycles_per_exponential, work.exponentials) +
                       thousandths(config.cycles_per_softmax_row, work.rows) +
                       thousandths(config.cycles_per_copied_byte, work.copied_bytes) +
                       thousandths(config.cycles_per_moved_element, work.moved) +
                       thousandths(config.cycles_per_rescaled_element, work.rescaled) +
                       thousandths(config.cycles_per_sigmoid, work.sigmoids) +
                       thousandths(config.cycles_per_lookup, work.lookups) +
                       thousandths(config.cycles_per_blend, work.blends) +
                       thousandths(config.cycles_per_real, work.reals) +
                       thousandths(config.cycles_per_real_function, work.real_functions);
  return static_cast<base::Cycles>((sum + 999) / 1000);
}

}  // namespace milliwatt::mcu
