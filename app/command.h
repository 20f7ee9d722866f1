// SPDX-License-Identifier: Apache-2.0
// What a command of milliwatt is. Each has a file of its own; commands.cpp lists them.
#pragma once

#include <string>
#include <vector>

#include "app/command_line.h"

namespace milliwatt::app {

/// Exit codes of the program.
constexpr int kGood = 0;
constexpr int kFailed = 1;    ///< a mismatch or a failed simulation
constexpr int kBadInput = 2;  ///< an option, a file, a network that cannot run

struct Command {
  std::string name;
  std::string positionals;  ///< as in the usage line
  std::string summary;      ///< one sentence
  std::string details;      ///< paragraphs of the help, examples last
  CommandLine line;
  /// Writes results to stdout and chatter to stderr; throws the errors of base/error.h.
  int (*run)(const Arguments& arguments);
};

Command run_command();
Command sweep_command();
Command compare_command();
Command diff_command();
Command reprice_command();
Command network_command();
Command check_command();
Command describe_command();
Command list_command();

/// Prints what a user should know of an input that is used all the same, to stderr.
void print_warnings(const std::vector<std::string>& messages);

/// All commands in the order of the help.
std::vector<Command> commands();

}  // namespace milliwatt::app
