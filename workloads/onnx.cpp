// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "base/diagnostics.h"
#include "base/error.h"
#include "workloads/check.h"
#include "workloads/onnx_operators.h"

namespace milliwatt::workloads {

namespace {

using onnx::Interface;
using onnx::Model;
using onnx::Node;

/// Turns one model into a graph, node by node. A node with a fault is reported; those that need its
/// result are not.
class Importer {
 public:
  Importer(const Model& model, const std::string& name)
      : model_{model},
        name_{name},
        values_{model, builder_},
        context_{builder_, values_, model.opset} {}

  Graph run() {
    refuse_unsupported();
    for (const Interface& input : model_.inputs) {
      attempt(fmt::format("the input '{}'", input.name), [&] { add_input(input); });
    }
    for (const Node& node : model_.nodes) {
      fold(node);
    }
    for (const Node& node : model_.nodes) {
      read(node);
    }
    finish();
    faults_.throw_if_any();
    Graph& graph = builder_.graph();
    graph.name = name_;
    check_graph(graph);
    graph.name = std::filesystem::path(name_).stem().string();
    return std::move(graph);
  }

 private:
  /// Runs `action`; what it refuses becomes a fault of `subject`.
  template <typename Action>
  bool attempt(const std::string& subject, Action action) {
    try {
      action();
      return true;
    } catch (const base::UserError& error) {
      for (const std::string& message : error.messages()) {
        faults_.add(fmt::format("{}: {}: {}", name_, subject, message));
      }
      return false;
    }
  }

  void refuse_unsupported() {
    std::map<std::string, int> unsupported;
    for (const Node& node : model_.nodes) {
      if (onnx::reader_of(node.kind) == nullptr) {
        ++unsupported[node.kind];
      }
    }
    std::string list;
    for (const auto& [kind, count] : unsupported) {
      list += fmt::format("{}{} x {}", list.empty() ? "" : ", ", count, kind);
    }
    if (!list.empty()) {
      throw base::UserError(fmt::format("{}: unsupported operators: {}", name_, list));
    }
  }

  void add_input(const Interface& input) {
    values_.add_input(input);
    Graph& graph = builder_.graph();
    const auto& shape = graph.tensors.back().shape;
    if (graph.inputs.size() == 1 && !shape.empty()) {
      graph.batch = shape.front();
    }
    if (!input.shape.empty() && input.shape.front() == Interface::kUnknown) {
      graph.notes.push_back(fmt::format(
          "{}: the input '{}' leaves its first extent open; taken as 1", name_, input.name));
    }
  }

  void fold(const Node& node) {
    if (!attempt(node.label(), [&] { values_.fold(node); })) {
      values_.set_done(node);
      set_broken(node);
    }
  }

  void set_broken(const Node& node) {
    broken_.insert(node.outputs.begin(), node.outputs.end());
    broken_.erase("");
  }

  /// Passes over nodes that were dealt with, and those behind a fault.
  void read(const Node& node) {
    if (values_.is_done(node)) {
      return;
    }
    const bool broken = is_broken(node);
    if (broken || !attempt(node.label(), [&] { onnx::reader_of(node.kind)(context_, node); })) {
      set_broken(node);
    }
  }

  bool is_broken(const Node& node) const {
    for (const std::string& input : node.inputs) {
      if (broken_.count(input) > 0) {
        return true;
      }
    }
    return false;
  }

  void finish() {
    if (!faults_.empty()) {
      return;
    }
    attempt("the network", [&] { values_.check_inputs(); });
    for (const Interface& output : model_.outputs) {
      attempt("the network", [&] {
        const onnx::View view = values_.output(output.name);
        builder_.graph().outputs.push_back(
            builder_.in_order(view, values_.edge_order(output.name, view.shape.size())));
      });
    }
  }

  const Model& model_;
  const std::string& name_;
  onnx::GraphBuilder builder_;
  onnx::Values values_;
  onnx::Context context_;
  std::set<std::string> broken_;
  base::Diagnostics faults_;
};

}  // namespace

Graph read_onnx(std::string_view bytes, const std::string& name) {
  const Model model = onnx::parse_model(bytes, name);
  return Importer(model, name).run();
}

}  // namespace milliwatt::workloads
