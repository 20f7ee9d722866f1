// SPDX-License-Identifier: Apache-2.0
#include "sim/write_files.h"

#include "sim/write_csv.h"
#include "sim/write_dataset.h"
#include "sim/write_json.h"
#include "sim/write_sequence.h"
#include "sim/write_table.h"

namespace milliwatt::sim {

Files result_files(const RunResult& result) {
  Files files = {{"results.json", results_json(result)},
                 {"layers.csv", layers_csv(result)},
                 {"summary.csv", summary_csv(result)},
                 {"energy.csv", energy_csv(result)},
                 {"table.txt", format_table(result)},
                 {"plan.txt", result.plan},
                 {"platform.yaml", result.effective_configuration}};
  if (!result.plan_file.empty()) {  // a result that was read does not have it
    files["plan.yaml"] = result.plan_file;
  }
  if (result.dataset) {
    files["classes.csv"] = classes_csv(*result.dataset);
    files["predictions.csv"] = predictions_csv(*result.dataset);
  }
  if (result.sequence) {
    files["sequence.csv"] = sequence_csv(*result.sequence, result.system_clock_hz);
  }
  for (auto& [name, bytes] : output_files(result)) {
    files["outputs/" + name] = std::move(bytes);
  }
  return files;
}

}  // namespace milliwatt::sim
