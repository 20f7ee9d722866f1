// SPDX-License-Identifier: Apache-2.0
#include "sim/testing/fingerprint.h"

#include <fmt/format.h>

#include <iterator>

#include "base/digest.h"
#include "base/error.h"
#include "sim/estimate.h"
#include "sim/plan_text.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim::testing {
namespace {

std::string digest_of(const std::string& text) {
  return base::digest_text(text.data(), text.size());
}

std::string digest_of(const workloads::Bytes& bytes) {
  return base::digest_text(bytes.data(), bytes.size());
}

std::string text_of(const Measurement& m) {
  std::string text = fmt::format("{} {} {} {} {}\n", m.begin, m.end, m.setup_time, m.host_jitter,
                                 fmt::join(m.layer_begins, ","));
  auto out = std::back_inserter(text);
  for (const LayerSpan& span : m.spans) {
    out = fmt::format_to(out, "span {} {} {}\n", span.layer, span.begin, span.end);
  }
  for (const Activity& a : m.activities) {
    out = fmt::format_to(out, "{} {} {}\n", cause_name(a.cause), a.begin, a.end);
  }
  for (const base::Counters& c : m.counts.components) {
    for (int layer = base::kNoLayer; layer < c.layers(); ++layer) {
      for (int action = 0; action < c.actions(); ++action) {
        out = fmt::format_to(out, "{} {} {} {}\n", c.instance(), layer, action,
                             c.value(action, layer));
      }
    }
  }
  for (const memory::TrafficLedger::Entry& e : m.traffic) {
    out = fmt::format_to(out, "{} {} {} {} {} {}\n", e.initiator, e.target, e.write,
                         base::tensor_class_name(e.tensor_class), e.layer, e.bytes);
  }
  return text;
}

std::string text_of(const Simulated& run) {
  std::string text = text_of(run.measurement);
  for (const workloads::Bytes& bytes : run.tensors) {
    text += digest_of(bytes) + "\n";
  }
  return text;
}

}  // namespace

std::string fingerprint(std::uint32_t seed) {
  const RandomSystem s = random_system(seed);
  const dataflows::Plan plan = plan_for(s.platform, s.graph);
  const Program program = program_for(s.platform, s.graph, plan);
  const std::string values = text_of(simulate(s.platform, s.graph, plan, program, s.inputs));
  SimulationOptions options;
  options.detail = shell::Detail::kExact;
  if (text_of(simulate(s.platform, s.graph, plan, program, s.inputs, options)) != values) {
    throw base::SimulationError(fmt::format("system {}: values and exact differ", seed));
  }
  const Estimate e = estimate(s.platform, plan, program);
  return digest_of(plan_text(s.graph, plan, program) + digest_of(program.image) + text_of(e.low) +
                   text_of(e.high) + values);
}

}  // namespace milliwatt::sim::testing
