// SPDX-License-Identifier: Apache-2.0
#include "app/run_output.h"

#include "base/error.h"
#include "sim/write_files.h"
#include "sim/write_json.h"

namespace milliwatt::app {
namespace {

void add_all(base::OutputDirectory& folder, const std::string& prefix, sim::Files&& files) {
  for (auto& [name, bytes] : files) {
    folder.add(prefix + name, std::move(bytes));
  }
}

}  // namespace

RunOutput::RunOutput(const std::string& out, const std::string& tensors) {
  if (!out.empty()) {
    out_.emplace(out);
  }
  if (tensors.empty()) {
    return;
  }
  if (out_) {
    tensors_inside_ = out_->name_inside(tensors).value_or("");
  }
  if (tensors_inside_.empty()) {
    tensors_.emplace(tensors);
  }
  const bool same_or_around = tensors_ && out_ && tensors_->name_inside(out + "/results.json");
  if (same_or_around) {
    throw base::UserError("option '--tensors': '" + tensors +
                          "' is or holds the folder of --out; choose one below it or beside it");
  }
}

void RunOutput::write(const sim::RunResult& result) {
  if (out_) {
    add_all(*out_, "", sim::result_files(result));
    if (!tensors_inside_.empty()) {
      add_all(*out_, tensors_inside_ + "/", sim::tensor_files(result));
    }
    out_->commit();
  }
  if (tensors_) {
    add_all(*tensors_, "", sim::tensor_files(result));
    tensors_->add("results.json", sim::results_json(result));
    tensors_->commit();
  }
}

}  // namespace milliwatt::app
