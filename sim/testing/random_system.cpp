// SPDX-License-Identifier: Apache-2.0
#include "sim/testing/random_system.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "workloads/check.h"
#include "workloads/packing.h"

namespace milliwatt::sim::testing {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;

/// Draws with distributions of our own: those of the standard library differ between vendors.
class Draw {
 public:
  explicit Draw(std::mt19937& random) : random_{random} {}

  std::int32_t between(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template <typename T>
  T any_of(std::initializer_list<T> options) {
    return options.begin()[between(0, static_cast<std::int32_t>(options.size()) - 1)];
  }

 private:
  std::mt19937& random_;
};

/// Formatted text whose arguments are drawn in the order in which they stand: compilers differ in
/// the order of arguments in parentheses, but not in braces.
struct Text {
  template <typename... Arguments>
  explicit Text(fmt::string_view format, const Arguments&... arguments)
      : text{fmt::vformat(format, fmt::make_format_args(arguments...))} {}
  std::string text;
};

class GraphBuilder {
 public:
  explicit GraphBuilder(std::mt19937& random) : draw_{random}, narrow_{draw_.chance(40)} {
    graph_.name = "random";
  }

  Graph build() {
    std::vector<std::int32_t> shape = {draw_.chance(15) ? 2 : 1, draw_.between(1, 9),
                                       draw_.between(1, 9), draw_.between(1, 20)};
    TensorId current = activation("input", shape, TensorRole::kInput);
    graph_.batch = shape[0];
    graph_.inputs = {current};
    const int operators = draw_.between(1, 4);
    for (int i = 0; i < operators; ++i) {
      current = append(current);
    }
    graph_.outputs = {current};
    workloads::check_graph(graph_);
    return std::move(graph_);
  }

 private:
  TensorId append(TensorId input) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    if (shape.size() == 2) {
      const bool whole = graph_.tensor(input).type == ElementType::kInt8;
      return draw_.chance(70) || !whole ? fully_connected(input) : softmax(input);
    }
    switch (draw_.between(0, 9)) {
      case 0:
        return add(input);
      case 1:
        return pool(input, OperatorKind::kAveragePool2d);
      case 2:
        return pool(input, OperatorKind::kMaxPool2d);
      case 3:
        return flatten(input);
      case 4:
        return depthwise(input);
      default:
        return convolution(input);
    }
  }

  TensorId add_tensor(Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(graph_.tensors.size() - 1);
  }

  TensorId activation(const std::string& name, const std::vector<std::int32_t>& shape,
                      TensorRole role = TensorRole::kActivation) {
    Tensor t;
    t.name = fmt::format("{}{}", name, graph_.tensors.size());
    t.shape = shape;
    t.role = role;
    const int bits = any_bits();
    t.type = workloads::integer_type(bits);
    t.quantization.scales = {0.01F * static_cast<float>(draw_.between(1, 20))};
    t.quantization.zero_points = {draw_.between(-128, 127) >> (8 - bits)};
    return add_tensor(t);
  }

  /// 8, or in some networks 2 .. 8.
  int any_bits() { return narrow_ && draw_.chance(60) ? draw_.between(2, 8) : 8; }

  /// Makes a tensor's elements mean what those of another one do.
  void quantize_as(TensorId id, TensorId other) {
    Tensor& t = graph_.tensors[static_cast<std::size_t>(id)];
    t.type = graph_.tensor(other).type;
    t.quantization = graph_.tensor(other).quantization;
  }

  TensorId weights(const std::vector<std::int32_t>& shape, int channel_dimension) {
    Tensor t;
    t.name = fmt::format("weights{}", graph_.tensors.size());
    t.shape = shape;
    t.role = TensorRole::kConstant;
    const std::int32_t channels = shape[static_cast<std::size_t>(channel_dimension)];
    const std::int32_t scales = draw_.chance(70) ? channels : 1;
    for (std::int32_t c = 0; c < scales; ++c) {
      t.quantization.scales.push_back(0.001F * static_cast<float>(draw_.between(10, 30)));
      t.quantization.zero_points.push_back(0);
    }
    t.quantization.dimension = channel_dimension;
    const int bits = any_bits();
    t.type = workloads::integer_type(bits);
    t.data.resize(static_cast<std::size_t>(t.bytes()));
    for (std::int64_t i = 0; i < t.elements(); ++i) {
      workloads::store_element(t.data.data(), i, bits, draw_.between(-128, 127) >> (8 - bits));
    }
    return add_tensor(t);
  }

  /// Gives the output a scale at which most sums of `taps` products neither vanish nor saturate.
  void spread(TensorId output, TensorId input, TensorId weights, std::int64_t taps) {
    constexpr float kTypicalProduct = 74.0F * 74.0F;  // of two uniform int8 values
    constexpr float kTypicalOutput = 50.0F;
    Tensor& t = graph_.tensors[static_cast<std::size_t>(output)];
    const auto bits = [&](TensorId id) { return workloads::element_bits(graph_.tensor(id).type); };
    const int fewer = bits(input) + bits(weights) - bits(output) - 8;
    t.quantization.scales = {std::ldexp(graph_.tensor(input).quantization.scales[0] *
                                            graph_.tensor(weights).quantization.scales[0] *
                                            std::sqrt(static_cast<float>(taps)) * kTypicalProduct /
                                            kTypicalOutput,
                                        fewer)};
    t.quantization.zero_points = {draw_.between(-40, 40) >> (8 - bits(output))};
  }

  TensorId bias(std::int32_t channels) {
    if (draw_.chance(25)) {
      return workloads::kNoTensor;
    }
    Tensor t;
    t.name = fmt::format("bias{}", graph_.tensors.size());
    t.type = ElementType::kInt32;
    t.shape = {channels};
    t.role = TensorRole::kConstant;
    for (std::int32_t c = 0; c < channels; ++c) {
      const std::int32_t value = draw_.between(-4000, 4000);
      std::uint8_t bytes[4];
      std::memcpy(bytes, &value, sizeof value);
      t.data.insert(t.data.end(), bytes, bytes + sizeof value);
    }
    return add_tensor(t);
  }

  workloads::Activation any_activation() {
    return draw_.any_of({workloads::Activation::kNone, workloads::Activation::kRelu,
                         workloads::Activation::kRelu6});
  }

  /// A window with at least one output; pads stay below the kernel.
  workloads::Window window(const std::vector<std::int32_t>& shape, bool dilated) {
    workloads::Window w;
    w.kernel_h = draw_.between(1, 4);
    w.kernel_w = draw_.between(1, 4);
    w.stride_h = draw_.between(1, 3);
    w.stride_w = draw_.between(1, 3);
    w.dilation_h = dilated && draw_.chance(20) ? 2 : 1;
    w.dilation_w = dilated && draw_.chance(20) ? 2 : 1;
    const std::int32_t reach_h = (w.kernel_h - 1) * w.dilation_h;
    const std::int32_t reach_w = (w.kernel_w - 1) * w.dilation_w;
    w.pad_top = reach_h / 2;
    w.pad_bottom = std::max(reach_h - w.pad_top, reach_h + 1 - shape[1] - w.pad_top);
    w.pad_left = reach_w / 2;
    w.pad_right = std::max(reach_w - w.pad_left, reach_w + 1 - shape[2] - w.pad_left);
    return w;
  }

  static std::int32_t outputs(std::int32_t size, std::int32_t pads, std::int32_t kernel,
                              std::int32_t dilation, std::int32_t stride) {
    return (size + pads - (kernel - 1) * dilation - 1) / stride + 1;
  }

  std::vector<std::int32_t> windowed(const std::vector<std::int32_t>& shape,
                                     const workloads::Window& w, std::int32_t channels) {
    return {shape[0],
            outputs(shape[1], w.pad_top + w.pad_bottom, w.kernel_h, w.dilation_h, w.stride_h),
            outputs(shape[2], w.pad_left + w.pad_right, w.kernel_w, w.dilation_w, w.stride_w),
            channels};
  }

  TensorId emit(OperatorKind kind, workloads::Attributes attributes, std::vector<TensorId> inputs,
                TensorId output) {
    Operator op;
    op.kind = kind;
    op.name = fmt::format("{}{}", workloads::operator_name(kind), graph_.operators.size());
    op.attributes = attributes;
    op.inputs = std::move(inputs);
    op.outputs = {output};
    graph_.operators.push_back(std::move(op));
    return output;
  }

  /// Mostly one; else 2 .. 4 where that divides the channels.
  std::int32_t any_groups(std::int32_t channels) {
    const std::int32_t groups = draw_.chance(25) ? draw_.between(2, 4) : 1;
    return channels % groups == 0 ? groups : 1;
  }

  TensorId convolution(TensorId input) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    workloads::Conv2d conv;
    conv.window = window(shape, true);
    conv.activation = any_activation();
    conv.groups = any_groups(shape[3]);
    const std::int32_t filters = conv.groups * draw_.between(1, 40 / conv.groups);
    const std::int32_t depth = shape[3] / conv.groups;
    const TensorId w = weights({filters, conv.window.kernel_h, conv.window.kernel_w, depth}, 0);
    const TensorId b = bias(filters);
    const TensorId output = activation("conv", windowed(shape, conv.window, filters));
    spread(output, input, w, std::int64_t{conv.window.kernel_h} * conv.window.kernel_w * depth);
    return emit(OperatorKind::kConv2d, conv, {input, w, b}, output);
  }

  TensorId depthwise(TensorId input) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    workloads::DepthwiseConv2d conv;
    conv.window = window(shape, true);
    conv.activation = any_activation();
    conv.multiplier = draw_.between(1, 2);
    const std::int32_t channels = shape[3] * conv.multiplier;
    const TensorId w = weights({1, conv.window.kernel_h, conv.window.kernel_w, channels}, 3);
    const TensorId b = bias(channels);
    const TensorId output = activation("dw", windowed(shape, conv.window, channels));
    spread(output, input, w, std::int64_t{conv.window.kernel_h} * conv.window.kernel_w);
    return emit(OperatorKind::kDepthwiseConv2d, conv, {input, w, b}, output);
  }

  TensorId fully_connected(TensorId input) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    workloads::FullyConnected fc;
    fc.activation = any_activation();
    const std::int32_t units = draw_.between(1, 40);
    const TensorId w = weights({units, shape[1]}, 0);
    const TensorId b = bias(units);
    const TensorId output = activation("fc", {shape[0], units});
    spread(output, input, w, shape[1]);
    return emit(OperatorKind::kFullyConnected, fc, {input, w, b}, output);
  }

  TensorId pool(TensorId input, OperatorKind kind) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    workloads::Pool2d attributes;
    attributes.window = window(shape, false);
    attributes.activation = any_activation();
    const TensorId output = activation("pool", windowed(shape, attributes.window, shape[3]));
    quantize_as(output, input);
    return emit(kind, attributes, {input}, output);
  }

  TensorId add(TensorId input) {
    const std::vector<std::int32_t> shape = graph_.tensor(input).shape;
    workloads::Add attributes;
    attributes.activation = any_activation();
    return emit(OperatorKind::kAdd, attributes, {input, input}, activation("add", shape));
  }

  TensorId flatten(TensorId input) {
    const Tensor& from = graph_.tensor(input);
    const auto depth = static_cast<std::int32_t>(from.elements() / from.shape[0]);
    const std::vector<std::int32_t> shape = {from.shape[0], depth};
    const TensorId output = activation("flat", shape);
    quantize_as(output, input);
    return emit(OperatorKind::kReshape, workloads::Reshape{}, {input}, output);
  }

  TensorId softmax(TensorId input) {
    const TensorId output = activation("softmax", graph_.tensor(input).shape);
    Tensor& t = graph_.tensors[static_cast<std::size_t>(output)];
    t.type = ElementType::kInt8;
    t.quantization.scales = {1.0F / 256.0F};
    t.quantization.zero_points = {-128};
    return emit(OperatorKind::kSoftmax, workloads::Softmax{}, {input}, output);
  }

  Draw draw_;
  bool narrow_;
  Graph graph_;
};

/// Off-chip memories of every kind, some of them with limits so tight that a burst meets them.
std::string random_external(Draw& draw) {
  const char* keep = draw.chance(30) ? "true" : "false";
  const int deselect = draw.between(0, 3);
  switch (draw.between(0, 9)) {
    case 0:
      return Text{"kind: qspi_nor, size: 4 MiB, keep_selected: {}, continuous_read: {}", keep,
                  draw.chance(70) ? "true" : "false"}
          .text;
    case 1:
      return Text{
          "kind: qspi_psram, size: 4 MiB, page: {} B, linear_clock: {} MHz, select_limit: {} ns, "
          "deselect: {} cycles, keep_selected: {}",
          32 << draw.between(0, 5),
          draw.between(60, 110),
          draw.between(600, 8000),
          deselect,
          keep}
          .text;
    case 2:
      return Text{
          "kind: octal_psram, size: 4 MiB, page: {} B, row_crossing: {}, read_latency: {} cycles, "
          "select_limit: {} ns, deselect: {} cycles, keep_selected: {}",
          32 << draw.between(0, 5),
          draw.chance(50) ? "true" : "false",
          draw.between(3, 10),
          draw.between(300, 4000),
          deselect,
          keep}
          .text;
    case 3:
    case 4:
      return Text{
          "kind: hyperram, size: 4 MiB, refresh_period: {} ns, refresh_window: {} ns, "
          "select_limit: {} ns, deselect: {} cycles, keep_selected: {}",
          draw.between(300, 5000),
          draw.between(20, 300),
          draw.between(400, 4000),
          deselect,
          keep}
          .text;
    default:
      return Text{"size: 4 MiB, bytes_per_cycle: {} B, latency: {} cycles, burst: {} B",
                  draw.between(1, 9), draw.between(1, 20), 8 << draw.between(0, 5)}
          .text;
  }
}

/// Sometimes a key of its own for the width of a port, as ", port_width: 4 B".
std::string random_port(Draw& draw) {
  return draw.chance(40) ? Text{", port_width: {} B", 1 << draw.between(0, 5)}.text : "";
}

/// What the parties of a bus say of their ports, and the bus of the bursts on it. Every other
/// system has none of it.
struct BusKeys {
  explicit BusKeys(std::uint32_t seed) {
    std::mt19937 random{seed ^ 0x9E3779B9U};
    Draw draw{random};
    if (draw.chance(50)) {
      return;
    }
    for (std::string* port : {&host, &dma, &sram, &external, &flash}) {
      *port = random_port(draw);
    }
    if (draw.chance(60)) {
      bus += Text{", burst_limit: {}", draw.any_of({4, 5, 7, 8, 16})}.text;
    }
    if (draw.chance(40)) {
      bus += ", boundary: 128 B";
    }
  }
  std::string host, dma, sram, external, flash, bus;
};

/// Sometimes a flash beside it, with the program.
std::string random_flash(Draw& draw, const BusKeys& keys) {
  if (draw.chance(75)) {
    return "";
  }
  return Text{"  flash: {{deselect: {} cycles, keep_selected: {}{}}}\n", draw.between(0, 3),
              draw.chance(50) ? "true" : "false", keys.flash}
      .text;
}

std::string random_sram(Draw& draw, const std::string& external) {
  // What cannot be written can hold no tensors.
  const bool large = draw.chance(80) || external.find("qspi_nor") != std::string::npos;
  const bool banked = draw.chance(40);
  return Text{"size: {} B, width: {} B, latency: {} cycles, banks: {}, ports: {}",
              large ? 512 * 1024 : 1024,
              1 << draw.between(0, 4),
              draw.between(1, 3),
              banked ? 1 << draw.between(0, 4) : 1,
              banked ? draw.between(1, 3) : 1}
      .text;
}

std::string random_platform(std::mt19937& random, const BusKeys& keys) {
  Draw draw{random};
  const bool roomy = draw.chance(40);
  const auto buffer = [&](std::int32_t small_low, std::int32_t small_high) {
    return roomy ? draw.between(16, 64) * 1024 : draw.between(small_low, small_high);
  };
  const std::string external = random_external(draw);
  const std::string sram = random_sram(draw, external);
  const std::string flash = random_flash(draw, keys);
  const char* same = "{system: 100 MHz}";
  const char* other =
      "{system: 100 MHz, host: 64 MHz, bus: 133 MHz, external: 66600 kHz, accelerator: 120 MHz}";
  return Text{
      "clocks: {}\n"
      "host: {{burst: {} B, mac: 1 cycle{}}}\n"
      "bus: {{width: {} B, latency: {} cycles, arbitration: {}{}}}\n"
      "memory:\n"
      "  sram: {{{}{}}}\n"
      "  external: {{{}{}}}\n"
      "{}"
      "accelerator:\n"
      "  kind: systolic\n"
      "  dataflow: {}\n"
      "  rows: {}\n"
      "  columns: {}\n"
      "  input_buffer: {} B\n"
      "  weight_buffer: {} B\n"
      "  accumulator_buffer: {} B\n"
      "  output_buffer: {} B\n"
      "  output_lanes: {}\n"
      "  vector_lanes: {}\n"
      "  separate_store_channel: {}\n"
      "  shell: {{burst: {} B, decode: {} cycles, issue: {} cycles{}}}\n",
      draw.chance(70) ? same : other,
      4 << draw.between(0, 5),
      keys.host,
      1 << draw.between(0, 4),
      draw.between(0, 3),
      draw.chance(50) ? "round_robin" : "priority",
      keys.bus,
      sram,
      keys.sram,
      external,
      keys.external,
      flash,
      draw.any_of({"ws", "os", "is"}),
      draw.between(1, 17),
      draw.between(1, 17),
      buffer(400, 4000),
      buffer(400, 4000),
      buffer(100, 4000),
      buffer(64, 2000),
      draw.between(1, 16),
      draw.between(1, 16),
      draw.chance(25) ? "true" : "false",
      4 << draw.between(0, 6),
      draw.between(0, 20),
      draw.between(0, 2),
      keys.dma}
      .text;
}

}  // namespace

Graph random_graph(std::mt19937& random) { return GraphBuilder{random}.build(); }

RandomSystem random_system(std::uint32_t seed) {
  std::mt19937 random{seed};
  RandomSystem system{
      parse_platform(random_platform(random, BusKeys{seed}), "random"), random_graph(random), {}};
  Draw draw{random};
  for (const TensorId id : system.graph.inputs) {
    workloads::Bytes bytes(static_cast<std::size_t>(system.graph.tensor(id).bytes()));
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(draw.between(0, 255));
    }
    const Tensor& tensor = system.graph.tensor(id);
    const std::int64_t bits = tensor.elements() * workloads::element_bits(tensor.type);
    if (bits % 8 != 0) {  // nothing behind the last element
      bytes.back() &= static_cast<std::uint8_t>((1 << bits % 8) - 1);
    }
    system.inputs.push_back(std::move(bytes));
  }
  return system;
}

}  // namespace milliwatt::sim::testing
