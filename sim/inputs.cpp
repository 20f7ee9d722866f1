// SPDX-License-Identifier: Apache-2.0
#include "sim/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "workloads/load.h"
#include "workloads/seeded.h"

namespace milliwatt::sim {
namespace {

using workloads::Bytes;
using workloads::Graph;

/// "'a' (int8 [1, 4]), 'b' (float32 [1])": what the network wants.
std::string wanted(const Graph& graph) {
  std::vector<std::string> inputs;
  for (const workloads::TensorId id : graph.inputs) {
    const workloads::Tensor& tensor = graph.tensor(id);
    inputs.push_back(fmt::format("'{}' ({} [{}])", tensor.name,
                                 workloads::element_name(tensor.type),
                                 fmt::join(tensor.shape, ", ")));
  }
  return fmt::format("{}", fmt::join(inputs, ", "));
}

/// The input that "NAME=FILE" names; none for a plain file, whose path may hold a '=' as well.
std::optional<std::size_t> named_input(const Graph& graph, const std::string& text) {
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (text.rfind(graph.tensor(graph.inputs[i]).name + "=", 0) == 0) {
      return i;
    }
  }
  return std::nullopt;
}

/// A path for each input of the network: those with a name, then the others in order.
std::vector<std::string> paths_of(const Graph& graph, const std::vector<std::string>& files) {
  if (files.size() != graph.inputs.size()) {
    throw base::UserError(fmt::format(
        "option '--input': the network has {} inputs, {} files given; give one for each, in this "
        "order or as NAME=FILE: {}",
        graph.inputs.size(), files.size(), wanted(graph)));
  }
  std::vector<std::optional<std::string>> paths(graph.inputs.size());
  std::vector<std::string> plain;
  for (const std::string& file : files) {
    const std::optional<std::size_t> at = named_input(graph, file);
    if (!at) {
      plain.push_back(file);
      continue;
    }
    const std::string& name = graph.tensor(graph.inputs[*at]).name;
    if (paths[*at]) {
      throw base::UserError(fmt::format("option '--input': '{}' is given twice", name));
    }
    paths[*at] = file.substr(name.size() + 1);
  }
  std::vector<std::string> all;
  auto next = plain.begin();
  for (const std::optional<std::string>& path : paths) {
    all.push_back(path ? *path : *next++);
  }
  return all;
}

/// How many invocations files of these lengths make. A file of one serves any number.
std::size_t common_length(const std::vector<std::string>& paths,
                          const std::vector<std::vector<Bytes>>& files,
                          const std::optional<std::uint32_t>& asked) {
  std::size_t length = asked.value_or(1);
  std::string who = fmt::format("option '--invocations' asks for {}", length);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool open = !asked && length == 1;
    if (files[i].size() > 1 && !open && files[i].size() != length) {
      throw base::UserError(fmt::format(
          "{}: holds the input of {} invocations, but {}; a file holds one input, which serves "
          "all of them, or one for each",
          paths[i], files[i].size(), who));
    }
    if (files[i].size() > 1 && open) {
      length = files[i].size();
      who = fmt::format("{} that of {}", paths[i], length);
    }
  }
  return length;
}

Inputs from_files(const Graph& graph, const InputRequest& request) {
  const std::vector<std::string> paths = paths_of(graph, request.files);
  std::vector<std::vector<Bytes>> files;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    files.push_back(workloads::load_inputs(paths[i], graph.tensor(graph.inputs[i])));
  }
  Inputs inputs;
  inputs.invocations.resize(common_length(paths, files, request.invocations));
  for (std::size_t i = 0; i < inputs.invocations.size(); ++i) {
    for (const std::vector<Bytes>& file : files) {
      inputs.invocations[i].push_back(file[file.size() == 1 ? 0 : i]);
    }
  }
  inputs.origin = fmt::format("{} given", files.size() == 1 ? "file" : "files");
  return inputs;
}

}  // namespace

void check_invocations(std::uint32_t invocations) {
  constexpr std::uint32_t kMost = 65536;
  if (invocations < 1 || invocations > kMost) {
    throw base::UserError(
        fmt::format("option '--invocations': {}; allowed: 1 to {}", invocations, kMost));
  }
}

Inputs load_inputs(const Graph& graph, const InputRequest& request) {
  if (request.invocations) {
    check_invocations(*request.invocations);
  }
  if (!request.files.empty()) {
    return from_files(graph, request);
  }
  return {workloads::seeded_inputs(graph, request.seed, request.invocations.value_or(1)),
          fmt::format("seed {}, one stream", request.seed)};
}

}  // namespace milliwatt::sim
