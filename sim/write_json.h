// SPDX-License-Identifier: Apache-2.0
// The result of a run as one JSON document: everything, for programs. docs/results.md documents
// every field.
#pragma once

#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// Name and version of the format. The version rises when a field changes its name or meaning;
/// fields may be added without.
constexpr const char* kResultsSchema = "milliwatt-results";
constexpr int kResultsVersion = 1;

/// Indented, with a trailing newline. Equal results give equal bytes.
std::string results_json(const RunResult& result);

}  // namespace milliwatt::sim
