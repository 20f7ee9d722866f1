// SPDX-License-Identifier: Apache-2.0
// One network on several platforms, side by side.
#pragma once

#include <string>
#include <vector>

#include "sim/results.h"

namespace milliwatt::sim {

/// A run with the platform file that it came from.
struct ComparedRun {
  std::string platform_file;
  RunResult result;
};

/// A column per run, a row per quantity; three significant digits.
std::string compare_text(const std::vector<ComparedRun>& runs);

/// A row per run: its file, then the columns of summary_csv, all digits. Components that only some
/// platforms have leave cells of the others empty.
std::string compare_csv(const std::vector<ComparedRun>& runs);

}  // namespace milliwatt::sim
