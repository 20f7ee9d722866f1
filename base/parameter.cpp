// SPDX-License-Identifier: Apache-2.0
#include "base/parameter.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/nearest.h"

namespace milliwatt::base {
namespace {

bool is_power_of_two(std::int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

}  // namespace

Parameter::Parameter(std::string key, Kind kind, Unit unit)
    : key_(std::move(key)), kind_(kind), unit_(unit) {}

Parameter& Parameter::power_of_two() {
  power_of_two_ = true;
  check_default();
  return *this;
}

Parameter& Parameter::optional() { return set_default(Value{}); }

Parameter& Parameter::doc(std::string sentence) {
  doc_ = std::move(sentence);
  return *this;
}

Parameter& Parameter::source(std::string text) {
  source_ = std::move(text);
  return *this;
}

Parameter& Parameter::confidence(Confidence confidence) {
  if (confidence == Confidence::kAssumed) {
    throw InternalError("parameter '" + key_ + "': say assumed(low, high)");
  }
  confidence_ = confidence;
  return *this;
}

Parameter& Parameter::set_assumed(Value low, Value high) {
  confidence_ = Confidence::kAssumed;
  assumed_low_ = std::move(low);
  assumed_high_ = std::move(high);
  return *this;
}

Parameter& Parameter::add_choice(std::string name, std::int64_t value) {
  choices_.emplace_back(std::move(name), value);
  return *this;
}

void Parameter::set_integer_range(std::int64_t low, std::int64_t high) {
  low_ = low;
  high_ = high;
  check_default();
}

void Parameter::set_real_range(double low, double high) {
  low_ = low;
  high_ = high;
  check_default();
}

Parameter& Parameter::set_default(Value value) {
  default_ = std::move(value);
  check_default();
  return *this;
}

void Parameter::check_default() const {
  if (default_ && !is_absent(*default_) && !in_range(*default_)) {
    throw InternalError("parameter '" + key_ + "': its default is not allowed by its range");
  }
}

std::optional<Value> Parameter::read_from(const YamlNode& map, Diagnostics& faults) const {
  if (const YamlNode* node = map.find(key_)) {
    return read(*node, faults);
  }
  if (!default_) {
    const std::string meaning = doc_.empty() ? "" : " " + doc_;
    faults.add(map.place, fmt::format("the required key '{}' is missing.{} Allowed: {}", key_,
                                      meaning, allowed()));
  }
  return default_;
}

std::optional<Value> Parameter::read(const YamlNode& node, Diagnostics& faults) const {
  if (!node.is_scalar()) {
    faults.add(node.place, fmt::format("found {}; expected {}", node.found(), allowed()));
    return std::nullopt;
  }
  Parsed<Value> parsed = parse(node);
  if (!parsed.ok()) {
    faults.add(node.place, parsed.fault);
    return std::nullopt;
  }
  if (!in_range(parsed.value)) {
    faults.add(node.place, fmt::format("found {}; allowed: {}", node.found(), allowed()));
    return std::nullopt;
  }
  return std::move(parsed.value);
}

Parsed<Value> Parameter::parse(const YamlNode& node) const {
  if (kind_ == Kind::kText) {
    return {node.text, ""};
  }
  if (kind_ == Kind::kChoice) {
    return parse_choice(node.text);
  }
  if (node.quoted) {
    return {{},
            fmt::format("found the quoted text {}; {} are written without quotes", node.found(),
                        kind_ == Kind::kBoolean ? "true and false" : "numbers")};
  }
  if (kind_ == Kind::kBoolean) {
    const bool known = node.text == "true" || node.text == "false";
    return {Value(std::int64_t{node.text == "true"}),
            known ? "" : fmt::format("found {}; allowed: true or false", node.found())};
  }
  if (kind_ == Kind::kReal) {
    const auto parsed = parse_real(node.text, unit_);
    return {parsed.value, parsed.fault};
  }
  const auto parsed = parse_integer(node.text, unit_);
  return {parsed.value, parsed.fault};
}

Parsed<Value> Parameter::parse_choice(const std::string& text) const {
  for (const auto& [name, value] : choices_) {
    if (name == text) {
      return {value, ""};
    }
  }
  return {{}, fmt::format("found '{}'{}", text, suggestion(text, choice_names()))};
}

bool Parameter::in_range(const Value& value) const {
  if (kind_ == Kind::kChoice) {
    return std::any_of(choices_.begin(), choices_.end(),
                       [&](const auto& choice) { return Value(choice.second) == value; });
  }
  if (power_of_two_ && !is_power_of_two(std::get<std::int64_t>(value))) {
    return false;
  }
  return is_absent(low_) || (low_ <= value && value <= high_);
}

YamlNode Parameter::dump(const Value& value) const {
  return kind_ == Kind::kText ? YamlNode::quoted_scalar(print(value))
                              : YamlNode::scalar(print(value));
}

std::string Parameter::print(const Value& value) const {
  switch (kind_) {
    case Kind::kText:
      return std::get<std::string>(value);
    case Kind::kReal:
      return print_real(std::get<double>(value), unit_);
    case Kind::kBoolean:
      return std::get<std::int64_t>(value) != 0 ? "true" : "false";
    case Kind::kInteger:
      return print_integer(std::get<std::int64_t>(value), unit_);
    case Kind::kChoice:
      break;
  }
  for (const auto& [name, number] : choices_) {
    if (number == std::get<std::int64_t>(value)) {
      return name;
    }
  }
  throw InternalError("parameter '" + key_ + "': holds a value that none of its choices names");
}

/// "1 .. 256", "1 B .. 64 B, a power of two", "24 KiB or more", "true or false", "a, b".
std::string Parameter::allowed() const {
  switch (kind_) {
    case Kind::kText:
      return "a text";
    case Kind::kBoolean:
      return "true or false";
    case Kind::kChoice:
      return fmt::format("{}", fmt::join(choice_names(), ", "));
    default:
      break;
  }
  if (is_absent(low_)) {
    return unit_symbol(unit_).empty() ? "a number" : "a number with its unit";
  }
  const Value highest = std::numeric_limits<std::int64_t>::max();
  const Value lowest = std::numeric_limits<std::int64_t>::min();
  if (high_ == highest) {
    return low_ == lowest ? "a whole number" : print(low_) + " or more";
  }
  if (low_ == high_) {
    return print(low_);
  }
  return print(low_) + " .. " + print(high_) + (power_of_two_ ? ", a power of two" : "");
}

std::vector<std::string> Parameter::choice_names() const {
  std::vector<std::string> names;
  for (const auto& choice : choices_) {
    names.push_back(choice.first);
  }
  return names;
}

ParameterRow Parameter::row() const {
  ParameterRow row;
  row.key = key_;
  row.unit = unit_symbol(unit_);
  row.def = !default_ ? "required" : is_absent(*default_) ? "none" : print(*default_);
  row.range = allowed();
  row.doc = doc_;
  row.source = source_;
  if (confidence_) {
    row.confidence = confidence_name(*confidence_);
  }
  if (!is_absent(assumed_low_)) {
    row.confidence += ", " + print(assumed_low_) + " .. " + print(assumed_high_);
  }
  return row;
}

const YamlNode* find_list(const YamlNode& map, const std::string& key, Diagnostics& faults) {
  const YamlNode* node = map.find(key);
  if (node != nullptr && !node->is_sequence()) {
    faults.add(node->place, "found " + node->found() + "; expected a list");
    return nullptr;
  }
  return node;
}

bool check_keys(const YamlNode& map, const std::vector<std::string>& keys, Diagnostics& faults) {
  if (!map.is_map()) {
    faults.add(map.place, "found " + map.found() + "; expected a map of `key: value` lines");
    return false;
  }
  for (const YamlEntry& entry : map.entries) {
    bool known = false;
    for (const std::string& key : keys) {
      known = known || key == entry.key;
    }
    if (!known) {
      const std::string key = entry.key.substr(0, entry.key.find(':'));
      const bool run_together = key != entry.key && entry.value.is_null();
      faults.add(entry.place,
                 (run_together ? "unknown key; a blank is missing behind the ':'" : "unknown key") +
                     suggestion(entry.key, keys));
    }
  }
  return true;
}

YamlNode empty_child(const YamlNode& map, const std::string& key) {
  YamlNode child = YamlNode::map();
  child.place = map.place;
  child.place.path += (child.place.path.empty() ? "" : ".") + key;
  return child;
}

}  // namespace milliwatt::base
