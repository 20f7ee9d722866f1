// SPDX-License-Identifier: Apache-2.0
// Random small systems for property tests: a platform and a network that runs on it, both a
// function of a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "sim/platform.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::sim::testing {

struct RandomSystem {
  Platform platform;
  workloads::Graph graph;
  std::vector<workloads::Bytes> inputs;
};

/// Arrays from 1x1 to 17x17 of any aspect, buffers that sometimes hold everything and sometimes
/// just a tile, bus widths, latencies, ports of other widths, split bursts, clocks that differ,
/// memories of every kind, tensors that spill off chip; a network of one to four operators with odd
/// shapes, strides, dilations, pads, batches and zero points, in some of them elements of 2 to 8
/// bits.
RandomSystem random_system(std::uint32_t seed);

/// Only the network of `random_system`.
workloads::Graph random_graph(std::mt19937& random);

}  // namespace milliwatt::sim::testing
