// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/help.h"
#include "base/error.h"
#include "base/nearest.h"
#include "sim/plan_file.h"
#include "sim/platform.h"
#include "workloads/derived_network.h"

namespace milliwatt::app {
namespace {

constexpr std::size_t kWidth = 100;

/// What a user may call a part: "systolic" for "accelerator (systolic)", "sram" for "memory.sram".
std::string short_name(const std::string& name) {
  const std::size_t open = name.find(" (");
  return open == std::string::npos ? name.substr(name.rfind('.') + 1)
                                   : name.substr(open + 2, name.size() - open - 3);
}

std::string list_components(const std::string& title, const std::vector<sim::ComponentDoc>& docs) {
  std::string text = title + "\n\n";
  for (const sim::ComponentDoc& doc : docs) {
    text += fmt::format("  {:<24}{}\n", doc.name, wrap(doc.doc, kWidth - 26, 26));
  }
  return text;
}

/// "source: ... (assumed, 4 .. 64)" of a constant; empty for a plain parameter.
std::string origin(const base::ParameterRow& row) {
  std::string text = row.source.empty() ? "" : "source: " + row.source;
  if (!row.confidence.empty()) {
    text += (text.empty() ? "" : "; ") + row.confidence;
  }
  return text;
}

std::string describe_parameter(const base::ParameterRow& row) {
  const auto field = [](const char* name, const std::string& value) {
    return value.empty() ? std::string() : fmt::format("  {} {}", name, value);
  };
  std::string text =
      fmt::format("  {:<24}  {}{}{}\n", row.key, row.def.empty() ? "" : "default " + row.def,
                  field("range", row.range), row.range.empty() ? field("unit", row.unit) : "");
  for (const std::string& line : {row.doc, origin(row)}) {
    text += line.empty() ? "" : fmt::format("    {}\n", wrap(line, kWidth - 4, 4));
  }
  return text;
}

std::string describe(const sim::ComponentDoc& doc) {
  std::string text = fmt::format("{}: {}\n", doc.name, wrap(doc.doc, kWidth, 0));
  for (const base::ParameterRow& row : doc.parameters) {
    text += "\n" + describe_parameter(row);
  }
  return text;
}

const sim::ComponentDoc& find(const std::vector<sim::ComponentDoc>& docs,
                              const std::string& wanted) {
  std::vector<std::string> names;
  for (const sim::ComponentDoc& doc : docs) {
    if (wanted == doc.name || wanted == short_name(doc.name)) {
      return doc;
    }
    names.push_back(short_name(doc.name));
  }
  throw base::UserError(
      fmt::format("unknown component '{}'{}", wanted, base::suggestion(wanted, names)));
}

std::vector<sim::ComponentDoc> derived_network_docs() {
  std::vector<sim::ComponentDoc> docs;
  for (const workloads::SchemaDoc& doc : workloads::derived_network_docs()) {
    docs.push_back({doc.name, doc.doc, doc.parameters});
  }
  return docs;
}

int run(const Arguments& arguments) {
  std::vector<sim::ComponentDoc> platform = sim::component_docs();
  const std::vector<sim::ComponentDoc> plan = sim::plan_file_docs();
  const std::vector<sim::ComponentDoc> derived = derived_network_docs();
  if (arguments.positionals().empty()) {
    std::cout << list_components(
                     "Parts of a platform file; `milliwatt describe COMPONENT` lists its keys.",
                     platform)
              << "\n"
              << list_components("Parts of a plan file.", plan) << "\n"
              << list_components("Parts of a derived network.", derived);
    return kGood;
  }
  platform.insert(platform.end(), plan.begin(), plan.end());
  platform.insert(platform.end(), derived.begin(), derived.end());
  std::cout << describe(find(platform, arguments.positionals()[0]));
  return kGood;
}

}  // namespace

Command describe_command() {
  return {
      "describe",
      "[COMPONENT]",
      "Lists the parts of a platform file, a plan file and a derived network, or the keys of one "
      "part with default, range, unit and source.",
      "  milliwatt describe\n"
      "  milliwatt describe systolic\n"
      "  milliwatt describe systolic_mapping\n",
      CommandLine({}, {"COMPONENT"}, 0, 1),
      run};
}

}  // namespace milliwatt::app
