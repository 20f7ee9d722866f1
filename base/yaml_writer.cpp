// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/yaml.h"

namespace milliwatt::base {
namespace {

std::string quote(const std::string& text) {
  std::string all = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      all += '\\';
      all += letter;
    } else if (byte < 0x20 || byte == 0x7F) {
      all += fmt::format("\\x{:02x}", byte);
    } else {
      all += letter;
    }
  }
  return all + "\"";
}

/// Whether `text` may stand without quotes: no character with a meaning in YAML, no word for null.
bool is_plain(const std::string& text) {
  constexpr const char* kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-% ";
  const bool known = text.find_first_not_of(kSafe) == std::string::npos;
  const bool word = text != "null" && text != "Null" && text != "NULL";
  if (text.empty() || !known || !word || text.front() == ' ' || text.back() == ' ') {
    return false;
  }
  return text.find_first_of("-%.") != 0 ||
         (text.size() > 1 && text[0] == '-' && text[1] != '-' && text[1] != ' ');
}

std::string inline_text(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return node.quoted || !is_plain(node.text) ? quote(node.text) : node.text;
    case YamlNode::Kind::kSequence:
      return "[]";
    case YamlNode::Kind::kMap:
      return "{}";
    default:
      return "~";
  }
}

bool is_block(const YamlNode& node) { return !node.entries.empty() || !node.items.empty(); }

void write_block(const YamlNode& node, int depth, std::string& out) {
  const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
  const auto write_value = [&](const std::string& head, const YamlNode& value) {
    if (is_block(value)) {
      out += indent + head + "\n";
      write_block(value, depth + 1, out);
    } else {
      out += indent + head + " " + inline_text(value) + "\n";
    }
  };
  for (const YamlEntry& entry : node.entries) {
    write_value((is_plain(entry.key) ? entry.key : quote(entry.key)) + ":", entry.value);
  }
  for (const YamlNode& item : node.items) {
    write_value("-", item);
  }
}

void write_flow(const YamlNode& node, std::string& out) {
  if (!is_block(node)) {
    out += inline_text(node);
    return;
  }
  out += node.is_map() ? '{' : '[';
  const char* separator = "";
  for (const YamlEntry& entry : node.entries) {
    out += separator + (is_plain(entry.key) ? entry.key : quote(entry.key)) + ": ";
    write_flow(entry.value, out);
    separator = ", ";
  }
  for (const YamlNode& item : node.items) {
    out += separator;
    write_flow(item, out);
    separator = ", ";
  }
  out += node.is_map() ? '}' : ']';
}

}  // namespace

std::string write_yaml_line(const YamlNode& node) {
  std::string out;
  write_flow(node, out);
  return out;
}

std::string write_yaml(const YamlNode& node) {
  std::string out;
  if (is_block(node)) {
    write_block(node, 0, out);
  } else {
    out = inline_text(node) + "\n";
  }
  return out;
}

}  // namespace milliwatt::base
