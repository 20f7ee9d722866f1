// SPDX-License-Identifier: Apache-2.0
#include "sim/plan_text.h"

#include <fmt/format.h>

namespace milliwatt::sim {
namespace {

using dataflows::Runner;

const char* region_name(std::uint32_t region) {
  switch (region) {
    case MW_REGION_PROGRAM:
      return "program";
    case MW_REGION_SRAM:
      return "sram";
    case MW_REGION_EXTERNAL:
      return "external";
    default:
      return "window";
  }
}

std::string operator_line(const workloads::Graph& graph, const dataflows::Plan& plan,
                          std::size_t i) {
  const dataflows::PlannedOperator& planned = plan.operators[i];
  const workloads::Operator& op = graph.operators[i];
  const std::string kind = fmt::format("{:17} {:16}", workloads::operator_name(op.kind), op.name);
  if (planned.runner == Runner::kAlias) {
    return fmt::format("{:4} {} none: the output shares the input's bytes\n", i, kind);
  }
  if (planned.runner == Runner::kHost) {
    return fmt::format("{:4} {} host: {}{}{}\n", i, kind, planned.task->mapping(),
                       planned.reason.empty() ? "" : ", because ", planned.reason);
  }
  return fmt::format("{:4} {} accelerator: {}\n", i, kind, planned.task->mapping());
}

}  // namespace

std::string plan_text(const workloads::Graph& graph, const dataflows::Plan& plan,
                      const Program& program) {
  std::string text = "operators\n";
  for (std::size_t i = 0; i < plan.operators.size(); ++i) {
    text += operator_line(graph, plan, i);
  }
  text +=
      fmt::format("\nmemory: sram {} bytes, external {} bytes of tensors, program image {} bytes\n",
                  plan.region_bytes[MW_REGION_SRAM], plan.region_bytes[MW_REGION_EXTERNAL],
                  program.image.size());
  for (std::size_t id = 0; id < plan.tensors.size(); ++id) {
    const dataflows::PlannedTensor& tensor = plan.tensors[id];
    if (graph.tensors[id].role != workloads::TensorRole::kConstant &&
        tensor.last_use >= tensor.first_use) {
      text += fmt::format("{:4} {:8} offset {:7} bytes {:7} operators {} to {}  {}\n", id,
                          region_name(tensor.place.region), tensor.place.offset, tensor.bytes,
                          tensor.first_use, tensor.last_use, graph.tensors[id].name);
    }
  }
  return text;
}

}  // namespace milliwatt::sim
