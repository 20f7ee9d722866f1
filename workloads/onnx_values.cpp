// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_values.h"

#include <algorithm>
#include <cmath>

#include "workloads/check.h"

namespace milliwatt::workloads::onnx {

namespace {

constexpr const char* kQuantize = "QuantizeLinear";
constexpr const char* kDequantize = "DequantizeLinear";

bool is_int8(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }
std::int32_t shift_of(DataType type) { return type == DataType::kUint8 ? 128 : 0; }

/// Axis and number of the scales of a constant.
void fit_axis(const Array& array, Quantization& q) {
  q.dimension = q.per_channel() ? checked_axis(q.dimension, array.shape.size()) : 0;
  require(!q.per_channel() || array.shape[static_cast<std::size_t>(q.dimension)] ==
                                  static_cast<std::int64_t>(q.scales.size()),
          "it has {} scales along axis {} of another extent", q.scales.size(), q.dimension);
}

bool is_quantizer(const Node& node) {
  return (node.kind == kQuantize || node.kind == kDequantize) && !node.inputs.empty() &&
         !node.outputs.empty();
}

bool is_clip(const Node& node) { return node.kind == "Relu" || node.kind == "Clip"; }

}  // namespace

std::vector<std::uint8_t> Constant::int8_data() const {
  std::vector<std::uint8_t> data = array->data;
  if (array->type == DataType::kUint8) {
    for (std::uint8_t& byte : data) {
      byte = static_cast<std::uint8_t>(byte ^ 0x80U);
    }
  }
  return data;
}

std::int64_t Constant::stored(std::int64_t index) const {
  return array->integer(index) - shift_of(array->type);
}

double Constant::real(std::int64_t index) const {
  if (!is_quantized()) {
    return array->real(index);
  }
  const auto channel = quantization.per_channel() ? static_cast<std::size_t>(index) : 0;
  return static_cast<double>(stored(index) - quantization.zero_points[channel]) *
         static_cast<double>(quantization.scales[channel]);
}

Activation Target::activation() const {
  const double unbounded = std::numeric_limits<double>::infinity();
  const double step = static_cast<double>(quantization.scales[0]);
  const double least = step * (-128 - quantization.zero_point() + 0.5);
  const double most = step * (127 - quantization.zero_point() - 0.5);
  const auto is = [&](double a, double b) {
    return (low == a || (low <= least && a <= least)) && (high == b || (high >= most && b >= most));
  };
  if (low == -unbounded && high == unbounded) {
    return Activation::kNone;
  }
  if (is(0.0, unbounded)) {
    return Activation::kRelu;
  }
  if (is(0.0, 6.0)) {
    return Activation::kRelu6;
  }
  if (is(-1.0, 1.0)) {
    return Activation::kReluN1To1;
  }
  require(is(-unbounded, unbounded),
          "its bounds {} and {} are neither those of an activation (0, 0 to 6, -1 to 1) nor beyond "
          "what the quantization behind it holds",
          low, high);
  return Activation::kNone;
}

Values::Values(const Model& model, GraphBuilder& builder) : model_{model}, builder_{builder} {
  for (const auto& [name, array] : model.constants) {
    constants_[name].array = &array;
  }
  for (const Node& node : model.nodes) {
    for (const std::string& input : node.inputs) {
      readers_[input].push_back(&node);
    }
    for (const std::string& output : node.outputs) {
      writers_.emplace(output, &node);
    }
  }
  for (const Interface& output : model.outputs) {
    outputs_.insert(output.name);
  }
}

void Values::add_input(const Interface& input) {
  require(input.type == DataType::kFloat || is_int8(input.type),
          "it is {}; expected float32, int8 or uint8", type_name(input.type));
  std::vector<std::int64_t> extents = input.shape;
  if (!extents.empty() && extents[0] == Interface::kUnknown) {
    extents[0] = 1;
  }
  const Shape shape = checked_shape(extents);
  const Order order = edge_order(input.name, shape.size());
  const TensorId id =
      builder_.add_tensor(input.name, stored_shape(shape, order), {}, TensorRole::kInput);
  builder_.graph().inputs.push_back(id);
  const State state = input.type == DataType::kFloat ? State::kFloatInput : State::kStored;
  views_[input.name] = {view_of(id, shape, order), state, input.type};
}

void Values::fold(const Node& node) {
  if (node.inputs.empty() || node.outputs.empty() || constant(node, 0) == nullptr) {
    return;
  }
  const Constant& from = *constant(node, 0);
  if (node.kind == "Identity") {
    constants_[node.outputs[0]] = Constant(from);
  } else if (node.kind == kDequantize && from.array->type != DataType::kFloat) {
    Quantization q = quantization_of(node, 1, 2, from.array->type);
    fit_axis(*from.array, q);
    constants_[node.outputs[0]] = {from.array, q};
  } else if (node.kind == kQuantize && from.array->type == DataType::kFloat) {
    const DataType type = type_beside(node, 2, DataType::kUint8);
    Quantization q = quantization_of(node, 1, 2, type);
    fit_axis(*from.array, q);
    constants_[node.outputs[0]] = {quantized_array(*from.array, q, type), {}};
  } else {
    return;
  }
  done_.insert(&node);
}

const Array* Values::quantized_array(const Array& reals, const Quantization& q, DataType type) {
  made_bytes_ += reals.elements();
  require(made_bytes_ <= kMostModelBytes, "the constants up to here have more than {} elements",
          kMostModelBytes);
  Array made{type, reals.shape, {}};
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.dimension) + 1; d < reals.shape.size(); ++d) {
    inner *= reals.shape[d];
  }
  const auto channels = static_cast<std::int64_t>(q.scales.size());
  for (std::int64_t i = 0; i < reals.elements(); ++i) {
    const auto channel = static_cast<std::size_t>(i / inner % channels);
    const double steps = std::nearbyint(reals.real(i) / static_cast<double>(q.scales[channel]));
    const double stored = steps + q.zero_points[channel];
    require(!std::isnan(stored), "a constant is no number");
    const auto bounded = static_cast<std::int32_t>(std::clamp(stored, -128.0, 127.0));
    made.data.push_back(static_cast<std::uint8_t>(bounded + shift_of(type)));
  }
  made_.push_back(std::move(made));
  return &made_.back();
}

const Values::Entry* Values::find(const std::string& value) const {
  const auto found = views_.find(value);
  return found == views_.end() ? nullptr : &found->second;
}

const Constant* Values::constant(const Node& node, std::size_t index) const {
  if (!has(node, index)) {
    return nullptr;
  }
  const auto found = constants_.find(node.inputs[index]);
  return found == constants_.end() ? nullptr : &found->second;
}

View Values::real(const Node& node, std::size_t index) const {
  require(has(node, index), "operand {} is absent", index);
  const std::string& name = node.inputs[index];
  const Entry* entry = find(name);
  require(entry != nullptr, "its operand '{}' is {}", name,
          constants_.count(name) > 0 ? "constant, which is not supported here"
                                     : "not the result of an earlier node");
  require(entry->state == State::kReal,
          "its operand '{}' is not dequantized; a {} must stand before", name, kDequantize);
  return entry->view;
}

View Values::stored(const Node& node, std::size_t index, const Quantization& q) {
  const Entry* entry = has(node, index) ? find(node.inputs[index]) : nullptr;
  require(entry != nullptr && entry->state == State::kStored,
          "its operand {} is not the quantized result of an earlier node", index);
  take_quantization(entry->view, q);
  return entry->view;
}

std::vector<std::int64_t> Values::integers(const Node& node, std::size_t index) const {
  const Constant* found = constant(node, index);
  require(found != nullptr, "its operand {} is not constant", index);
  const DataType type = found->array->type;
  require(!found->is_quantized() && (type == DataType::kInt64 || type == DataType::kInt32),
          "its operand '{}' is no list of integers", node.inputs[index]);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < found->array->elements(); ++i) {
    values.push_back(found->array->integer(i));
  }
  return values;
}

const Node* Values::only_reader(const std::string& value) const {
  const auto found = readers_.find(value);
  const bool only = found != readers_.end() && found->second.size() == 1 && !leaves(value);
  return only ? found->second.front() : nullptr;
}

const Node* Values::next(const std::string& value) const {
  const Node* reader = only_reader(value);
  return reader != nullptr && reader->inputs[0] == value ? reader : nullptr;
}

bool Values::enters_transpose(const std::string& value) const {
  const Node* reader = next(value);
  while (reader != nullptr && is_quantizer(*reader)) {
    reader = next(reader->outputs[0]);
  }
  return reader != nullptr && reader->kind == "Transpose";
}

bool Values::leaves_transpose(const std::string& value) const {
  auto writer = writers_.find(value);
  // A file may go round in circles.
  for (std::size_t i = 0; i < writers_.size() && writer != writers_.end(); ++i) {
    if (!is_quantizer(*writer->second)) {
      return writer->second->kind == "Transpose";
    }
    writer = writers_.find(writer->second->inputs[0]);
  }
  return false;
}

Order Values::edge_order(const std::string& value, std::size_t rank) const {
  return enters_transpose(value) || leaves_transpose(value) ? file_order(rank) : usual_order(rank);
}

Target Values::target_of(const std::string& value) const {
  Target target;
  find_quantization(value, target);
  return target;
}

Target Values::target_behind(const Node& clip, const std::string& value) const {
  Target target;
  narrow(clip, target);
  find_quantization(value, target);
  return target;
}

void Values::find_quantization(std::string at, Target& target) const {
  for (const Node* clip = next(at); clip != nullptr && is_clip(*clip); clip = next(at)) {
    narrow(*clip, target);
    require(!clip->outputs.empty(), "what follows it has no output");
    target.nodes.push_back(clip);
    at = clip->outputs[0];
  }
  require(!leaves(at), "its output '{}' leaves the network as float32; quantize it", at);
  const auto found = readers_.find(at);
  require(found != readers_.end(), "nothing reads its output '{}'", at);
  for (const Node* reader : found->second) {
    require(reader->kind == kQuantize && reader->inputs[0] == at,
            "its output '{}' is not quantized; a {} must follow instead of {}", at, kQuantize,
            reader->label());
    const Quantization q =
        quantization_of(*reader, 1, 2, type_beside(*reader, 2, DataType::kUint8));
    require(target.quantization.scales.empty() || same_quantization(q, target.quantization),
            "its output '{}' is quantized in two ways", at);
    require(!q.per_channel(), "its output '{}' is quantized per channel", at);
    target.quantization = q;
    target.nodes.push_back(reader);
  }
}

void Values::narrow(const Node& clip, Target& target) const {
  if (clip.kind == "Relu") {
    target.low = std::max(target.low, 0.0);
    return;
  }
  const auto bound = [&](std::size_t index, const char* attribute, double otherwise) {
    if (!has(clip, index)) {
      return real_of(clip, attribute, otherwise);
    }
    const Constant* found = constant(clip, index);
    require(found != nullptr && found->array->elements() == 1, "the bounds of {} are not constant",
            clip.label());
    return found->real(0);
  };
  target.low = std::max(target.low, bound(1, "min", target.low));
  target.high = std::min(target.high, bound(2, "max", target.high));
}

void Values::set_target(const Target& target, const View& view) {
  for (const Node* node : target.nodes) {
    done_.insert(node);
    if (node->kind == kQuantize && !node->outputs.empty()) {
      views_[node->outputs[0]] = {view, State::kStored, type_beside(*node, 2, DataType::kUint8)};
    }
  }
}

DataType Values::type_beside(const Node& node, std::size_t zero_point, DataType otherwise) const {
  const Constant* found = constant(node, zero_point);
  return found == nullptr ? otherwise : found->array->type;
}

Quantization Values::quantization_of(const Node& node, std::size_t scale, std::size_t zero_point,
                                     DataType type) const {
  const Constant* scales = constant(node, scale);
  require(
      scales != nullptr && scales->array->type == DataType::kFloat && scales->array->elements() > 0,
      "{} has no constant scale", node.label());
  const Constant* zeros = constant(node, zero_point);
  require(zeros != nullptr || !has(node, zero_point), "{} has a zero point that is not constant",
          node.label());
  require(is_int8(type) || type == DataType::kInt32, "{} quantizes to {}; expected int8 or uint8",
          node.label(), type_name(type));
  const std::int64_t count = scales->array->elements();
  require(zeros == nullptr || (zeros->array->type == type && zeros->array->elements() == count),
          "the zero point of {} does not fit its values or its scale", node.label());
  Quantization q;
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = scales->array->real(i);
    require(std::isfinite(value) && value > 0.0, "{} has the scale {}", node.label(), value);
    q.scales.push_back(static_cast<float>(value));
    const std::int64_t zero = zeros == nullptr ? 0 : zeros->array->integer(i);
    require(type != DataType::kInt32 || zero == 0, "{} has an int32 zero point of {}", node.label(),
            zero);
    q.zero_points.push_back(static_cast<std::int32_t>(zero) - shift_of(type));
  }
  if (q.per_channel()) {
    q.dimension = static_cast<int>(std::clamp<std::int64_t>(integer_of(node, "axis", 1), -8, 8));
  }
  return q;
}

void Values::take_quantization(const View& view, const Quantization& q) {
  Quantization& held = builder_.graph().tensors[static_cast<std::size_t>(view.stored)].quantization;
  require(!q.per_channel(), "it quantizes an activation per channel");
  require(held.scales.empty() || same_quantization(held, q),
          "its scale or zero point is not that with which '{}' was quantized",
          builder_.tensor(view.stored).name);
  held = q;
}

void Values::quantize(const Node& node) {
  const DataType type = type_beside(node, 2, DataType::kUint8);
  const Quantization q = quantization_of(node, 1, 2, type);
  const Entry* from = node.inputs.empty() ? nullptr : find(node.inputs[0]);
  require(from != nullptr && from->state != State::kStored && !node.outputs.empty(),
          "it does not read a real value of an earlier node");
  require(!q.per_channel(), "it quantizes an activation per channel");
  View view = from->view;
  if (from->state == State::kFloatInput) {
    take_quantization(view, q);
  } else {
    view = builder_.requantized(view, q);
  }
  views_[node.outputs[0]] = {view, State::kStored, type};
}

void Values::dequantize(const Node& node) {
  const Entry* from = node.inputs.empty() ? nullptr : find(node.inputs[0]);
  require(from != nullptr && from->state == State::kStored && !node.outputs.empty(),
          "it does not read a quantized value of an earlier node");
  const DataType type = type_beside(node, 2, from->type);
  require(type == from->type, "its zero point is {}, its operand {}", type_name(type),
          type_name(from->type));
  take_quantization(from->view, quantization_of(node, 1, 2, type));
  set_real(node.outputs[0], View(from->view));
}

void Values::check_inputs() const {
  for (const Interface& input : model_.inputs) {
    const Entry* entry = find(input.name);
    require(entry == nullptr || !builder_.quantization(entry->view).scales.empty(),
            "the input '{}' is not quantized; a {} must follow", input.name, kQuantize);
  }
}

View Values::output(const std::string& value) const {
  const Entry* entry = find(value);
  require(entry != nullptr && entry->state != State::kFloatInput,
          "the output '{}' is not the quantized result of a node", value);
  return entry->view;
}

}  // namespace milliwatt::workloads::onnx
