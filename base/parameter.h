// SPDX-License-Identifier: Apache-2.0
// One declared parameter, without the struct it is bound to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/confidence.h"
#include "base/diagnostics.h"
#include "base/units.h"
#include "base/yaml.h"

namespace milliwatt::base {

/// What a parameter holds: nothing (an optional one that is absent), a whole number (also a bool
/// and an enum), a real number or a text.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

inline bool is_absent(const Value& value) { return std::holds_alternative<std::monostate>(value); }

/// A parameter as `milliwatt describe` and the reference page show it. All texts; empty when the
/// column does not apply.
struct ParameterRow {
  std::string key;
  std::string unit;
  std::string def;    // "required", "none" (may be absent) or the default as it is written
  std::string range;  // "1 .. 256", or the choices
  std::string doc;
  std::string source;
  std::string confidence;  // "published", ... or "assumed, 2 .. 8"
};

/// Name, type, unit, default, range and meaning of one parameter, and for a constant where its
/// default comes from. Reads and prints values; knows nothing of where they are kept.
class Parameter {
 public:
  enum class Kind { kInteger, kReal, kBoolean, kChoice, kText };

  Parameter(std::string key, Kind kind, Unit unit);

  /// Smallest and largest value allowed, in the unit in which the parameter is held.
  template <typename Low, typename High>
  Parameter& range(Low low, High high) {
    if (kind_ == Kind::kReal) {
      set_real_range(static_cast<double>(low), static_cast<double>(high));
    } else {
      set_integer_range(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
    }
    return *this;
  }
  /// Of the range, only 1, 2, 4, 8 ... are allowed. For whole numbers.
  Parameter& power_of_two();
  /// The value when the key is absent. Throws InternalError when it lies outside the range.
  template <typename T>
  Parameter& def(const T& value) {
    if constexpr (std::is_convertible_v<T, std::string>) {
      return set_default(Value(std::string(value)));
    } else if constexpr (std::is_enum_v<T>) {
      return set_default(Value(static_cast<std::int64_t>(value)));
    } else if (kind_ == Kind::kReal) {
      return set_default(Value(static_cast<double>(value)));
    } else {
      static_assert(std::is_arithmetic_v<T>);
      return set_default(Value(static_cast<std::int64_t>(value)));
    }
  }
  /// The key may be absent and then holds nothing.
  Parameter& optional();
  /// One sentence.
  Parameter& doc(std::string sentence);
  /// Where the default comes from: document and place in it.
  Parameter& source(std::string text);
  /// How well the default is known. Not for kAssumed, which needs its bounds.
  Parameter& confidence(Confidence confidence);
  /// A default without a source: the truth is believed to lie in low .. high.
  template <typename T>
  Parameter& assumed(T low, T high) {
    if (kind_ == Kind::kReal) {
      return set_assumed(Value(static_cast<double>(low)), Value(static_cast<double>(high)));
    }
    return set_assumed(Value(static_cast<std::int64_t>(low)),
                       Value(static_cast<std::int64_t>(high)));
  }
  Parameter& add_choice(std::string name, std::int64_t value);

  const std::string& key() const { return key_; }

  /// The value of this parameter in `map`: from its key or its default. Nothing when neither
  /// exists or the value is bad; then `faults` says why.
  std::optional<Value> read_from(const YamlNode& map, Diagnostics& faults) const;
  /// The value that `node` holds, checked against type, unit and range.
  std::optional<Value> read(const YamlNode& node, Diagnostics& faults) const;
  /// The node that reads back to `value`, which is not absent.
  YamlNode dump(const Value& value) const;
  ParameterRow row() const;

 private:
  void set_integer_range(std::int64_t low, std::int64_t high);
  void set_real_range(double low, double high);
  Parameter& set_default(Value value);
  void check_default() const;
  Parameter& set_assumed(Value low, Value high);

  Parsed<Value> parse(const YamlNode& node) const;
  Parsed<Value> parse_choice(const std::string& text) const;
  bool in_range(const Value& value) const;
  std::string print(const Value& value) const;
  std::string allowed() const;
  std::vector<std::string> choice_names() const;

  std::string key_;
  Kind kind_;
  Unit unit_;
  Value low_;
  Value high_;
  bool power_of_two_ = false;
  std::vector<std::pair<std::string, std::int64_t>> choices_;
  std::optional<Value> default_;
  std::string doc_;
  std::string source_;
  std::optional<Confidence> confidence_;
  Value assumed_low_;
  Value assumed_high_;
};

/// The list under `key` of `map`; nullptr when the key is absent or, which is reported, no list.
const YamlNode* find_list(const YamlNode& map, const std::string& key, Diagnostics& faults);

/// Reports every key of `map` that is not in `keys`. False when `map` is not a map at all, which
/// is reported too.
bool check_keys(const YamlNode& map, const std::vector<std::string>& keys, Diagnostics& faults);

/// An empty map that stands for the absent `key` of `map`, with a place for messages.
YamlNode empty_child(const YamlNode& map, const std::string& key);

}  // namespace milliwatt::base
