// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sim/measurement.h"
#include "sim/result_builder.h"
#include "sim/results.h"

namespace milliwatt::sim {

/// Makes the result of a run from its invocations, one after the other: that of the last one, and
/// of two or more the account of each.
class SequenceBuilder {
 public:
  /// `context` outlives the builder.
  SequenceBuilder(const RunContext& context, Level level) : context_{context}, level_{level} {}

  /// `high` as for build_result(). Unless `keep`, of the values only the network's outputs stay
  /// once a later invocation follows. Throws as build_result().
  void add(const Measurement& low, const Measurement& high, InvocationTensors values,
           bool keep = false);

  /// After at least one add(). `inputs` as in SequenceResult. Throws SimulationError when the
  /// invocations do not follow each other without a gap.
  RunResult take(const std::string& inputs);

 private:
  const RunContext context_;
  Level level_;
  Interval begin_;  ///< of the first invocation, in cycles since power-up
  RunResult last_;
  SequenceResult sequence_;
};

/// What InvocationResult says of energy, from its counts and time.
energy::Bounds price_again(const energy::PriceList& prices, const InvocationResult& invocation);

}  // namespace milliwatt::sim
