// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <limits>
#include <optional>
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

/// The option that was probably meant: the first that begins like `name`, or the nearest.
std::optional<std::string> meant(const std::string& name, const std::vector<Option>& options) {
  std::vector<std::string> known;
  for (const Option& option : options) {
    if (!name.empty() && option.name.rfind(name, 0) == 0) {
      return option.name;
    }
    known.push_back(option.name);
  }
  return base::nearest_name(name, known);
}

std::string unknown_option(const std::string& word, const std::vector<Option>& options) {
  const std::string dashed = word.substr(0, word.find('='));
  const std::string name = dashed.substr(std::min(dashed.find_first_not_of('-'), dashed.size()));
  const std::optional<std::string> nearest = meant(name, options);
  std::vector<std::string> allowed;
  allowed.reserve(options.size());
  for (const Option& option : options) {
    allowed.push_back("--" + option.name);
  }
  return fmt::format("unknown option '{}'{} Allowed: {}", dashed,
                     nearest ? fmt::format("; did you mean '--{}'?", *nearest) : ".",
                     allowed.empty() ? "--help" : fmt::format("{}", fmt::join(allowed, ", ")));
}

/// `--input --quiet`: the value of the first is more likely forgotten than meant to be the second.
/// `--input=--quiet` says so clearly.
bool swallowed_option(const po::option& token) {
  return token.original_tokens.size() == 2 && token.original_tokens[1].rfind("--", 0) == 0;
}

/// The faults of an option's value.
void check_value(const po::option& token, base::Diagnostics& faults) {
  if (swallowed_option(token)) {
    faults.add(fmt::format("option '--{}' needs a value, found '{}'", token.string_key,
                           token.original_tokens[1]));
  } else if (!token.value.empty() && token.value[0].empty()) {
    faults.add(fmt::format("option '--{}' has an empty value", token.string_key));
  }
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
      check_value(token, faults);
      arguments.values_[token.string_key].push_back(token.value.empty() ? "" : token.value[0]);
    }
  }
  if (end != words.end()) {
    arguments.positionals_.insert(arguments.positionals_.end(), end + 1, words.end());
  }
  check_repetition(arguments, faults);
  faults.throw_if_any();  // an unknown option may have left its value among the positionals
  check_positionals(arguments, faults);
  faults.throw_if_any();
  return arguments;
}

void CommandLine::check_repetition(const Arguments& arguments, base::Diagnostics& faults) const {
  for (const Option& option : options_) {
    if (!option.repeatable && arguments.values(option.name).size() > 1) {
      faults.add(fmt::format("option '--{}' is given more than once", option.name));
    }
  }
}

void CommandLine::check_positionals(const Arguments& arguments, base::Diagnostics& faults) const {
  const int count = static_cast<int>(arguments.positionals_.size());
  for (int i = count; i < least_; ++i) {
    faults.add(fmt::format("{} is missing", positional_names_.at(static_cast<std::size_t>(i))));
  }
  for (int i = most_; most_ >= 0 && i < count; ++i) {
    faults.add(fmt::format("unexpected argument '{}'",
                           arguments.positionals_[static_cast<std::size_t>(i)]));
  }
}

std::uint32_t parse_count(const std::string& option, const std::string& text) {
  const base::Parsed<std::int64_t> parsed = base::parse_integer(text, base::Unit::kCount);
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (!parsed.ok() || parsed.value < 0 || parsed.value > kMost) {
    throw base::UserError(fmt::format(
        "option '--{}': found '{}'; allowed: whole numbers from 0 to {}", option, text, kMost));
  }
  return static_cast<std::uint32_t>(parsed.value);
}

}  // namespace milliwatt::app
