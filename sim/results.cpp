// SPDX-License-Identifier: Apache-2.0
#include "sim/results.h"

#include <algorithm>
#include <numeric>

namespace milliwatt::sim {
namespace {

std::int64_t sum(const std::array<std::int64_t, base::kTensorClasses>& bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
}

/// a / b, and 0 where there is nothing to divide by.
double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

constexpr double kAttojoulesPerMicrojoule = 1e12;
constexpr double kMillisecondsPerSecond = 1e3;

std::int64_t traffic_bytes(const LayerResult& layer) {
  std::int64_t bytes = 0;
  for (const MemoryTraffic& traffic : layer.traffic) {
    bytes += traffic.total_read() + traffic.total_written();
  }
  return bytes;
}

}  // namespace

const char* level_name(Level level) {
  switch (level) {
    case Level::kEstimate:
      return "estimate";
    case Level::kValues:
      return "values";
    case Level::kExact:
      return "exact";
  }
  return "";
}

const char* cause_name(Cause cause) {
  switch (cause) {
    case Cause::kCompute:
      return "compute";
    case Cause::kVector:
      return "vector";
    case Cause::kMemory:
      return "memory";
    case Cause::kHost:
      return "host";
    case Cause::kControl:
      return "control";
  }
  return "";
}

std::int64_t MemoryTraffic::total_read() const { return sum(read); }
std::int64_t MemoryTraffic::total_written() const { return sum(written); }

/// MACs / (cycles * peak MACs per cycle).
double LayerResult::utilisation() const {
  return ratio(static_cast<double>(macs), static_cast<double>(cycles.low * peak_macs_per_cycle));
}

std::int64_t LayerResult::offchip_bytes() const {
  std::int64_t bytes = 0;
  for (const MemoryTraffic& memory : traffic) {
    bytes += memory.off_chip ? memory.total_read() + memory.total_written() : 0;
  }
  return bytes;
}

double LayerResult::arithmetic_intensity() const {
  return ratio(static_cast<double>(macs), static_cast<double>(traffic_bytes(*this)));
}

Cause LayerResult::bound_by() const {
  const auto most = std::max_element(cycles_by_cause.begin(), cycles_by_cause.end());
  return static_cast<Cause>(most - cycles_by_cause.begin());
}

Interval SequenceResult::cycles() const {
  const InvocationResult& first = invocations.front();
  const InvocationResult& last = invocations.back();
  return {last.end_cycle.low - first.start_cycle.low, last.end_cycle.high - first.start_cycle.high};
}

energy::Bounds SequenceResult::energy() const {
  return std::accumulate(invocations.begin(), invocations.end(), energy::Bounds{},
                         [](const energy::Bounds& sum, const InvocationResult& invocation) {
                           return energy::checked_add(sum, invocation.energy);
                         });
}

std::int64_t SequenceResult::offchip_bytes() const {
  return std::accumulate(invocations.begin(), invocations.end(), std::int64_t{0},
                         [](std::int64_t sum, const InvocationResult& invocation) {
                           return sum + invocation.offchip_bytes;
                         });
}

double SequenceResult::steady_inferences_per_s(std::int64_t clock_hz) const {
  const std::int64_t cycles = invocations.back().end_cycle.low - invocations.front().end_cycle.low;
  return ratio(static_cast<double>(invocations.size() - 1) * static_cast<double>(clock_hz),
               static_cast<double>(cycles));
}

std::int64_t RunResult::macs() const {
  return std::accumulate(layers.begin(), layers.end(), std::int64_t{0},
                         [](std::int64_t n, const LayerResult& layer) { return n + layer.macs; });
}

/// Includes what belongs to no layer: the program itself comes from off chip.
std::int64_t RunResult::offchip_bytes() const {
  return std::accumulate(
      layers.begin(), layers.end(), system.offchip_bytes(),
      [](std::int64_t n, const LayerResult& layer) { return n + layer.offchip_bytes(); });
}

std::int64_t RunResult::compulsory_offchip_bytes() const {
  return std::accumulate(
      layers.begin(), layers.end(), std::int64_t{0},
      [](std::int64_t n, const LayerResult& layer) { return n + layer.compulsory_offchip_bytes; });
}

/// cycles / f
double RunResult::latency_ms() const {
  return ratio(static_cast<double>(cycles.low) * kMillisecondsPerSecond,
               static_cast<double>(system_clock_hz));
}

double RunResult::energy_uj() const {
  return static_cast<double>(energy.total.nominal) / kAttojoulesPerMicrojoule;
}

/// uJ / ms = mW
double RunResult::average_power_mw() const { return ratio(energy_uj(), latency_ms()); }

double RunResult::inferences_per_s() const { return ratio(kMillisecondsPerSecond, latency_ms()); }

/// A MAC is two operations: 2 MACs / uJ = 10^6 operations per joule.
double RunResult::tops_per_watt() const {
  return ratio(2 * static_cast<double>(macs()), energy_uj()) * 1e-6;
}

double RunResult::edp_uj_ms() const { return energy_uj() * latency_ms(); }

}  // namespace milliwatt::sim
