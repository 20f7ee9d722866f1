// SPDX-License-Identifier: Apache-2.0
// The simulation: the program of a network on a SystemC platform, with real bytes on the bus.
#pragma once

#include <functional>
#include <vector>

#include "dataflows/plan.h"
#include "shell/machine.h"
#include "sim/measurement.h"
#include "sim/platform.h"
#include "sim/program.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::sim {

struct SimulationOptions {
  shell::Detail detail = shell::Detail::kValues;
  /// Receives every output of the accelerator's machine; changes no count.
  shell::OutputProbe* probe = nullptr;
  /// Called before the first cycle with the program image in memory: tests break bits here.
  std::function<void(std::vector<std::uint8_t>& image)> tamper;
};

/// One invocation.
struct Simulated {
  Measurement measurement;
  /// Bytes of every tensor, states included, as they stood in simulated memory when the operator
  /// that wrote it had ended; empty for constants.
  workloads::TensorValues tensors;
};

/// Runs set-up and then one invocation for each entry of `invocations`, which has at least one: its
/// inputs in the order of graph.inputs. They follow without a pause on the same hardware: states,
/// open rows and whatever else memories remember live on. New inputs are in memory when an
/// invocation begins; bringing them there takes no time. The measurement of the last one has the
/// units' accounts, from power-up to its end. Throws SimulationError when the platform gets stuck
/// (naming what waits), an engine reports a fault, or an accounting identity does not hold.
std::vector<Simulated> simulate_sequence(
    const Platform& platform, const workloads::Graph& graph, const dataflows::Plan& plan,
    const Program& program, const std::vector<std::vector<workloads::Bytes>>& invocations,
    const SimulationOptions& options = {});

/// A sequence of one.
Simulated simulate(const Platform& platform, const workloads::Graph& graph,
                   const dataflows::Plan& plan, const Program& program,
                   const std::vector<workloads::Bytes>& inputs,
                   const SimulationOptions& options = {});

}  // namespace milliwatt::sim
