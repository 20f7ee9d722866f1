// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/utf8.h"

namespace milliwatt::base {
namespace {

/// Turns the events of yaml-cpp into YamlNodes and notes what milliwatt does not accept.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string name, const std::string& text, Diagnostics& faults)
      : name_(std::move(name)), text_(text), faults_(faults) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    YamlNode node = begin(YamlNode::Kind::kNull, mark);
    if (awaits_value()) {
      node.place = open_.back().key->place;
    }
    finish(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    YamlNode node = begin(YamlNode::Kind::kNull, mark);
    faults_.add(node.place, "aliases (*name) are not allowed; write the value out");
    if (awaits_value()) {
      open_.back().key.reset();  // as if the key were absent: its reader has nothing to add
    } else {
      finish(std::move(node));
    }
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& anchor) override {
    faults_.add(here(mark), "anchors (&" + anchor + ") are not allowed; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    YamlNode node = begin(YamlNode::Kind::kScalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    reject_tag(node.place, tag, mark);
    reject_open_quote(node, mark);
    finish(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, tag);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, tag);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string text;
    Place place;
    bool usable = true;
  };
  struct Open {
    YamlNode node;
    std::optional<Key> key;                      // of a map: the key whose value comes next
    std::unordered_map<std::string, int> lines;  // of a map: where each key stands
  };

  bool awaits_value() const { return !open_.empty() && open_.back().key; }
  bool awaits_key() const {
    return !open_.empty() && open_.back().node.is_map() && !open_.back().key;
  }

  Place here(const YAML::Mark& mark) const {
    return {name_, mark.line + 1, mark.column + 1, path()};
  }

  std::string path() const {
    if (open_.empty()) {
      return "";
    }
    const YamlNode& parent = open_.back().node;
    if (parent.is_sequence()) {
      return parent.place.path + "[" + std::to_string(parent.items.size()) + "]";
    }
    return open_.back().key ? open_.back().key->place.path : parent.place.path;
  }

  YamlNode begin(YamlNode::Kind kind, const YAML::Mark& mark) const {
    YamlNode node;
    node.kind = kind;
    node.place = here(mark);
    return node;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    YamlNode node = begin(kind, mark);
    reject_tag(node.place, tag, mark);
    open_.push_back({std::move(node), std::nullopt, {}});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    finish(std::move(node));
  }

  /// yaml-cpp reports "?" for plain values and "!" for quoted ones, but also for a lone "!" tag.
  void reject_tag(const Place& place, const std::string& tag, const YAML::Mark& mark) {
    const auto position = static_cast<std::size_t>(mark.pos);
    const bool lone = tag == "!" && position < text_.size() && text_[position] == '!';
    const bool none = tag.empty() || tag == "?" || tag == "!";
    if (lone || !none) {
      faults_.add(place,
                  "tags (" + as_written(tag) + ") are not allowed; the key decides the type");
    }
  }

  /// "!!int" for what yaml-cpp makes of it.
  static std::string as_written(const std::string& tag) {
    const std::string standard = "tag:yaml.org,2002:";
    return tag.rfind(standard, 0) == 0 ? "!!" + tag.substr(standard.size()) : tag;
  }

  /// yaml-cpp takes the end of the file for the end of a quoted text.
  void reject_open_quote(const YamlNode& node, const YAML::Mark& mark) {
    const auto first = static_cast<std::size_t>(mark.pos);
    const char quote = first < text_.size() ? text_[first] : '\0';
    if (!node.quoted || (quote != '"' && quote != '\'')) {
      return;
    }
    for (std::size_t at = first + 1; at < text_.size(); ++at) {
      if (text_[at] == quote) {
        return;
      }
      at += quote == '"' && text_[at] == '\\' ? 1 : 0;
    }
    faults_.add(node.place, std::string("the quote ") + quote + " is never closed");
  }

  void finish(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (awaits_key()) {
      open_.back().key = make_key(node);
    } else if (open_.back().node.is_sequence()) {
      open_.back().node.items.push_back(std::move(node));
    } else {
      add_entry(std::move(node));
    }
  }

  Key make_key(const YamlNode& node) {
    Key key{node.text, node.place, node.is_scalar()};
    if (!key.usable) {
      faults_.add(node.place, "a key must be a name, found " + node.found());
    } else if (node.text == "<<" && !node.quoted) {
      faults_.add(node.place, "merge keys (<<) are not allowed; write the keys out");
      key.usable = false;
    } else {
      key.place.path += (key.place.path.empty() ? "" : ".") + node.text;
    }
    return key;
  }

  void add_entry(YamlNode value) {
    YamlNode& map = open_.back().node;
    const Key key = std::move(*open_.back().key);
    open_.back().key.reset();
    if (!key.usable) {
      return;
    }
    const auto [first, added] = open_.back().lines.emplace(key.text, key.place.line);
    if (!added) {
      faults_.add(key.place, "duplicate key, first given in line " + std::to_string(first->second));
      return;
    }
    map.entries.push_back({key.text, key.place, std::move(value)});
  }

  std::string name_;
  const std::string& text_;
  Diagnostics& faults_;
  std::vector<Open> open_;
  YamlNode root_;
};

/// Notes where a second document starts.
class SecondDocument : public YAML::EventHandler {
 public:
  SecondDocument(std::string name, Diagnostics& faults) : name_(std::move(name)), faults_(faults) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    faults_.add({name_, mark.line + 1, mark.column + 1, ""},
                "the document ended before this line; a file holds one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::string name_;
  Diagnostics& faults_;
};

std::string without_byte_order_mark(const std::string& text) {
  return text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? text.substr(3) : text;
}

/// The whitespace at the beginning of a line, the first being 1.
std::string indentation(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string one;
  for (int i = 0; i < line && std::getline(lines, one); ++i) {
  }
  return one.substr(0, one.find_first_not_of(" \t"));
}

/// What usually is behind a message of yaml-cpp; empty when there is no telling.
std::string usual_cause(const std::string& message, const std::string& text, int line) {
  if (indentation(text, line).find('\t') != std::string::npos) {
    return "a tab does not indent in YAML; use blanks";
  }
  if (message == "bad file") {
    return "lists and maps are nested too deeply";
  }
  if (message == "illegal map value") {
    return "a ':' is missing in the line above, or a text with ': ' in it needs quotes";
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    return "the line is indented by less or more than the one that it belongs to";
  }
  if (message == "end of map flow not found" || message == "end of sequence flow not found") {
    return "a '{' or '[' is not closed, or a ',' is missing before this place";
  }
  return "";
}

/// Nothing when there is no document to go on with.
std::optional<YamlNode> parse_document(const std::string& text, const std::string& name,
                                       Diagnostics& faults) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  TreeBuilder builder(name, text, faults);
  if (!parser.HandleNextDocument(builder)) {
    faults.add({name, 1, 1, ""}, "the file is empty");
    return std::nullopt;
  }
  SecondDocument second(name, faults);
  parser.HandleNextDocument(second);
  YamlNode root = builder.take_root();
  if (root.is_null() && faults.empty()) {
    faults.add(root.place, "the document is empty");
  }
  return root.is_null() ? std::nullopt : std::optional<YamlNode>(std::move(root));
}

}  // namespace

std::optional<YamlNode> parse_yaml_text(const std::string& text, const std::string& name,
                                        Diagnostics& faults) {
  const std::size_t odd = first_non_text(text);
  if (odd != text.size()) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(odd), '\n');
    faults.add(name + ":" + std::to_string(line) + ": not UTF-8 text");
    return std::nullopt;
  }
  try {
    return parse_document(without_byte_order_mark(text), name, faults);
  } catch (const YAML::Exception& error) {
    const int line = error.mark.line + 1;
    const std::string cause = usual_cause(error.msg, text, line);
    faults.add({name, line, error.mark.column + 1, ""},
               "not valid YAML: " + error.msg + (cause.empty() ? "" : "; " + cause));
    return std::nullopt;
  }
}

YamlNode parse_yaml_text(const std::string& text, const std::string& name) {
  Diagnostics faults;
  std::optional<YamlNode> root = parse_yaml_text(text, name, faults);
  faults.throw_if_any();
  return std::move(*root);
}

std::optional<YamlNode> parse_yaml_file(const std::string& path, Diagnostics& faults) {
  return parse_yaml_text(read_file(path), path, faults);
}

YamlNode parse_yaml_file(const std::string& path) { return parse_yaml_text(read_file(path), path); }

YamlNode YamlNode::scalar(std::string text) {
  YamlNode node;
  node.kind = Kind::kScalar;
  node.text = std::move(text);
  return node;
}

YamlNode YamlNode::quoted_scalar(std::string text) {
  YamlNode node = scalar(std::move(text));
  node.quoted = true;
  return node;
}

YamlNode YamlNode::map() {
  YamlNode node;
  node.kind = Kind::kMap;
  return node;
}

YamlNode YamlNode::sequence() {
  YamlNode node;
  node.kind = Kind::kSequence;
  return node;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) {
      return &entry.value;
    }
  }
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  return const_cast<YamlNode*>(static_cast<const YamlNode*>(this)->find(key));
}

YamlNode& YamlNode::set(const std::string& key, YamlNode value) {
  if (YamlNode* present = find(key)) {
    return *present = std::move(value);
  }
  Place key_place = value.place;
  entries.push_back({key, std::move(key_place), std::move(value)});
  return entries.back().value;
}

std::string YamlNode::found() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "'" + text + "'";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return "";
}

}  // namespace milliwatt::base
