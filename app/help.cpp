// SPDX-License-Identifier: Apache-2.0
#include "app/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace milliwatt::app {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 26;

/// A name in the left column and its text in the right one, in the next line when the name is long.
std::string entry(const std::string& name, const std::string& doc) {
  if (name.size() > kIndent - 4) {
    return fmt::format("  {}\n{:{}}{}\n", name, "", kIndent, wrap(doc, kWidth - kIndent, kIndent));
  }
  return fmt::format("  {:<{}}  {}\n", name, kIndent - 4, wrap(doc, kWidth - kIndent, kIndent));
}

std::string option_name(const Option& option) {
  return "--" + option.name + (option.argument.empty() ? "" : " " + option.argument);
}

}  // namespace

std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
  std::istringstream words(text);
  std::string wrapped;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
    if (column > 0 && column + 1 + word.size() > width) {
      wrapped += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      wrapped += " ";
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped;
}

std::string program_help(const std::vector<Command>& commands) {
  std::string text =
      "milliwatt " MILLIWATT_VERSION
      ", a cycle-level simulator for tinyML accelerators\n\nusage: milliwatt COMMAND ...\n\n";
  for (const Command& command : commands) {
    text += entry(command.name + " " + command.positionals, command.summary);
  }
  text += "\n" + entry("COMMAND --help", "Options and examples of a command.");
  text += entry("--version", "The version of milliwatt.");
  text += "\nexit code: 0 good, 1 mismatch or failed simulation, 2 bad input\n";
  return text;
}

std::string command_help(const Command& command) {
  const bool options = !command.line.options().empty();
  std::string text = fmt::format("usage: milliwatt {}{}{}\n\n{}\n", command.name,
                                 command.positionals.empty() ? "" : " " + command.positionals,
                                 options ? " [OPTION]..." : "", wrap(command.summary, kWidth, 0));
  if (!command.details.empty()) {
    text += "\n" + command.details;
  }
  if (options) {
    text += "\noptions:\n";
  }
  for (const Option& option : command.line.options()) {
    text += entry(option_name(option), option.doc);
  }
  return text;
}

}  // namespace milliwatt::app
