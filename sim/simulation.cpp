// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>

#include "base/error.h"
#include "mcu/native_host_tlm.h"
#include "memory/interconnect_tlm.h"
#include "memory/kernel.h"
#include "memory/memory_tlm.h"
#include "shell/engine_tlm.h"
#include "sim/collect.h"
#include "sim/conservation.h"
#include "sim/engine_estimate.h"

namespace milliwatt::sim {
namespace {

using mcu::NativeHost;
using workloads::TensorId;

constexpr std::uint32_t kEngine = 0;

using Invocations = std::vector<std::vector<workloads::Bytes>>;

/// The modules of one simulation, their wiring, and what is watched while it runs.
class Bench {
 public:
  Bench(const Platform& platform, const workloads::Graph& graph, const dataflows::Plan& plan,
        const Program& program, const SimulationOptions& options);

  void load(const SimulationOptions& options);
  std::vector<Simulated> run(const Invocations& invocations);

 private:
  void wire();
  void on_mark(int layer, base::Picoseconds t);
  void on_done(NativeHost::Section section, base::Picoseconds t);
  void begin_invocation(base::Picoseconds t);
  void end_invocation(base::Picoseconds t);
  /// Reads the outputs of the operators before `layer` that have not been read yet.
  void read_outputs(std::size_t layer);
  void poke(TensorId id, const workloads::Bytes& bytes);
  workloads::Bytes peek(TensorId id) const;
  std::pair<memory::MemoryTlm*, std::uint64_t> locate(std::uint64_t address) const;
  Snapshot snapshot() const;
  void take_engine_times(Measurement& m);
  void finish();
  void check();
  void check_engine() const;
  [[noreturn]] void report_stuck() const;

  const workloads::Graph& graph_;
  const dataflows::Plan& plan_;
  const Program& program_;
  memory::Kernel kernel_;
  System system_;
  NativeHost host_core_;
  std::unique_ptr<shell::Machine> machine_;
  memory::InterconnectTlm bus_;
  std::unique_ptr<memory::MemoryTlm> sram_;
  std::unique_ptr<memory::MemoryTlm> external_;
  std::unique_ptr<memory::MemoryTlm> flash_;
  std::optional<shell::EngineTlm> engine_;
  mcu::NativeHostTlm host_;

  const Invocations* invocations_ = nullptr;
  Snapshot before_;  ///< the current invocation
  base::Picoseconds setup_time_ = 0;
  std::size_t read_ = 0;       ///< operators whose outputs have been read
  std::size_t intervals_ = 0;  ///< of the engine's timeline that belong to earlier invocations
  std::size_t spans_ = 0;
  Simulated current_;
  std::vector<Simulated> results_;
};

Bench::Bench(const Platform& platform, const workloads::Graph& graph, const dataflows::Plan& plan,
             const Program& program, const SimulationOptions& options)
    : graph_{graph},
      plan_{plan},
      program_{program},
      system_{platform, program},
      host_core_{platform.host, program_place(program), NativeHost::Values::kComputed},
      bus_{"bus", system_.bus},
      sram_{std::make_unique<memory::MemoryTlm>("sram", system_.sram)},
      external_{std::make_unique<memory::MemoryTlm>("external", *system_.external)},
      host_{"host", host_core_, system_.host_clock} {
  if (system_.flash) {
    flash_ = std::make_unique<memory::MemoryTlm>("flash", *system_.flash);
  }
  if (platform.machine) {
    machine_ = platform.machine->build(kAcceleratorName, options.detail);
    machine_->attach(options.probe);
    engine_.emplace(kAcceleratorName, engine_config(platform), system_.engine_clock, *machine_,
                    *system_.registers);
  }
  wire();
}

void Bench::wire() {
  host_.port.socket.bind(bus_.initiator(system_.host_port));
  for (int port = 0; port < system_.sram.ports(); ++port) {
    bus_.target(system_.sram_link, port).bind(sram_->port(port));
  }
  bus_.target(system_.external_link).bind(external_->socket);
  if (flash_) {
    bus_.target(system_.flash_link).bind(flash_->socket);
  }
  if (engine_) {
    bus_.target(system_.register_link).bind(engine_->registers().socket);
    for (int channel = 0; channel < engine_->channels(); ++channel) {
      engine_->port(channel).socket.bind(
          bus_.initiator(system_.dma_ports.at(static_cast<std::size_t>(channel))));
    }
    engine_->on_interrupt([this](base::Picoseconds when, bool level) {
      check_engine();
      host_.interrupt(kEngine, when, level);
    });
  }
  host_.on_mark([this](int layer, base::Picoseconds t) { on_mark(layer, t); });
  host_.on_done([this](NativeHost::Section s, base::Picoseconds t) { on_done(s, t); });
}

std::pair<memory::MemoryTlm*, std::uint64_t> Bench::locate(std::uint64_t address) const {
  if (flash_ && address >= program_.map.flash) {
    return {flash_.get(), address - program_.map.flash};
  }
  if (address >= program_.map.external) {
    return {external_.get(), address - program_.map.external};
  }
  return {sram_.get(), address - program_.map.sram};
}

void Bench::poke(TensorId id, const workloads::Bytes& bytes) {
  const auto [memory, offset] = locate(program_.address(id));
  memory->poke(offset, bytes.data(), bytes.size());
}

workloads::Bytes Bench::peek(TensorId id) const {
  const auto [memory, offset] = locate(program_.address(id));
  workloads::Bytes bytes(static_cast<std::size_t>(graph_.tensor(id).bytes()));
  memory->peek(offset, bytes.data(), bytes.size());
  return bytes;
}

void Bench::load(const SimulationOptions& options) {
  std::vector<std::uint8_t> image = program_.image;
  if (options.tamper) {
    options.tamper(image);
  }
  (flash_ ? flash_ : external_)->poke(0, image.data(), image.size());
}

Snapshot Bench::snapshot() const {
  return take_snapshot(system_, host_core_, engine_ ? &engine_->core().counters() : nullptr);
}

void Bench::on_mark(int layer, base::Picoseconds t) {
  read_outputs(checked_layer(layer, graph_.operators.size()));
  current_.measurement.marks.push_back({layer, t});
}

void Bench::on_done(NativeHost::Section section, base::Picoseconds t) {
  if (section == NativeHost::Section::kSetup) {
    setup_time_ = t;
  } else {
    end_invocation(t);
  }
  if (results_.size() < invocations_->size()) {
    begin_invocation(t);
  }
}

/// What lay in the inputs' place may have been written over since the last invocation.
void Bench::begin_invocation(base::Picoseconds t) {
  const std::vector<workloads::Bytes>& inputs = (*invocations_)[results_.size()];
  current_ = {};
  current_.tensors.resize(graph_.tensors.size());
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    const TensorId id = graph_.inputs[i];
    poke(id, inputs.at(i));
    current_.tensors[static_cast<std::size_t>(id)] = inputs[i];
  }
  current_.measurement.setup_time = setup_time_;
  current_.measurement.begin = t;
  read_ = 0;
  before_ = snapshot();
  host_.begin(NativeHost::Section::kInvoke, t);
}

void Bench::end_invocation(base::Picoseconds t) {
  read_outputs(graph_.operators.size());
  Measurement& m = current_.measurement;
  m.end = t;
  const Snapshot after = snapshot();
  m.counts = difference(after.counts, before_.counts);
  m.traffic = difference(after.traffic, before_.traffic);
  take_engine_times(m);
  check_host_accounts(m, system_.host_clock);
  add_host_activities(host_core_, system_.host_clock, plan_, m);
  cut_layers(plan_, m);
  results_.push_back(std::move(current_));
}

/// What the engine did since the last call.
void Bench::take_engine_times(Measurement& m) {
  if (!engine_) {
    return;
  }
  const shell::EngineCore& core = engine_->core();
  const base::Clock& clock = system_.engine_clock;
  for (; intervals_ < core.timeline().size(); ++intervals_) {
    const shell::Interval& interval = core.timeline()[intervals_];
    m.activities.push_back({cause_of(machine_->shape().units[interval.unit].kind),
                            clock.edge(interval.start), clock.edge(interval.end)});
  }
  for (; spans_ < core.layers().size(); ++spans_) {
    const shell::LayerSpan& span = core.layers()[spans_];
    m.spans.push_back({span.layer, clock.edge(span.begin), clock.edge(span.end)});
  }
}

/// The fault of an engine without the engine's name, and with the operator's: "layer 3" becomes
/// "layer 3 (conv2d stem)".
std::string told_with_names(std::string fault, const workloads::Graph& graph) {
  const std::string engine = std::string(kAcceleratorName) + ": ";
  if (fault.rfind(engine, 0) == 0) {
    fault.erase(0, engine.size());
  }
  const std::string word = "layer ";
  const std::size_t number = fault.find(word) + word.size();
  std::size_t layer = 0;
  const char* const end = fault.data() + fault.size();
  if (number < word.size() || number >= fault.size()) {
    return fault;
  }
  const auto [behind, failed] = std::from_chars(fault.data() + number, end, layer);
  if (failed == std::errc() && layer < graph.operators.size()) {
    const workloads::Operator& op = graph.operators[layer];
    fault.insert(static_cast<std::size_t>(behind - fault.data()),
                 fmt::format(" ({} {})", workloads::operator_name(op.kind), op.name));
  }
  return fault;
}

/// The host does not read an engine's status: a fault ends the simulation here.
void Bench::check_engine() const {
  const shell::EngineCore& core = engine_->core();
  if (core.status() == MW_STATUS_ERROR) {
    throw base::SimulationError(fmt::format("{} ({}): {}", kAcceleratorName, host_core_.position(),
                                            told_with_names(core.fault(), graph_)));
  }
}

void Bench::read_outputs(std::size_t layer) {
  for (; read_ < layer; ++read_) {
    for (const TensorId id : graph_.operators[read_].writes()) {
      current_.tensors[static_cast<std::size_t>(id)] = peek(id);
    }
  }
}

std::vector<Simulated> Bench::run(const Invocations& invocations) {
  invocations_ = &invocations;
  host_.begin(NativeHost::Section::kSetup, 0);
  kernel_.run();
  if (results_.size() < invocations.size()) {
    report_stuck();
  }
  finish();
  check();
  return std::move(results_);
}

void Bench::report_stuck() const {
  std::string text =
      "the simulation is stuck: nothing is left to happen, but the inference has not "
      "ended";
  text += "\n  " + host_.outstanding();
  for (const std::string& line : bus_.outstanding()) {
    text += "\n  bus: " + line;
  }
  if (engine_) {
    text += "\n" + engine_->core().describe_state();
  }
  throw base::SimulationError(text);
}

/// The engine's units in cycles of its clock, over the inference and all that came before.
std::vector<UnitResult> unit_results(const shell::EngineCore& core,
                                     const dataflows::EngineShape& shape) {
  std::vector<UnitResult> units;
  for (std::size_t i = 0; i < shape.units.size(); ++i) {
    const shell::UnitAccount account = core.accounts().total(static_cast<dataflows::UnitId>(i));
    UnitResult unit;
    unit.unit = fmt::format("{}.{}", kAcceleratorName, shape.units[i].name);
    unit.busy = account.busy;
    for (int cause = 0; cause < shell::kStallCauses; ++cause) {
      unit.stalls.emplace_back(shell::stall_cause_name(static_cast<shell::StallCause>(cause)),
                               account.stalls[static_cast<std::size_t>(cause)]);
    }
    unit.idle = account.idle;
    unit.total = account.total();
    units.push_back(unit);
  }
  return units;
}

void Bench::finish() {
  Measurement& last = results_.back().measurement;
  if (engine_) {
    engine_->core().finish(last.end);
    last.units = unit_results(engine_->core(), machine_->shape());
  }
}

void Bench::check() {
  LinkEnds ends;
  ends.ports.push_back({system_.host_port, host_.port.bytes_read(), host_.port.bytes_written()});
  for (int channel = 0; engine_ && channel < engine_->channels(); ++channel) {
    const memory::BurstPort& port = engine_->port(channel);
    ends.ports.push_back({system_.dma_ports[static_cast<std::size_t>(channel)], port.bytes_read(),
                          port.bytes_written()});
  }
  ends.memories.push_back({system_.sram_link, sram_->bytes_read(), sram_->bytes_written()});
  ends.memories.push_back(
      {system_.external_link, external_->bytes_read(), external_->bytes_written()});
  if (flash_) {
    ends.memories.push_back({system_.flash_link, flash_->bytes_read(), flash_->bytes_written()});
  }
  check_conservation(system_.bus, ends);
}

}  // namespace

std::vector<Simulated> simulate_sequence(const Platform& platform, const workloads::Graph& graph,
                                         const dataflows::Plan& plan, const Program& program,
                                         const Invocations& invocations,
                                         const SimulationOptions& options) {
  if (invocations.empty()) {
    throw base::InternalError("a sequence of no invocations");
  }
  Bench bench{platform, graph, plan, program, options};
  bench.load(options);
  return bench.run(invocations);
}

Simulated simulate(const Platform& platform, const workloads::Graph& graph,
                   const dataflows::Plan& plan, const Program& program,
                   const std::vector<workloads::Bytes>& inputs, const SimulationOptions& options) {
  return std::move(simulate_sequence(platform, graph, plan, program, {inputs}, options).front());
}

}  // namespace milliwatt::sim
