// SPDX-License-Identifier: Apache-2.0
// The command line of one command, declared as data and parsed strictly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.h"

namespace milliwatt::app {

struct Option {
  std::string name;      ///< without the dashes
  std::string argument;  ///< what it takes, e.g. "FILE"; empty for a switch
  std::string doc;
  bool repeatable = false;
};

/// What a user gave to a command.
class Arguments {
 public:
  const std::vector<std::string>& positionals() const { return positionals_; }
  bool has(const std::string& option) const { return values_.count(option) > 0; }
  /// The value of an option, or `otherwise` when it was not given.
  std::string value(const std::string& option, const std::string& otherwise = "") const;
  /// Every value of a repeatable option, in the order given.
  std::vector<std::string> values(const std::string& option) const;

 private:
  friend class CommandLine;

  std::vector<std::string> positionals_;
  std::map<std::string, std::vector<std::string>> values_;
};

/// Reads `--name value`, `--name=value`, switches and positionals in any order; `--` ends the
/// options. Names are never completed or guessed, options that are not repeatable come once, and
/// every fault is reported at once.
class CommandLine {
 public:
  /// `least` and `most` positionals; `most` -1: any number.
  CommandLine(std::vector<Option> options, std::vector<std::string> positional_names, int least,
              int most);

  /// Throws UserError.
  Arguments parse(const std::vector<std::string>& words) const;

  const std::vector<Option>& options() const { return options_; }

 private:
  void check_repetition(const Arguments& arguments, base::Diagnostics& faults) const;
  void check_positionals(const Arguments& arguments, base::Diagnostics& faults) const;

  std::vector<Option> options_;
  std::vector<std::string> positional_names_;
  int least_;
  int most_;
};

/// A whole number of 32 bits. Throws UserError that names the option.
std::uint32_t parse_count(const std::string& option, const std::string& text);

}  // namespace milliwatt::app
