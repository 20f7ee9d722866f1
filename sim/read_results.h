// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "energy/pricing.h"
#include "sim/results.h"

namespace milliwatt::sim {

/// A run as results.json tells it.
struct StoredRun {
  /// Everything but prices and values: the energy report and the areas are empty, tensors have
  /// their size and digest, but zeros as bytes.
  RunResult result;
  /// How long each layer ran.
  std::vector<energy::LayerTime> layer_times;
  /// Whether the energy is that of these counts: an estimate that is an interval has an upper end
  /// of which only the sum is stored.
  bool exact = true;
};

/// Reads a text of results.json; `name` stands for the file in messages. Throws UserError for a
/// text that is no such result.
StoredRun read_results(const std::string& text, const std::string& name);

}  // namespace milliwatt::sim
