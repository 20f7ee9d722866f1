// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.h"

namespace milliwatt::app {

void print_warnings(const std::vector<std::string>& messages) {
  for (const std::string& message : messages) {
    std::cerr << "milliwatt: warning: " << message << "\n";
  }
}

std::vector<Command> commands() {
  return {run_command(),     sweep_command(), compare_command(),  diff_command(), reprice_command(),
          network_command(), check_command(), describe_command(), list_command()};
}

}  // namespace milliwatt::app
