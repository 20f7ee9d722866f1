// SPDX-License-Identifier: Apache-2.0
// One schedule, three interpreters: `values` and `exact` agree in everything, `estimate` agrees
// with both where it says so and contains them elsewhere. Random systems; the seed is the case.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "sim/estimate.h"
#include "sim/prepare.h"
#include "sim/program.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "sim/testing/random_plan.h"
#include "sim/testing/random_system.h"
#include "workloads/seeded.h"

namespace milliwatt::sim {
namespace {

constexpr std::uint32_t kCases = 1200;
/// Cases per test, so that a failure names a small range and ctest can run them side by side.
constexpr std::uint32_t kCasesPerTest = 100;

/// Every output of the array with its cycle, in order.
class Recorder : public shell::OutputProbe {
 public:
  void output(const shell::OutputEvent& e) override {
    events_.insert(events_.end(),
                   {static_cast<std::int64_t>(e.job), e.index, e.lane, e.value, e.cycle});
  }
  const std::vector<std::int64_t>& events() const { return events_; }

 private:
  std::vector<std::int64_t> events_;
};

struct Tally {
  int exact_estimates = 0;
  int intervals = 0;
  int forced_operators = 0;
  int forced_tensors = 0;
  int split_systems = 0;     ///< whose bus grants more than it is offered
  int narrow_on_engine = 0;  ///< operators that read elements of less than 8 bits ...
  int narrow_on_host = 0;    ///< ... by who runs them
  std::size_t outputs = 0;
};

void expect_same(const Measurement& a, const Measurement& b) {
  EXPECT_EQ(a.begin, b.begin);
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.setup_time, b.setup_time);
  EXPECT_EQ(a.layer_begins, b.layer_begins);
  EXPECT_EQ(a.traffic, b.traffic);
  ASSERT_EQ(a.counts.components.size(), b.counts.components.size());
  for (std::size_t i = 0; i < a.counts.components.size(); ++i) {
    EXPECT_EQ(a.counts.components[i], b.counts.components[i])
        << "counters of " << a.counts.components[i].instance();
  }
}

base::Picoseconds length(const Measurement& m) { return m.end - m.begin; }

std::int64_t sum_of_actions(const base::Counters& c) {
  std::int64_t sum = 0;
  for (int action = 0; action < c.actions(); ++action) {
    sum += c.total(action);
  }
  return sum;
}

/// Every count of the truth lies between those of the two ends. Of the host only its time does: how
/// that splits into active and idle cycles depends on the phases of the clocks.
void expect_contains(const Estimate& e, const Measurement& truth) {
  EXPECT_LE(length(e.low), length(truth));
  EXPECT_GE(length(e.high), length(truth));
  for (std::size_t i = 0; i < truth.counts.components.size(); ++i) {
    const base::Counters& c = truth.counts.components[i];
    const base::Counters& low = e.low.counts.components[i];
    const base::Counters& high = e.high.counts.components[i];
    if (c.component_class().name == "host_core") {
      EXPECT_LE(sum_of_actions(low), sum_of_actions(c));
      EXPECT_GE(sum_of_actions(high), sum_of_actions(c));
      continue;
    }
    for (int action = 0; action < c.actions(); ++action) {
      EXPECT_LE(low.total(action), c.total(action)) << c.instance();
      EXPECT_GE(high.total(action), c.total(action)) << c.instance();
    }
  }
}

std::int64_t bus_bursts(const Measurement& m) {
  std::int64_t sum = 0;
  for (const base::Counters& c : m.counts.components) {
    if (c.component_class().name == "bus") {
      sum += c.total(c.component_class().index("burst"));
    }
  }
  return sum;
}

/// The same bus without limits would grant fewer bursts.
bool splits(const Platform& platform, const dataflows::Plan& plan, const Program& program,
            const Measurement& truth) {
  Platform whole = platform;
  whole.bus.burst_limit.reset();
  whole.bus.boundary.reset();
  return bus_bursts(estimate(whole, plan, program).low) < bus_bursts(truth);
}

void count_narrow(const workloads::Graph& graph, const dataflows::Plan& plan, Tally& tally) {
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    bool narrow = false;
    for (const workloads::TensorId id : graph.operators[i].inputs) {
      narrow = narrow || (id >= 0 && workloads::is_sub_byte(graph.tensor(id).type));
    }
    const dataflows::Runner runner = plan.operators[i].runner;
    tally.narrow_on_engine += narrow && runner == dataflows::Runner::kEngine ? 1 : 0;
    tally.narrow_on_host += narrow && runner == dataflows::Runner::kHost ? 1 : 0;
  }
}

void check_system(const testing::RandomSystem& s, const dataflows::ForcedPlan& forced,
                  Tally& tally) {
  const dataflows::Plan plan = plan_for(s.platform, s.graph, forced);
  const Program program = program_for(s.platform, s.graph, plan, forced);
  count_narrow(s.graph, plan, tally);
  Recorder values_outputs;
  Recorder exact_outputs;
  SimulationOptions options;
  options.probe = &values_outputs;
  const Simulated values = simulate(s.platform, s.graph, plan, program, s.inputs, options);
  options.detail = shell::Detail::kExact;
  options.probe = &exact_outputs;
  const Simulated exact = simulate(s.platform, s.graph, plan, program, s.inputs, options);

  const workloads::TensorValues reference = workloads::run_reference(s.graph, s.inputs);
  EXPECT_GT(check_tensors(s.graph, values.tensors, reference).bytes, 0);
  EXPECT_EQ(values.tensors, exact.tensors);
  EXPECT_EQ(values_outputs.events(), exact_outputs.events());
  expect_same(values.measurement, exact.measurement);
  tally.outputs += values_outputs.events().size();

  const Estimate e = estimate(s.platform, plan, program);
  if (e.exact) {
    expect_same(e.low, values.measurement);
    ++tally.exact_estimates;
    tally.split_systems += splits(s.platform, plan, program, values.measurement) ? 1 : 0;
  } else {
    expect_contains(e, values.measurement);
    ++tally.intervals;
  }
}

/// What is certain of an inexact estimate: when each invocation ends.
void expect_encloses_ends(const std::vector<Estimate>& estimates,
                          const std::vector<Simulated>& truth) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_LE(estimates[i].low.end, truth[i].measurement.end) << "invocation " << i;
    EXPECT_GE(estimates[i].high.end, truth[i].measurement.end) << "invocation " << i;
  }
}

/// Three invocations in a row, each with inputs of its own, over memories that remember.
void check_sequence(std::uint32_t seed, Tally& tally) {
  SCOPED_TRACE("sequence, seed " + std::to_string(seed));
  const testing::RandomSystem s = testing::random_system(seed);
  const dataflows::Plan plan = plan_for(s.platform, s.graph);
  const Program program = program_for(s.platform, s.graph, plan);
  auto inputs = workloads::seeded_inputs(s.graph, seed + 1, 3);
  inputs.front() = s.inputs;
  SimulationOptions options;
  const auto values = simulate_sequence(s.platform, s.graph, plan, program, inputs, options);
  options.detail = shell::Detail::kExact;
  const auto exact = simulate_sequence(s.platform, s.graph, plan, program, inputs, options);
  const auto estimates = estimate_sequence(s.platform, plan, program, inputs.size());
  const auto reference = workloads::run_reference_stream(s.graph, inputs);
  ASSERT_EQ(values.size(), inputs.size());
  expect_same(values[0].measurement,
              simulate(s.platform, s.graph, plan, program, s.inputs).measurement);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_GT(check_tensors(s.graph, values[i].tensors, reference[i]).bytes, 0);
    EXPECT_EQ(values[i].tensors, exact[i].tensors);
    expect_same(values[i].measurement, exact[i].measurement);
    EXPECT_EQ(values[i].measurement.begin,
              i == 0 ? values[i].measurement.setup_time : values[i - 1].measurement.end);
    EXPECT_EQ(estimates[i].exact, estimates[0].exact);
    if (estimates[i].exact) {
      expect_same(estimates[i].low, values[i].measurement);
    }
  }
  expect_encloses_ends(estimates, values);
  ++(estimates[0].exact ? tally.exact_estimates : tally.intervals);
}

void check_case(std::uint32_t seed, Tally& tally) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  check_system(testing::random_system(seed), {}, tally);
}

/// The same with a plan that the planner would not choose.
void check_forced_case(std::uint32_t seed, Tally& tally) {
  SCOPED_TRACE("forced, seed " + std::to_string(seed));
  const testing::RandomSystem s = testing::random_system(seed);
  const dataflows::ForcedPlan forced = testing::random_forced_plan(s, seed);
  tally.forced_operators += static_cast<int>(forced.operators.size());
  tally.forced_tensors += static_cast<int>(forced.tensors.size());
  check_system(s, forced, tally);
}

class Interpreters : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Interpreters, Agree) {
  Tally tally;
  for (std::uint32_t i = 0; i < kCasesPerTest; ++i) {
    check_case(GetParam() * kCasesPerTest + i, tally);
    if (HasFailure()) {
      return;
    }
  }
  // Both kinds occur, and the arrays produced something to compare.
  EXPECT_GT(tally.exact_estimates, 0);
  EXPECT_GT(tally.intervals, 0);
  EXPECT_GT(tally.split_systems, 0);
  EXPECT_GT(tally.narrow_on_engine, 10);
  EXPECT_GT(tally.narrow_on_host, 10);
  EXPECT_GT(tally.outputs, 0U);
  RecordProperty("exact_estimates", tally.exact_estimates);
  RecordProperty("intervals", tally.intervals);
  RecordProperty("split_systems", tally.split_systems);
}

TEST_P(Interpreters, AgreeOnForcedPlans) {
  Tally tally;
  for (std::uint32_t i = 0; i < kCasesPerTest; ++i) {
    check_forced_case(GetParam() * kCasesPerTest + i, tally);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(tally.forced_operators, 30);
  EXPECT_GT(tally.forced_tensors, 30);
  EXPECT_GT(tally.outputs, 0U);
}

TEST_P(Interpreters, AgreeOnSequences) {
  constexpr std::uint32_t kStep = 5;  // of the cases above
  Tally tally;
  for (std::uint32_t i = 0; i < kCasesPerTest; i += kStep) {
    check_sequence(GetParam() * kCasesPerTest + i, tally);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(tally.exact_estimates, 0);
  EXPECT_GT(tally.intervals, 0);
}

INSTANTIATE_TEST_SUITE_P(RandomSystems, Interpreters, ::testing::Range(0U, kCases / kCasesPerTest));

}  // namespace
}  // namespace milliwatt::sim
