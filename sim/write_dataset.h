// SPDX-License-Identifier: Apache-2.0
// The result of a run over a labelled data set as text.
#pragma once

#include <string>

#include "sim/dataset_result.h"

namespace milliwatt::sim {

/// Three lines of totals, and a table with one line per class, for a terminal.
std::string dataset_table(const DatasetResult& set);

/// Columns class, images, correct, top1; one row per class.
std::string classes_csv(const DatasetResult& set);

/// Columns image, label, predicted, correct, cycles; one row per image.
std::string predictions_csv(const DatasetResult& set);

}  // namespace milliwatt::sim
