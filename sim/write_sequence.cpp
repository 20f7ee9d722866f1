// SPDX-License-Identifier: Apache-2.0
#include "sim/write_sequence.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/csv.h"
#include "sim/write_grid.h"
#include "sim/write_numbers.h"

namespace milliwatt::sim {
namespace {

constexpr double kAttojoulesPerJoule = 1e18;
constexpr double kMillisecondsPerSecond = 1e3;
constexpr int kMicrojoule = 12;  // attojoules to microjoules, in powers of ten

std::string interval(const Interval& value) {
  return value.exact() ? std::to_string(value.low) : fmt::format("{}..{}", value.low, value.high);
}

double milliseconds(std::int64_t cycles, std::int64_t clock_hz) {
  return kMillisecondsPerSecond * static_cast<double>(cycles) / static_cast<double>(clock_hz);
}

std::vector<std::string> cells(std::string name, const std::string& start, const Interval& cycles,
                               const energy::Bounds& energy, std::int64_t bytes,
                               std::int64_t clock_hz) {
  return {std::move(name),
          start,
          interval(cycles),
          three_digits(milliseconds(cycles.low, clock_hz)),
          with_prefix(static_cast<double>(energy.nominal) / kAttojoulesPerJoule),
          std::to_string(bytes)};
}

/// Whether a table has a line for it: of many, the first eight and the last four.
bool is_shown(std::size_t index, std::size_t invocations) {
  constexpr std::size_t kMost = 16;
  constexpr std::size_t kFirst = 8;
  constexpr std::size_t kLast = 4;
  return invocations <= kMost || index < kFirst || index + kLast >= invocations;
}

std::string grid_text(const SequenceResult& sequence, std::int64_t clock_hz) {
  Grid grid({{"invocation", ""},
             {"begins", "in cycle"},
             {"cycles", ""},
             {"time", "ms"},
             {"energy", "J"},
             {"off", "chip B"}});
  const std::size_t count = sequence.invocations.size();
  for (std::size_t i = 0; i < count; ++i) {
    const InvocationResult& one = sequence.invocations[i];
    if (is_shown(i, count)) {
      grid.add(cells(std::to_string(i), interval(one.start_cycle), one.cycles, one.energy,
                     one.offchip_bytes, clock_hz));
    } else if (is_shown(i - 1, count)) {
      grid.add({"...", "", "", "", "", ""});
    }
  }
  grid.rule();
  grid.add(
      cells("total", "", sequence.cycles(), sequence.energy(), sequence.offchip_bytes(), clock_hz));
  return grid.text();
}

}  // namespace

std::string sequence_table(const SequenceResult& sequence, std::int64_t clock_hz) {
  return fmt::format("sequence          {} invocations, inputs: {}; above is the last one\n\n",
                     sequence.invocations.size(), sequence.inputs) +
         grid_text(sequence, clock_hz) +
         fmt::format(
             "\nsteady state      {} inferences/s from the end of the first to the end of "
             "the last\n",
             three_digits(sequence.steady_inferences_per_s(clock_hz)));
}

std::string sequence_csv(const SequenceResult& sequence, std::int64_t clock_hz) {
  base::CsvWriter csv({"invocation", "start_cycle", "end_cycle", "cycles", "cycles_high",
                       "latency_ms", "energy_uJ", "energy_low_uJ", "energy_high_uJ",
                       "offchip_bytes", "inferences_per_s"});
  const auto add = [&](std::string name, std::int64_t start, std::int64_t end,
                       const Interval& cycles, const energy::Bounds& energy, std::int64_t bytes,
                       double rate) {
    csv.add_row({std::move(name), std::to_string(start), std::to_string(end),
                 std::to_string(cycles.low), std::to_string(cycles.high),
                 shortest(milliseconds(cycles.low, clock_hz)), decimal(energy.nominal, kMicrojoule),
                 decimal(energy.low, kMicrojoule), decimal(energy.high, kMicrojoule),
                 std::to_string(bytes), shortest(rate)});
  };
  for (std::size_t i = 0; i < sequence.invocations.size(); ++i) {
    const InvocationResult& one = sequence.invocations[i];
    add(std::to_string(i), one.start_cycle.low, one.end_cycle.low, one.cycles, one.energy,
        one.offchip_bytes, static_cast<double>(clock_hz) / static_cast<double>(one.cycles.low));
  }
  add("total", 0, sequence.invocations.back().end_cycle.low, sequence.cycles(), sequence.energy(),
      sequence.offchip_bytes(), sequence.steady_inferences_per_s(clock_hz));
  return csv.text();
}

std::string invocation_folder(std::size_t index, std::size_t invocations) {
  const std::size_t digits = std::to_string(invocations - 1).size();
  return fmt::format("invocation-{:0{}}/", index, digits);
}

}  // namespace milliwatt::sim
