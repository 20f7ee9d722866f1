// SPDX-License-Identifier: Apache-2.0
// YAML files as a tree of our own, in which every value knows where it stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace milliwatt::base {

struct YamlEntry;

/// One value of a YAML document. Scalars stay text: what a text means is decided by the parameter
/// that reads it (base/schema.h), never by its spelling. Maps keep the order of the file.
/// Left out on purpose: anchors, aliases, tags, merge keys, several documents; the parser rejects
/// them, because each lets a file mean something that it does not say.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  std::string text;                // of a scalar
  bool quoted = false;             // scalar in quotes, or a block scalar (| or >)
  std::vector<YamlEntry> entries;  // of a map
  std::vector<YamlNode> items;     // of a sequence
  Place place;                     // of the value; of its key when the value is null

  static YamlNode scalar(std::string text);
  static YamlNode quoted_scalar(std::string text);
  static YamlNode map();
  static YamlNode sequence();

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_map() const { return kind == Kind::kMap; }

  /// The value of `key` in this map; nullptr when absent or when this is not a map.
  const YamlNode* find(std::string_view key) const;
  YamlNode* find(std::string_view key);
  /// Replaces or appends the value of `key` and returns it. Only for maps.
  YamlNode& set(const std::string& key, YamlNode value);

  /// What the user wrote, for messages: "'12'", "a list", "a map", "nothing".
  std::string found() const;
};

/// One key of a map with the place of the key.
struct YamlEntry {
  std::string key;
  Place place;
  YamlNode value;
};

/// Reads one document. `name` stands for the file in messages. Throws UserError with one message
/// per fault: syntax, duplicate keys, keys that are not names, anchors, aliases, tags, merge keys,
/// a second document, an empty document.
YamlNode parse_yaml_text(const std::string& text, const std::string& name);

/// The same for a file. Also throws UserError when the file cannot be read.
YamlNode parse_yaml_file(const std::string& path);

/// The same for readers that go on: faults are collected, and what is left of the document without
/// them comes back, so that the faults of its keys can be told as well. Nothing where the text is
/// no YAML or empty. The file must exist.
std::optional<YamlNode> parse_yaml_text(const std::string& text, const std::string& name,
                                        Diagnostics& faults);
std::optional<YamlNode> parse_yaml_file(const std::string& path, Diagnostics& faults);

/// The document as text that reads back to the same tree (places aside), two spaces per level.
std::string write_yaml(const YamlNode& node);

/// The same in one line without its end, with {} and [].
std::string write_yaml_line(const YamlNode& node);

}  // namespace milliwatt::base
