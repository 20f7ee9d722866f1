// SPDX-License-Identifier: Apache-2.0
#include "sim/evaluate.h"

#include <fmt/format.h>

#include "base/error.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "workloads/reference.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;

/// The inferences of one data set, one after the other.
class Evaluation {
 public:
  Evaluation(const Prepared& prepared, const workloads::Dataset& set, shell::Detail detail,
             bool check)
      : prepared_{prepared}, set_{set}, clock_{prepared.platform.system_clock()}, check_{check} {
    options_.detail = detail;
    result_.checked = check;
    result_.classes = set.classes;
  }

  DatasetResult run() {
    for (std::size_t i = 0; i < set_.images.size(); ++i) {
      try {
        add(i);
      } catch (const base::SimulationError& error) {
        throw base::SimulationError(fmt::format("image {}: {}", i, error.what()));
      }
    }
    return std::move(result_);
  }

 private:
  std::int32_t class_of(const workloads::TensorValues& values) const {
    const workloads::TensorId output = prepared_.graph.outputs.front();
    return workloads::predicted_class(prepared_.graph.tensor(output),
                                      values.at(static_cast<std::size_t>(output)));
  }

  void add(std::size_t index) {
    const std::vector<Bytes> inputs = {set_.images[index]};
    const Simulated done = simulate(prepared_.platform, prepared_.graph, prepared_.plan,
                                    prepared_.program, inputs, options_);
    ImageResult image;
    image.label = set_.labels[index];
    image.predicted = class_of(done.tensors);
    image.cycles = clock_.cycle_at_or_after(done.measurement.end) -
                   clock_.cycle_at_or_after(done.measurement.begin);
    if (check_) {
      const workloads::TensorValues reference = workloads::run_reference(prepared_.graph, inputs);
      result_.bytes += check_tensors(prepared_.graph, done.tensors, reference).bytes;
      image.reference = class_of(reference);
    }
    result_.images.push_back(image);
  }

  const Prepared& prepared_;
  const workloads::Dataset& set_;
  base::Clock clock_;
  SimulationOptions options_;
  bool check_;
  DatasetResult result_;
};

}  // namespace

DatasetResult evaluate(const Prepared& prepared, const workloads::Dataset& set,
                       shell::Detail detail, bool check) {
  return Evaluation{prepared, set, detail, check}.run();
}

}  // namespace milliwatt::sim
