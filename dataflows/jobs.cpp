// SPDX-License-Identifier: Apache-2.0
#include "dataflows/jobs.h"

#include <algorithm>

#include "base/integer_math.h"

namespace milliwatt::dataflows {
namespace {

/// Taps of a window that starts at `begin` and lie in [0, size).
std::int64_t valid_taps(std::int64_t begin, std::int64_t kernel, std::int64_t size) {
  return std::max<std::int64_t>(0,
                                std::min(begin + kernel, size) - std::max<std::int64_t>(begin, 0));
}

struct VectorWork {
  std::int64_t operator()(const AddJob& job) const { return job.elements; }
  std::int64_t operator()(const PoolJob& job) const { return pool_taps(job); }
};

}  // namespace

std::int64_t pool_taps(const PoolJob& job) {
  std::int64_t across = 0;
  for (std::int64_t x = 0; x < job.output_w; ++x) {
    across += valid_taps(x * job.stride_w - job.pad_left, job.kernel_w, job.input_w);
  }
  std::int64_t down = 0;
  for (std::int64_t y = job.output_y; y < job.output_y + job.output_rows; ++y) {
    down += valid_taps(y * job.stride_h - job.pad_top, job.kernel_h, job.input_h);
  }
  return across * down * job.channels;
}

std::int64_t output_cycles(const SharedUnits& units, const OutputJob& job) {
  const std::int64_t sums = std::int64_t{job.pixels} * job.channels;
  return base::divide_up(sums, units.output_lanes) + units.output_latency;
}

std::int64_t vector_cycles(const SharedUnits& units, const VectorJob& job) {
  return base::divide_up(std::visit(VectorWork{}, job), units.vector_lanes) + units.vector_latency;
}

}  // namespace milliwatt::dataflows
