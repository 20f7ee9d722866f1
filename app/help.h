// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace milliwatt::app {

std::string program_help(const std::vector<Command>& commands);
std::string command_help(const Command& command);

/// `text` in lines of at most `width` columns, every line but the first indented.
std::string wrap(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace milliwatt::app
