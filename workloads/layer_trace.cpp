// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/layer_scales.h"
#include "workloads/layer_spec.h"
#include "workloads/layer_weights.h"

namespace milliwatt::workloads {

namespace {

using Shape = std::vector<std::int32_t>;

bool has_weights(OperatorKind kind) {
  return kind == OperatorKind::kConv2d || kind == OperatorKind::kDepthwiseConv2d ||
         kind == OperatorKind::kFullyConnected;
}

/// Works out shapes, scales and values layer by layer. A layer with a fault whose shape its keys
/// tell all the same gets a tensor that stands in for its output, so that the layers behind it are
/// judged too; those that read one of unknown shape are passed over, so that one slip gives one
/// message.
class TraceBuilder {
 public:
  TraceBuilder(const TraceSpec& trace, std::string folder, std::int64_t most_bytes,
               base::Diagnostics& faults)
      : trace_{trace}, folder_{std::move(folder)}, most_bytes_{most_bytes}, faults_{faults} {}

  Graph build() {
    graph_.name = trace_.name;
    for (const InputSpec& input : trace_.inputs) {
      try {
        add_input(input);
      } catch (const base::UserError& error) {
        report(error.messages(), input.place);
        declare(input.name, kBroken, input.place);
      }
    }
    for (std::size_t i = 0; i < trace_.layers.size(); ++i) {
      add_layer(trace_.layers[i], i);
    }
    add_outputs();
    graph_.weights = seeded_ ? WeightsOrigin::kSeeded : WeightsOrigin::kFile;
    return std::move(graph_);
  }

 private:
  static constexpr TensorId kBroken = -2;

  Tensor& tensor(TensorId id) { return graph_.tensors[static_cast<std::size_t>(id)]; }

  /// Throws UserError when a tensor of this size is too much for the network as a whole.
  void take_bytes(std::int64_t bytes) {
    if (bytes > most_bytes_ - bytes_) {
      full_ = true;
      throw base::UserError(
          fmt::format("the tensors up to here take more than {} bytes together", most_bytes_));
    }
    bytes_ += bytes;
  }

  TensorId add_tensor(Tensor added, Spread spread) {
    graph_.tensors.push_back(std::move(added));
    spreads_.push_back(spread);
    return static_cast<TensorId>(graph_.tensors.size() - 1);
  }

  /// False, with a message, when the name is taken.
  bool declare(const std::string& name, TensorId id, const base::Place& place) {
    const bool fresh = names_.emplace(name, id).second;
    if (!fresh && !name.empty()) {
      faults_.add(place, fmt::format("the name '{}' is used twice", name));
    }
    return fresh;
  }

  bool report(const std::vector<std::string>& messages, const base::Place& place) {
    for (const std::string& message : messages) {
      faults_.add(place, message);
    }
    return messages.empty();
  }

  void add_input(const InputSpec& input) {
    Tensor added;
    added.name = input.name;
    added.type = input.type;
    added.shape = input.shape;
    added.role = TensorRole::kInput;
    added.quantization = {{static_cast<float>(input.scale)}, {input.zero_point}, 0};
    if (!input.sound || !report(workloads::faults(added), input.place)) {
      declare(input.name, kBroken, input.place);
      return;
    }
    take_bytes(added.bytes());
    if (graph_.inputs.empty() && !added.shape.empty()) {
      graph_.batch = added.shape.front();
    }
    const Spread spread = spread_of_uniform(added);
    const TensorId id = add_tensor(std::move(added), spread);
    declare(input.name, id, input.place);
    graph_.inputs.push_back(id);
    previous_ = previous_ == kNoTensor ? id : previous_;
  }

  std::vector<std::string> known_names() const {
    std::vector<std::string> names;
    for (const auto& [name, id] : names_) {
      names.push_back(name);
    }
    return names;
  }

  TensorId find(const NameSpec& name) {
    const auto found = names_.find(name.text);
    if (found != names_.end()) {
      return found->second;
    }
    faults_.add(name.place, fmt::format("'{}' is neither an input nor an earlier layer{}",
                                        name.text, base::did_you_mean(name.text, known_names())));
    return kBroken;
  }

  /// The layer's inputs, or nothing when one of them is broken.
  std::vector<TensorId> operands(const LayerSpec& layer) {
    std::vector<TensorId> ids;
    bool good = true;
    for (const NameSpec& name : layer.inputs) {
      ids.push_back(find(name));
      good = good && ids.back() >= 0;
    }
    if (layer.inputs.empty()) {
      ids.push_back(previous_);
      good = previous_ >= 0;
    }
    const std::size_t expected = layer.kind == OperatorKind::kAdd ? 2 : 1;
    if (layer.sound && ids.size() != expected) {
      faults_.add(layer.place, fmt::format("{} takes {} inputs, {} given",
                                           operator_name(layer.kind), expected, ids.size()));
      good = false;
    }
    return good ? ids : std::vector<TensorId>();
  }

  void add_layer(const LayerSpec& layer, std::size_t index) {
    const std::string name =
        layer.name.empty() ? fmt::format("{}_{}", operator_name(layer.kind), index) : layer.name;
    TensorId output = kBroken;
    const auto inputs = operands(layer);
    const bool paired = scales_are_paired(layer);
    if (layer.sound && paired && !inputs.empty()) {
      try {
        output = add_operator(layer, name, inputs);
      } catch (const base::UserError& error) {
        report(error.messages(), layer.place);
      }
    }
    if (output == kBroken) {
      output = stand_in(layer, name, inputs);
    }
    declare(name, output, layer.place);
    previous_ = output;
  }

  bool scales_are_paired(const LayerSpec& layer) {
    const bool paired = layer.output_scale.has_value() == layer.output_zero_point.has_value();
    if (!paired) {
      faults_.add(layer.place, "'output_scale' and 'output_zero_point' go together");
    }
    return paired;
  }

  /// A tensor of the shape that the layer's keys tell though the layer has a fault or reads a
  /// tensor of unknown shape; kBroken when they do not.
  TensorId stand_in(const LayerSpec& layer, const std::string& name,
                    const std::vector<TensorId>& inputs) {
    const bool known = !inputs.empty();
    const bool told = layer.kind == OperatorKind::kReshape ||
                      layer.kind == OperatorKind::kFullyConnected ||
                      (known && has_weights(layer.kind));
    if (!layer.sound || !told || full_) {
      return kBroken;
    }
    Tensor output;
    output.name = name;
    output.type = graph_.inputs.empty() ? ElementType::kInt8 : tensor(graph_.inputs[0]).type;
    output.quantization = {{1.0F / 128}, {0}, 0};
    try {
      LayerSpec resolved = layer;
      output.shape = output_shape(resolved, known ? tensor(inputs[0]).shape : Shape{graph_.batch});
    } catch (const base::UserError&) {
      return kBroken;
    }
    const Spread spread = spread_of_uniform(output);
    return workloads::faults(output).empty() ? add_tensor(std::move(output), spread) : kBroken;
  }

  /// The output's id, or kBroken after a message.
  TensorId add_operator(const LayerSpec& layer, const std::string& name,
                        const std::vector<TensorId>& inputs) {
    Operator op;
    op.kind = layer.kind;
    op.name = name;
    op.inputs = inputs;
    LayerSpec resolved = layer;
    const Shape shape = output_shape(resolved, tensor(inputs[0]).shape);
    op.attributes = attributes_of(resolved);
    Tensor output;
    output.name = name;
    output.shape = shape;
    output.type = layer.kind == OperatorKind::kSoftmax ? layer.output_type : tensor(inputs[0]).type;
    const Spread spread = has_weights(layer.kind) ? add_weights(resolved, op, output)
                                                  : quantize_unweighted(resolved, op, output);
    if (!report(workloads::faults(output), layer.place)) {
      return kBroken;
    }
    take_bytes(output.bytes());
    op.outputs = {add_tensor(std::move(output), spread)};
    const bool good = report(workloads::faults(graph_, op), layer.place);
    const TensorId id = op.outputs[0];
    graph_.operators.push_back(std::move(op));
    return good ? id : kBroken;
  }

  /// Also resolves the padding rule into pads.
  Shape output_shape(LayerSpec& layer, const Shape& input) {
    switch (layer.kind) {
      case OperatorKind::kConv2d:
        return window_shape(layer, input, layer.filters);
      case OperatorKind::kDepthwiseConv2d:
        return window_shape(layer, input,
                            checked_extent(std::int64_t{input.back()} * layer.multiplier));
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return window_shape(layer, input, input.back());
      case OperatorKind::kFullyConnected:
        return {input.front(), layer.units};
      case OperatorKind::kReshape:
        return layer.shape;
      case OperatorKind::kAdd:
      case OperatorKind::kSoftmax:
        return input;
      default:
        break;
    }
    throw base::InternalError("layer kind without an output shape");
  }

  static std::int32_t checked_extent(std::int64_t extent) {
    if (extent > std::numeric_limits<std::int32_t>::max()) {
      throw base::UserError(fmt::format("{} output channels are too many", extent));
    }
    return static_cast<std::int32_t>(extent);
  }

  static Shape window_shape(LayerSpec& layer, const Shape& input, std::int32_t channels) {
    if (input.size() != 4) {
      throw base::UserError(
          fmt::format("{} takes an input of 4 dimensions (batch, height, width, channels), not {}",
                      operator_name(layer.kind), input.size()));
    }
    if (layer.padding == PaddingRule::kSame) {
      pad_same(layer.window, input[1], input[2]);
    }
    const std::int64_t height = vertical(layer.window).outputs(input[1]);
    const std::int64_t width = horizontal(layer.window).outputs(input[2]);
    if (height < 1 || width < 1) {
      throw base::UserError(fmt::format("the window of {} x {} does not fit the input of {} x {}",
                                        layer.window.kernel_h, layer.window.kernel_w, input[1],
                                        input[2]));
    }
    return {input[0], static_cast<std::int32_t>(height), static_cast<std::int32_t>(width),
            channels};
  }

  static Attributes attributes_of(const LayerSpec& layer) {
    switch (layer.kind) {
      case OperatorKind::kConv2d:
        return Conv2d{layer.window, layer.activation, layer.groups};
      case OperatorKind::kDepthwiseConv2d:
        return DepthwiseConv2d{layer.window, layer.activation, layer.multiplier};
      case OperatorKind::kFullyConnected:
        return FullyConnected{layer.activation, false};
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return Pool2d{layer.window, layer.activation};
      case OperatorKind::kAdd:
        return Add{layer.activation};
      case OperatorKind::kReshape:
        return Reshape{};
      case OperatorKind::kSoftmax:
        return Softmax{static_cast<float>(layer.beta)};
      default:
        break;
    }
    throw base::InternalError("layer kind without attributes");
  }

  static WeightsForm weights_form(const LayerSpec& layer, const Tensor& input,
                                  const Tensor& output) {
    const Window& w = layer.window;
    switch (layer.kind) {
      case OperatorKind::kConv2d:
        return {{layer.filters, w.kernel_h, w.kernel_w, std::max(input.shape[3] / layer.groups, 1)},
                0,
                true};
      case OperatorKind::kDepthwiseConv2d:
        return {{1, w.kernel_h, w.kernel_w, output.shape[3]}, 3, true};
      default:
        return {{layer.units, static_cast<std::int32_t>(input.elements() / input.shape.front())},
                0,
                false};
    }
  }

  /// Adds weights and bias to the operator and quantizes its output.
  Spread add_weights(const LayerSpec& layer, Operator& op, Tensor& output) {
    const TensorId input = op.inputs[0];
    const WeightsForm form = weights_form(layer, tensor(input), output);
    Tensor measure;
    measure.name = op.name + "/weights";
    measure.shape = form.shape;
    if (const auto too_large = workloads::faults(measure); !too_large.empty()) {
      throw base::UserError(too_large);
    }
    take_bytes(measure.bytes());
    LayerWeights made = make_weights(layer, op.name, form, tensor(input),
                                     static_cast<std::uint32_t>(trace_.seed), folder_);
    seeded_ = seeded_ || made.seeded;
    std::vector<Spread> channels;
    for (const ChannelWeights& channel : made.channels) {
      channels.push_back(channel.outputs(spreads_[static_cast<std::size_t>(input)]));
    }
    op.inputs.push_back(add_tensor(std::move(made.weights), {}));
    op.inputs.push_back(layer.bias ? add_tensor(std::move(made.bias), {}) : kNoTensor);
    quantize(layer, channels, output);
    return after_activation(channels, layer.activation);
  }

  /// Scale and zero point that the user gives, or a choice.
  static void quantize(const LayerSpec& layer, const std::vector<Spread>& channels,
                       Tensor& output) {
    OutputScale chosen = choose_scale(channels, layer.activation, output.type);
    if (layer.output_scale) {
      chosen = {static_cast<float>(*layer.output_scale), *layer.output_zero_point};
    }
    output.quantization = {{chosen.scale}, {chosen.zero_point}, 0};
  }

  Spread quantize_unweighted(const LayerSpec& layer, const Operator& op, Tensor& output) {
    const Spread first = spreads_[static_cast<std::size_t>(op.inputs[0])];
    if (layer.kind == OperatorKind::kAdd) {
      const std::vector<Spread> total = {
          sum(first, spreads_[static_cast<std::size_t>(op.inputs[1])])};
      output.shape = broadcast(output.shape, tensor(op.inputs[1]).shape);
      quantize(layer, total, output);
      return after_activation(total, layer.activation);
    }
    if (layer.kind == OperatorKind::kSoftmax) {
      const bool wide = output.type == ElementType::kInt16;
      output.quantization = {{wide ? 1.0F / 65536 : 1.0F / 256}, {wide ? -32768 : -128}, 0};
      return spread_of_uniform(output);
    }
    output.quantization = tensor(op.inputs[0]).quantization;
    return first;
  }

  /// Shape of a sum; extents that do not fit are left for the check to refuse.
  static Shape broadcast(Shape a, Shape b) {
    if (a.size() < b.size()) {
      std::swap(a, b);
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      std::int32_t& extent = a[a.size() - b.size() + i];
      extent = std::max(extent, b[i]);
    }
    return a;
  }

  void add_outputs() {
    if (trace_.outputs.empty()) {
      graph_.outputs = {previous_};
    }
    for (const NameSpec& name : trace_.outputs) {
      graph_.outputs.push_back(find(name));
    }
  }

  const TraceSpec& trace_;
  std::string folder_;
  std::int64_t most_bytes_;
  std::int64_t bytes_ = 0;
  base::Diagnostics& faults_;
  Graph graph_;
  std::vector<Spread> spreads_;  ///< by TensorId
  std::map<std::string, TensorId> names_;
  TensorId previous_ = kNoTensor;
  bool full_ = false;  ///< the tensors are too large together
  bool seeded_ = false;
};

Graph build(const std::optional<base::YamlNode>& root, const std::string& folder,
            std::int64_t most_bytes, base::Diagnostics& faults) {
  const TraceSpec trace = root ? read_trace_spec(*root, faults) : TraceSpec{};
  if (trace.inputs.empty() || trace.layers.empty()) {
    faults.throw_if_any();
  }
  Graph graph = TraceBuilder(trace, folder, most_bytes, faults).build();
  faults.throw_if_any();
  check_graph(graph);
  return graph;
}

}  // namespace

Graph read_layer_trace(const std::string& path) {
  base::Diagnostics faults;
  return build(base::parse_yaml_file(path, faults),
               std::filesystem::path(path).parent_path().string(), kMaximumNetworkBytes, faults);
}

Graph parse_layer_trace(const std::string& text, const std::string& name, const std::string& folder,
                        std::int64_t most_bytes) {
  base::Diagnostics faults;
  return build(base::parse_yaml_text(text, name, faults), folder, most_bytes, faults);
}

Graph build_layer_trace(const base::YamlNode& document, const std::string& folder,
                        std::int64_t most_bytes) {
  base::Diagnostics faults;
  return build(document, folder, most_bytes, faults);
}

}  // namespace milliwatt::workloads
