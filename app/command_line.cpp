// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <limits>
#include <utility>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/units.h"

namespace milliwatt::app {
namespace {

namespace po = boost::program_options;

/// Long options only: Boost's guessing would take `--o` for `--out`, and its short options `-1`
/// for an option where a number is meant.
constexpr int kStyle = po::command_line_style::allow_long |
                       po::command_line_style::long_allow_adjacent |
                       po::command_line_style::long_allow_next;

po::options_description describe(const std::vector<Option>& options) {
  po::options_description description;
  for (const Option& option : options) {
    if (option.argument.empty()) {
      description.add_options()(option.name.c_str(), "");
    } else {
      description.add_options()(option.name.c_str(), po::value<std::string>(), "");
    }
  }
  return description;
}

std::vector<po::option> split(const std::vector<Option>& options,
                              const std::vector<std::string>& words) {
  try {
    return po::command_line_parser(words)
        .options(describe(options))
        .style(kStyle)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::error& error) {
    throw base::UserError(error.what());
  }
}

std::string unknown_option(const std::string& word, const std::vector<Option>& options) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const Option& option : options) {
    known.push_back("--" + option.name);
  }
  return fmt::format("unknown option '{}'{}", name, base::suggestion(name, known));
}

/// A word that only looks like an option because Boost knows no short ones.
bool looks_like_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

}  // namespace

std::string Arguments::value(const std::string& option, const std::string& otherwise) const {
  const auto found = values_.find(option);
  return found == values_.end() ? otherwise : found->second.back();
}

std::vector<std::string> Arguments::values(const std::string& option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

CommandLine::CommandLine(std::vector<Option> options, std::vector<std::string> positional_names,
                         int least, int most)
    : options_(std::move(options)),
      positional_names_(std::move(positional_names)),
      least_(least),
      most_(most) {}

Arguments CommandLine::parse(const std::vector<std::string>& words) const {
  const auto end = std::find(words.begin(), words.end(), "--");
  Arguments arguments;
  base::Diagnostics faults;
  for (const po::option& token : split(options_, {words.begin(), end})) {
    if (token.unregistered || (token.string_key.empty() && looks_like_option(token.value.at(0)))) {
      faults.add(unknown_option(token.original_tokens.at(0), options_));
    } else if (token.string_key.empty()) {
      arguments.positionals_.push_back(token.value.at(0));
    } else {
      std::vector<std::string>& values = arguments.values_[token.string_key];
      values.push_back(token.value.empty() ? "" : token.value.at(0));
      if (!token.value.empty() && token.value.at(0).empty()) {
        faults.add(fmt::format("option '--{}' has an empty value", token.string_key));
      }
    }
  }
  if (end != words.end()) {
    arguments.positionals_.insert(arguments.positionals_.end(), end + 1, words.end());
  }
  for (const Option& option : options_) {
    if (!option.repeatable && arguments.values(option.name).size() > 1) {
      faults.add(fmt::format("option '--{}' is given more than once", option.name));
    }
  }
  faults.throw_if_any();  // an unknown option may have swallowed or left a positional
  const int count = static_cast<int>(arguments.positionals_.size());
  for (int i = count; i < least_; ++i) {
    faults.add(fmt::format("{} is missing", positional_names_.at(static_cast<std::size_t>(i))));
  }
  for (int i = most_; most_ >= 0 && i < count; ++i) {
    faults.add(fmt::format("unexpected argument '{}'",
                           arguments.positionals_[static_cast<std::size_t>(i)]));
  }
  faults.throw_if_any();
  return arguments;
}

std::uint32_t parse_count(const std::string& option, const std::string& text) {
  const base::Parsed<std::int64_t> parsed = base::parse_integer(text, base::Unit::kCount);
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (!parsed.ok() || parsed.value < 0 || parsed.value > kMost) {
    throw base::UserError(
        fmt::format("option '--{}': '{}' is not a whole number from 0 to {}", option, text, kMost));
  }
  return static_cast<std::uint32_t>(parsed.value);
}

}  // namespace milliwatt::app
