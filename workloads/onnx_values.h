// SPDX-License-Identifier: Apache-2.0
// What the names in an ONNX file stand for, and how real values between operators are quantized.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "workloads/graph.h"
#include "workloads/onnx_builder.h"
#include "workloads/onnx_layout.h"
#include "workloads/onnx_model.h"

namespace milliwatt::workloads::onnx {

/// Throws UserError; who catches it knows file and node.
template <typename... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw base::UserError(fmt::format(text, std::forward<Arguments>(arguments)...));
}
template <typename... Arguments>
void require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  if (!good) {
    refuse(text, std::forward<Arguments>(arguments)...);
  }
}

/// Attributes by name, with their defaults. Throw UserError for another type.
std::int64_t integer_of(const Node& node, const char* attribute, std::int64_t otherwise);
double real_of(const Node& node, const char* attribute, double otherwise);
std::string text_of(const Node& node, const char* attribute, const char* otherwise);
std::vector<std::int64_t> integers_of(const Node& node, const char* attribute);

/// Extents as the graph has them. Throws UserError for those that do not fit 32 bits.
Shape checked_shape(const std::vector<std::int64_t>& extents);
/// Axis from 0 on. Throws UserError for one that does not exist.
std::int32_t checked_axis(std::int64_t axis, std::size_t rank);

/// A constant operand: integers with scales, or real numbers without.
struct Constant {
  const Array* array = nullptr;
  Quantization quantization;  ///< int8: values and zero points of uint8 are shifted by 128

  bool is_quantized() const { return !quantization.scales.empty(); }
  /// Bytes of int8; only for int8 and uint8.
  std::vector<std::uint8_t> int8_data() const;
  std::int64_t stored(std::int64_t index) const;
  /// With one scale, or of a list with one per element.
  double real(std::int64_t index) const;
};

/// What bounds and steps the real output of an operator has.
struct Target {
  Quantization quantization;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<const Node*> nodes;  ///< that are part of the operator now

  /// Throws UserError for bounds that no activation has and that the steps do not imply.
  Activation activation() const;
};

/// The values of a file. Constants are worked out first, wherever they stand; then values come into
/// being node by node. All functions throw UserError for what they cannot do.
class Values {
 public:
  /// `model` and `builder` live longer.
  Values(const Model& model, GraphBuilder& builder);

  /// Works a node out whose operand is constant, if its kind can be.
  void fold(const Node& node);
  void add_input(const Interface& input);
  /// Refuses inputs that nothing quantizes.
  void check_inputs() const;
  /// What leaves the network.
  View output(const std::string& value) const;
  /// How a value of the network's edge is stored: images with their channels last, and as in the
  /// file where a Transpose stands next to it, for that is there to have them so.
  Order edge_order(const std::string& value, std::size_t rank) const;

  /// Whether the node was dealt with: a constant, or part of another operator.
  bool is_done(const Node& node) const { return done_.count(&node) > 0; }
  void set_done(const Node& node) { done_.insert(&node); }

  bool has(const Node& node, std::size_t index) const {
    return index < node.inputs.size() && !node.inputs[index].empty();
  }
  /// Operand `index` as a tensor of real values that are stored as integers.
  View real(const Node& node, std::size_t index) const;
  /// Operand `index` as the integers themselves, whose quantization the node gives as well.
  View stored(const Node& node, std::size_t index, const Quantization& q);
  /// Operand `index` as a constant; nullptr where it is none.
  const Constant* constant(const Node& node, std::size_t index) const;
  /// Operand `index`, a constant, as a list of integers.
  std::vector<std::int64_t> integers(const Node& node, std::size_t index) const;

  /// How the real value is quantized by the nodes behind it, which become part of the operator that
  /// gives it.
  Target target_of(const std::string& value) const;
  /// The same for the result `value` of a Relu or Clip by itself, whose bounds count.
  Target target_behind(const Node& clip, const std::string& value) const;
  /// The only node that reads a value; nullptr for none or several, or an output of the network.
  const Node* only_reader(const std::string& value) const;

  void set_real(const std::string& value, const View& view) {
    views_[value] = {view, State::kReal, DataType::kUndefined};
  }
  /// The integers of a value, which the file has as `type`.
  void set_stored(const std::string& value, const View& view, DataType type) {
    views_[value] = {view, State::kStored, type};
  }
  /// The result of an operator that ends at the target.
  void set_target(const Target& target, const View& view);

  void quantize(const Node& node);
  void dequantize(const Node& node);

  /// Scale and zero point among the operands, as int8. `type` is that of the values.
  Quantization quantization_of(const Node& node, std::size_t scale, std::size_t zero_point,
                               DataType type) const;
  /// The type of a constant zero point, which is that of the values.
  DataType type_beside(const Node& node, std::size_t zero_point, DataType otherwise) const;

 private:
  enum class State { kFloatInput, kStored, kReal };
  struct Entry {
    View view;
    State state = State::kStored;
    DataType type = DataType::kUndefined;  ///< of a stored value, as the file has it
  };

  const Array* quantized_array(const Array& reals, const Quantization& q, DataType type);
  void take_quantization(const View& view, const Quantization& q);
  /// The only reader, if it reads the value as its first operand. As no value is set twice, going
  /// on from node to node ends.
  const Node* next(const std::string& value) const;
  bool enters_transpose(const std::string& value) const;
  bool leaves_transpose(const std::string& value) const;
  void narrow(const Node& clip, Target& target) const;
  void find_quantization(std::string value, Target& target) const;
  const Entry* find(const std::string& value) const;
  bool leaves(const std::string& value) const { return outputs_.count(value) > 0; }

  const Model& model_;
  GraphBuilder& builder_;
  std::map<std::string, Entry> views_;
  std::map<std::string, Constant> constants_;
  std::map<std::string, std::vector<const Node*>> readers_;
  std::map<std::string, const Node*> writers_;
  std::set<const Node*> done_;
  std::set<std::string> outputs_;
  std::deque<Array> made_;
  std::int64_t made_bytes_ = 0;
};

}  // namespace milliwatt::workloads::onnx
