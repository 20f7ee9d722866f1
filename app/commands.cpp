// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"

namespace milliwatt::app {

std::vector<Command> commands() {
  return {run_command(),     sweep_command(), compare_command(),  diff_command(), reprice_command(),
          network_command(), check_command(), describe_command(), list_command()};
}

}  // namespace milliwatt::app
