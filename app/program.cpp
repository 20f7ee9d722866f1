// SPDX-License-Identifier: Apache-2.0
#include "app/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "app/command.h"
#include "app/help.h"
#include "base/error.h"
#include "base/nearest.h"

namespace milliwatt::app {
namespace {

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h"; }

const Command& find_command(const std::vector<Command>& all, const std::string& name) {
  const bool option = name.rfind('-', 0) == 0;
  std::vector<std::string> names;
  if (option) {
    names = {"--help", "--version"};
  }
  for (const Command& command : all) {
    if (command.name == name) {
      return command;
    }
    names.push_back(command.name);
  }
  const char* what = option ? "option" : "command";
  throw base::UserError(
      fmt::format("unknown {} '{}'{}", what, name, base::suggestion(name, names)));
}

int dispatch(const std::vector<std::string>& words) {
  const std::vector<Command> all = commands();
  if (words.empty()) {
    std::cerr << program_help(all);
    return kBadInput;
  }
  if (asks_for_help(words[0])) {
    std::cout << program_help(all);
    return kGood;
  }
  if (words == std::vector<std::string>{"--version"}) {
    std::cout << "milliwatt " MILLIWATT_VERSION "\n";
    return kGood;
  }
  const Command& command = find_command(all, words[0]);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (std::any_of(rest.begin(), rest.end(), asks_for_help)) {
    std::cout << command_help(command);
    return kGood;
  }
  return command.run(command.line.parse(rest));
}

int report(const std::string& message, int code) {
  std::cerr << "milliwatt: error: " << message << "\n";
  return code;
}

int report_all(const base::UserError& error) {
  for (const std::string& message : error.messages()) {
    report(message, kBadInput);
  }
  return kBadInput;
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
  try {
    const int code = dispatch(words);
    std::cout.flush();
    return std::cout ? code : report("the standard output cannot be written", kFailed);
  } catch (const base::UserError& error) {
    return report_all(error);
  } catch (const base::InternalError& error) {
    return report(fmt::format("a bug in milliwatt, please report it: {}", error.what()), kFailed);
  } catch (const std::bad_alloc&) {
    return report("out of memory", kFailed);
  } catch (const std::exception& error) {
    return report(error.what(), kFailed);
  }
}

}  // namespace milliwatt::app
