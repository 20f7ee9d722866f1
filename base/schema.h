// SPDX-License-Identifier: Apache-2.0
// Parameters declared once: the reader, the dump and the reference page come from one line.
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parameter.h"
#include "base/yaml.h"

namespace milliwatt::base {

namespace detail {

template <typename T>
struct Member {  // a plain member
  using Type = T;
  static Value get(const T& member) {
    if constexpr (std::is_same_v<T, std::string>) {
      return member;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<double>(member);
    } else {
      return static_cast<std::int64_t>(member);
    }
  }
  static void set(T& member, const Value& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      member = std::get<std::string>(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      member = static_cast<T>(std::get<double>(value));
    } else {
      member = static_cast<T>(std::get<std::int64_t>(value));
    }
  }
};

template <typename T>
struct Member<std::optional<T>> {  // a member that may stay empty
  using Type = T;
  static Value get(const std::optional<T>& member) {
    return member ? Member<T>::get(*member) : Value{};
  }
  static void set(std::optional<T>& member, const Value& value) {
    if (is_absent(value)) {
      member.reset();
    } else {
      Member<T>::set(member.emplace(), value);
    }
  }
};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

}  // namespace detail

/// The parameters of one component, each bound to a member of the plain struct `Config`.
///
///     Schema<ArrayConfig> s{"systolic_array", "Weight-stationary array of PEs."};
///     s.elsewhere("kind", "Selects the machine.");
///     s.integer("rows", &ArrayConfig::rows).range(1, 256).def(16).doc("PE rows.");
///     s.bytes("input_buffer", &ArrayConfig::input_buffer).range(64, 1 << 20).def(24 * 1024)...;
///
/// Members are integers of any width, bool, double, std::string or an enum; std::optional of these
/// may stay empty. A parameter without def() is required, unless its member is optional.
template <typename Config>
class Schema {
 public:
  Schema(std::string name, std::string doc) : name_(std::move(name)), doc_(std::move(doc)) {}

  const std::string& name() const { return name_; }
  const std::string& doc() const { return doc_; }

  /// A bare whole number.
  template <typename T>
  Parameter& integer(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kCount);
  }
  /// A whole number with a unit, held in that unit.
  template <typename T>
  Parameter& integer(const std::string& key, T Config::*member, Unit unit) {
    return whole(key, member, unit);
  }
  template <typename T>
  Parameter& bytes(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kBytes).range(0, member_max<T>());
  }
  /// Held in Hz.
  template <typename T>
  Parameter& frequency(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kHertz).range(1, 1'000'000'000'000);
  }
  /// "4 cycles".
  template <typename T>
  Parameter& cycles(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kCycles).range(0, member_max<T>());
  }
  /// Held in picoseconds.
  template <typename T>
  Parameter& duration(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kPicoseconds).range(0, member_max<T>());
  }
  /// Held in integer attojoules, rounded once.
  template <typename T>
  Parameter& energy(const std::string& key, T Config::*member) {
    return whole(key, member, Unit::kAttojoules).range(0, member_max<T>());
  }
  template <typename T>
  Parameter& real(const std::string& key, T Config::*member, Unit unit = Unit::kRatio) {
    return bind(key, member, Parameter::Kind::kReal, unit);
  }
  /// Only `true` and `false`.
  template <typename T>
  Parameter& boolean(const std::string& key, T Config::*member) {
    return bind(key, member, Parameter::Kind::kBoolean, Unit::kCount);
  }
  template <typename T>
  Parameter& text(const std::string& key, T Config::*member) {
    return bind(key, member, Parameter::Kind::kText, Unit::kCount);
  }
  /// One of the named values of an enum.
  template <typename T>
  Parameter& choice(
      const std::string& key, T Config::*member,
      std::initializer_list<std::pair<const char*, typename detail::Member<T>::Type>> choices) {
    Parameter& parameter = bind(key, member, Parameter::Kind::kChoice, Unit::kCount);
    for (const auto& [name, value] : choices) {
      parameter.add_choice(name, static_cast<std::int64_t>(value));
    }
    return parameter;
  }

  /// A map below this one with a schema of its own. When the map is absent, its defaults hold.
  template <typename Child>
  void nested(const std::string& key, Child Config::*member, Schema<Child> schema) {
    auto child = std::make_shared<const Schema<Child>>(std::move(schema));
    Entry& entry = declare(key);
    entry.read = [=](const YamlNode& map, Config& config, Diagnostics& faults) {
      const YamlNode empty = empty_child(map, key);
      const YamlNode* node = map.find(key);
      child->read(node ? *node : empty, config.*member, faults);
    };
    entry.dump = [=](const Config& config, YamlNode& map) {
      map.set(key, child->dump(config.*member));
    };
    entry.describe = [=](std::vector<ParameterRow>& rows) { child->append_rows(key + ".", rows); };
  }

  /// A list of maps with a schema of their own; empty when the key is absent.
  template <typename Child>
  void list(const std::string& key, std::vector<Child> Config::*member, Schema<Child> schema) {
    auto child = std::make_shared<const Schema<Child>>(std::move(schema));
    Entry& entry = declare(key);
    entry.read = [=](const YamlNode& map, Config& config, Diagnostics& faults) {
      (config.*member).clear();
      if (const YamlNode* items = find_list(map, key, faults)) {
        for (const YamlNode& item : items->items) {
          child->read(item, (config.*member).emplace_back(), faults);
        }
      }
    };
    entry.dump = [=](const Config& config, YamlNode& map) {
      YamlNode& items = map.set(key, YamlNode::sequence());
      for (const Child& item : config.*member) {
        items.items.push_back(child->dump(item));
      }
    };
    entry.describe = [=](std::vector<ParameterRow>& rows) {
      child->append_rows(key + "[].", rows);
    };
  }

  /// A list of whole numbers, each within the range; empty when the key is absent.
  template <typename T>
  Parameter& integers(const std::string& key, std::vector<T> Config::*member,
                      Unit unit = Unit::kCount) {
    return bind_list(key, member, Parameter::Kind::kInteger, unit)
        .range(std::int64_t{std::numeric_limits<T>::min()}, member_max<T>());
  }
  /// A list of texts; empty when the key is absent.
  Parameter& texts(const std::string& key, std::vector<std::string> Config::*member) {
    return bind_list(key, member, Parameter::Kind::kText, Unit::kCount);
  }

  /// A key that may stand here and is read by somebody else (`kind`, a list of children).
  void elsewhere(const std::string& key, const std::string& doc) {
    declare(key).describe = [=](std::vector<ParameterRow>& rows) {
      ParameterRow row;
      row.key = key;
      row.doc = doc;
      rows.push_back(std::move(row));
    };
  }

  /// Sets every member: from its key in `map`, else to its default. Adds one message for every
  /// unknown key, missing required key and bad value; a member with a bad value keeps its default.
  void read(const YamlNode& map, Config& config, Diagnostics& faults) const {
    if (!check_keys(map, keys(), faults)) {
      return;
    }
    for (const Entry& entry : entries_) {
      if (entry.read) {
        entry.read(map, config, faults);
      }
    }
  }

  /// The same for callers with nothing else to check: throws UserError with all faults.
  Config read(const YamlNode& map) const {
    Config config{};
    Diagnostics faults;
    read(map, config, faults);
    faults.throw_if_any();
    return config;
  }

  /// The complete configuration as a map that reads back to the same `config`. Keys read elsewhere
  /// are the business of whoever reads them.
  YamlNode dump(const Config& config) const {
    YamlNode map = YamlNode::map();
    for (const Entry& entry : entries_) {
      if (entry.dump) {
        entry.dump(config, map);
      }
    }
    return map;
  }

  /// One row per key, in the order of declaration; keys of nested maps as `map.key`.
  std::vector<ParameterRow> describe() const {
    std::vector<ParameterRow> rows;
    for (const Entry& entry : entries_) {
      entry.describe(rows);
    }
    return rows;
  }

  /// The rows of describe() with `prefix` before each key.
  void append_rows(const std::string& prefix, std::vector<ParameterRow>& rows) const {
    for (ParameterRow row : describe()) {
      row.key = prefix + row.key;
      rows.push_back(std::move(row));
    }
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) {
      names.push_back(entry.key);
    }
    return names;
  }

 private:
  struct Entry {
    std::string key;
    std::function<void(const YamlNode&, Config&, Diagnostics&)> read;
    std::function<void(const Config&, YamlNode&)> dump;
    std::function<void(std::vector<ParameterRow>&)> describe;
  };

  Entry& declare(const std::string& key) {
    for (const Entry& entry : entries_) {
      if (entry.key == key) {
        throw InternalError("schema '" + name_ + "': key '" + key + "' is declared twice");
      }
    }
    entries_.push_back({key, nullptr, nullptr, nullptr});
    return entries_.back();
  }

  template <typename T>
  static constexpr std::int64_t member_max() {
    return std::numeric_limits<typename detail::Member<T>::Type>::max();
  }

  template <typename T>
  Parameter& whole(const std::string& key, T Config::*member, Unit unit) {
    using Type = typename detail::Member<T>::Type;
    static_assert(std::is_integral_v<Type> && !std::is_same_v<Type, bool>);
    static_assert(sizeof(Type) < 8 || std::is_signed_v<Type>, "64-bit members are signed");
    return bind(key, member, Parameter::Kind::kInteger, unit)
        .range(std::int64_t{std::numeric_limits<Type>::min()}, member_max<T>());
  }

  template <typename T>
  Parameter& bind(const std::string& key, T Config::*member, Parameter::Kind kind, Unit unit) {
    auto parameter = std::make_shared<Parameter>(key, kind, unit);
    if (detail::IsOptional<T>::value) {
      parameter->optional();
    }
    Entry& entry = declare(key);
    entry.read = [=](const YamlNode& map, Config& config, Diagnostics& faults) {
      if (const auto value = parameter->read_from(map, faults)) {
        detail::Member<T>::set(config.*member, *value);
      }
    };
    entry.dump = [=](const Config& config, YamlNode& map) {
      const Value value = detail::Member<T>::get(config.*member);
      if (!is_absent(value)) {
        map.set(key, parameter->dump(value));
      }
    };
    entry.describe = [=](std::vector<ParameterRow>& rows) { rows.push_back(parameter->row()); };
    return *parameter;
  }

  template <typename T>
  Parameter& bind_list(const std::string& key, std::vector<T> Config::*member, Parameter::Kind kind,
                       Unit unit) {
    auto parameter = std::make_shared<Parameter>(key, kind, unit);
    parameter->optional();
    Entry& entry = declare(key);
    entry.read = [=](const YamlNode& map, Config& config, Diagnostics& faults) {
      (config.*member).clear();
      if (const YamlNode* items = find_list(map, key, faults)) {
        for (const YamlNode& item : items->items) {
          if (const auto value = parameter->read(item, faults)) {
            detail::Member<T>::set((config.*member).emplace_back(), *value);
          }
        }
      }
    };
    entry.dump = [=](const Config& config, YamlNode& map) {
      YamlNode& items = map.set(key, YamlNode::sequence());
      for (const T& item : config.*member) {
        items.items.push_back(parameter->dump(detail::Member<T>::get(item)));
      }
    };
    entry.describe = [=](std::vector<ParameterRow>& rows) { rows.push_back(parameter->row()); };
    return *parameter;
  }

  std::string name_;
  std::string doc_;
  std::vector<Entry> entries_;
};

}  // namespace milliwatt::base
