// SPDX-License-Identifier: Apache-2.0
#include "app/export_trace.h"

#include <filesystem>

#include "app/write_file.h"
#include "base/error.h"
#include "workloads/layer_export.h"

namespace milliwatt::app {

namespace {

void make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed || !std::filesystem::is_directory(folder)) {
    throw base::UserError(folder.string() + ": cannot be made a folder");
  }
}

}  // namespace

std::string write_trace(const workloads::Graph& graph, const std::string& folder) {
  const workloads::ExportedTrace trace = workloads::export_layer_trace(graph);
  const std::filesystem::path root(folder);
  make_folder(root);
  for (const workloads::ExportedTrace::File& file : trace.files) {
    const std::filesystem::path path = root / file.path;
    make_folder(path.parent_path());
    write_file(path.string(), file.bytes);
  }
  const std::string path = (root / (trace.name + ".yaml")).string();
  write_file(path, trace.yaml);
  return path;
}

}  // namespace milliwatt::app
