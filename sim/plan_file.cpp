// SPDX-License-Identifier: Apache-2.0
#include "sim/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/nearest.h"
#include "base/schema.h"
#include "base/utf8.h"
#include "dataflows/vector_task.h"

namespace milliwatt::sim {
namespace {

using base::Diagnostics;
using base::Place;
using base::Schema;
using base::YamlEntry;
using base::YamlNode;
using dataflows::ForcedPlan;
using dataflows::Runner;

constexpr const char* kOperators = "operators";
constexpr const char* kTensors = "tensors";
constexpr const char* kRunner = "runner";
constexpr const char* kMapping = "mapping";

struct Header {
  std::optional<std::string> network;
};

Schema<Header> header_schema() {
  Schema<Header> s{"plan",
                   "Who runs which operator, how, and where tensors live; docs/mapping.md."};
  s.text("network", &Header::network).doc("Name of the network; a plan of another one is refused.");
  s.elsewhere(kOperators, "A map from numbers or names of operators to what is forced of them.");
  s.elsewhere(kTensors, "A map from numbers or names of tensors to what is forced of them.");
  return s;
}

struct OperatorEntry {
  std::optional<std::string> name, kind;
  std::optional<Runner> runner;
};

Schema<OperatorEntry> operator_schema() {
  Schema<OperatorEntry> s{"operator", "What is forced of an operator, in a plan file."};
  s.text("name", &OperatorEntry::name).doc("Its name, which must be that of the network.");
  s.text("kind", &OperatorEntry::kind).doc("Its kind, which must be that of the network.");
  s.choice(kRunner, &OperatorEntry::runner,
           {{"accelerator", Runner::kEngine}, {"host", Runner::kHost}, {"alias", Runner::kAlias}})
      .doc("Who runs it; alias: nobody, its output shares its input's bytes.");
  s.elsewhere(kMapping, "A map of the mapping's parameters; what is absent is chosen.");
  return s;
}

enum class Home : std::uint8_t { kSram = MW_REGION_SRAM, kExternal = MW_REGION_EXTERNAL };

struct TensorEntry {
  std::optional<std::string> name;
  Home memory = Home::kSram;
  std::optional<std::uint32_t> offset;
};

Schema<TensorEntry> tensor_schema() {
  Schema<TensorEntry> s{"tensor", "What is forced of a tensor, in a plan file."};
  s.text("name", &TensorEntry::name).doc("Its name, which must be that of the network.");
  s.choice("memory", &TensorEntry::memory, {{"sram", Home::kSram}, {"external", Home::kExternal}})
      .doc("Where it lives.");
  s.bytes("offset", &TensorEntry::offset)
      .doc(
          "Where it begins in that memory, a multiple of 64 bytes; absent: the lowest free place.");
  return s;
}

/// The entries of the map under `key` of the file; none when it is absent or, which is reported, no
/// map.
std::vector<YamlEntry> entries_of(const YamlNode& root, const char* key, Diagnostics& faults) {
  const YamlNode* node = root.find(key);
  if (node == nullptr) {
    return {};
  }
  if (!node->is_map()) {
    faults.add(node->place, fmt::format("found {}; expected a map from numbers or names of {}",
                                        node->found(), key));
  }
  return node->entries;
}

/// Leaves out what no YAML file can hold.
void set_text(YamlNode& map, const char* key, const std::string& text) {
  if (!text.empty() && base::first_non_text(text) == text.size()) {
    map.set(key, YamlNode::scalar(text));
  }
}

YamlNode operator_node(const workloads::Operator& op, const dataflows::PlannedOperator& planned) {
  OperatorEntry entry;
  entry.runner = planned.runner;
  YamlNode node = YamlNode::map();
  set_text(node, "name", op.name);
  set_text(node, "kind", workloads::operator_name(op.kind));
  for (const YamlEntry& value : operator_schema().dump(entry).entries) {
    node.set(value.key, value.value);
  }
  const YamlNode parameters = planned.task ? planned.task->parameters() : YamlNode::map();
  if (!parameters.entries.empty()) {
    node.set(kMapping, parameters);
  }
  return node;
}

YamlNode tensor_node(const workloads::Tensor& tensor, const dataflows::PlannedTensor& planned) {
  TensorEntry entry;
  entry.memory = static_cast<Home>(planned.place.region);
  entry.offset = planned.place.offset;
  YamlNode node = YamlNode::map();
  set_text(node, "name", tensor.name);
  for (const YamlEntry& value : tensor_schema().dump(entry).entries) {
    node.set(value.key, value.value);
  }
  return node;
}

/// The parameters of a mapping have no default: the planner looks for the best.
ComponentDoc chosen_when_absent(ComponentDoc doc) {
  for (base::ParameterRow& row : doc.parameters) {
    row.def = "chosen";
  }
  return doc;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 9 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string plan_yaml(const workloads::Graph& graph, const dataflows::Plan& plan) {
  YamlNode root = YamlNode::map();
  set_text(root, "network", graph.name);
  YamlNode operators = YamlNode::map();
  for (std::size_t i = 0; i < plan.operators.size(); ++i) {
    operators.set(std::to_string(i), operator_node(graph.operators[i], plan.operators[i]));
  }
  root.set(kOperators, operators);
  YamlNode tensors = YamlNode::map();
  for (const std::size_t id : dataflows::tensors_with_homes(graph, plan)) {
    tensors.set(std::to_string(id), tensor_node(graph.tensors[id], plan.tensors[id]));
  }
  root.set(kTensors, tensors);
  return base::write_yaml(root);
}

PlanFile::PlanFile(const YamlNode& root, Diagnostics& faults) : place_{root.place} {
  Header header;
  header_schema().read(root, header, faults);
  network_ = header.network;
  if (const YamlNode* network = root.find("network")) {
    place_ = network->place;
  }
  for (const YamlEntry& entry : entries_of(root, kOperators, faults)) {
    read_operator(entry, faults);
  }
  for (const YamlEntry& entry : entries_of(root, kTensors, faults)) {
    read_tensor(entry, faults);
  }
}

PlanFile PlanFile::parse(const std::string& text, const std::string& name) {
  Diagnostics faults;
  const std::optional<YamlNode> root = base::parse_yaml_text(text, name, faults);
  PlanFile file{root.value_or(YamlNode::map()), faults};
  faults.throw_if_any();
  return file;
}

PlanFile PlanFile::load(const std::string& path) { return parse(base::read_file(path), path); }

void PlanFile::read_operator(const YamlEntry& entry, Diagnostics& faults) {
  OperatorEntry read;
  operator_schema().read(entry.value, read, faults);
  dataflows::ForcedOperator forced;
  forced.runner = read.runner;
  const YamlNode* runner = entry.value.find(kRunner);
  forced.place = runner != nullptr ? runner->place : entry.place;
  if (const YamlNode* mapping = entry.value.find(kMapping)) {
    if (!mapping->is_map()) {
      faults.add(mapping->place, fmt::format("found {}; expected a map", mapping->found()));
    }
    forced.mapping = *mapping;
  }
  operators_.push_back({{entry.key, entry.place, read.name, read.kind}, forced});
}

void PlanFile::read_tensor(const YamlEntry& entry, Diagnostics& faults) {
  TensorEntry read;
  tensor_schema().read(entry.value, read, faults);
  dataflows::ForcedTensor forced;
  forced.region = static_cast<std::uint32_t>(read.memory);
  forced.offset = read.offset;
  const YamlNode* offset = entry.value.find("offset");
  forced.place = offset != nullptr ? offset->place : entry.place;
  if (read.offset.value_or(0) % dataflows::kTensorAlignment != 0) {
    faults.add(forced.place, fmt::format("found {}; expected a multiple of {} bytes",
                                         offset->found(), dataflows::kTensorAlignment));
  }
  tensors_.push_back({{entry.key, entry.place, read.name, std::nullopt}, forced});
}

/// Finds subjects in the network by number or name, each once.
class PlanFile::Roll {
 public:
  Roll(const char* what, std::vector<std::string> names, std::vector<std::string> kinds = {})
      : what_{what}, names_{std::move(names)}, kinds_{std::move(kinds)} {}

  std::optional<std::size_t> find(const Subject& subject, Diagnostics& faults) {
    const std::size_t before = faults.messages().size();
    const std::optional<std::size_t> index = index_of(subject, faults);
    if (!index) {
      return std::nullopt;
    }
    check_same("called", subject.name, names_[*index], subject, faults);
    if (!kinds_.empty()) {
      check_same("a", subject.kind, kinds_[*index], subject, faults);
    }
    if (const auto [first, added] = taken_.emplace(*index, subject.key); !added) {
      faults.add(subject.place,
                 fmt::format("{} {} is given twice, first as '{}'", what_, *index, first->second));
    }
    return faults.messages().size() == before ? index : std::nullopt;
  }

 private:
  std::optional<std::size_t> index_of(const Subject& subject, Diagnostics& faults) const {
    if (is_number(subject.key)) {
      const std::size_t index = std::stoul(subject.key);
      if (index < names_.size()) {
        return index;
      }
      faults.add(subject.place,
                 names_.empty() ? fmt::format("the network has no {}s", what_)
                                : fmt::format("the network has no {0} {1}; its {0}s are 0 .. {2}",
                                              what_, subject.key, names_.size() - 1));
      return std::nullopt;
    }
    const auto first = std::find(names_.begin(), names_.end(), subject.key);
    if (first == names_.end()) {
      faults.add(subject.place,
                 fmt::format("the network has no {} '{}' (names and numbers are possible){}", what_,
                             subject.key, base::did_you_mean(subject.key, names_)));
      return std::nullopt;
    }
    const auto second = std::find(first + 1, names_.end(), subject.key);
    const auto index = static_cast<std::size_t>(first - names_.begin());
    if (second != names_.end()) {
      faults.add(subject.place, fmt::format("{0}s {1} and {2} are both called '{3}'; give a number",
                                            what_, index, second - names_.begin(), subject.key));
      return std::nullopt;
    }
    return index;
  }

  void check_same(const char* verb, const std::optional<std::string>& said,
                  const std::string& truth, const Subject& subject, Diagnostics& faults) const {
    if (said && *said != truth) {
      faults.add(subject.place, fmt::format("the {} is {} '{}' in the network, not '{}'", what_,
                                            verb, truth, *said));
    }
  }

  const char* what_;
  std::vector<std::string> names_, kinds_;
  std::map<std::size_t, std::string> taken_;
};

ForcedPlan PlanFile::forced(const workloads::Graph& graph) const {
  Diagnostics faults;
  if (network_ && *network_ != graph.name) {
    faults.add(place_, fmt::format("this is a plan of the network '{}', not of '{}'", *network_,
                                   graph.name));
    faults.throw_if_any();
  }
  std::vector<std::string> names, kinds, tensors;
  for (const workloads::Operator& op : graph.operators) {
    names.push_back(op.name);
    kinds.emplace_back(workloads::operator_name(op.kind));
  }
  for (const workloads::Tensor& tensor : graph.tensors) {
    tensors.push_back(tensor.name);
  }
  ForcedPlan plan;
  Roll of_operators{"operator", names, kinds};
  for (const auto& [subject, forced] : operators_) {
    if (const auto index = of_operators.find(subject, faults)) {
      plan.operators[*index] = forced;
    }
  }
  Roll of_tensors{"tensor", tensors};
  for (const auto& [subject, forced] : tensors_) {
    if (const auto index = of_tensors.find(subject, faults)) {
      plan.tensors[*index] = forced;
    }
  }
  faults.throw_if_any();
  return plan;
}

std::vector<ComponentDoc> plan_file_docs() {
  const auto doc = [](const char* name, const auto& schema) {
    return ComponentDoc{name, schema.doc(), schema.describe()};
  };
  std::vector<ComponentDoc> docs = {doc("plan", header_schema()),
                                    doc("plan.operators", operator_schema()),
                                    doc("plan.tensors", tensor_schema())};
  for (const MachineKind& kind : machine_kinds()) {
    docs.push_back(
        chosen_when_absent({kind.name + "_mapping", kind.mapping_doc, kind.describe_mapping()}));
  }
  docs.push_back(chosen_when_absent(doc("vector_mapping", dataflows::vector_parameter_schema())));
  return docs;
}

}  // namespace milliwatt::sim
