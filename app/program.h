// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace milliwatt::app {

/// The milliwatt command: `words` are the arguments without the program's name. Never throws;
/// returns the exit code.
int run_program(const std::vector<std::string>& words);

}  // namespace milliwatt::app
