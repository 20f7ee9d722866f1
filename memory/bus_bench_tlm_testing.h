// SPDX-License-Identifier: Apache-2.0
// A scenario on the TLM modules, with every hop under a protocol checker.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "memory/burst_port_tlm.h"
#include "memory/bus_scenario_testing.h"
#include "memory/interconnect_tlm.h"
#include "memory/kernel.h"
#include "memory/memory_tlm.h"
#include "memory/protocol_checker_tlm.h"

namespace milliwatt::memory {

/// How an initiator comes to its offers. All must give the same times.
enum class Manner {
  kAnnotated,  ///< offers the next burst from within the response, annotated
  kWaits,      ///< waits until the time of the offer, in pieces and through delta cycles
  kEarly,      ///< waits for a part of the time and annotates the rest
  kBlocking,   ///< the same through b_transport
  kMethod,     ///< offers at the moment itself, from an SC_METHOD: these run before all threads
};
constexpr int kManners = 5;

/// Runs the script of one initiator and checks the data it reads against what it wrote.
class ScriptRunner : public sc_core::sc_module {
 public:
  ScriptRunner(const sc_core::sc_module_name& name, const ScriptedInitiator& script, Manner manner,
               unsigned seed)
      : sc_module{name}, script_{script}, manner_{manner}, dice_{seed} {
    if (manner == Manner::kBlocking) {
      blocking_ = std::make_unique<tlm_utils::simple_initiator_socket<ScriptRunner>>("blocking");
    } else {
      port_ = std::make_unique<BurstPort>("port");
      port_->on_response([this](base::Picoseconds at) { respond(at); });
    }
    SC_HAS_PROCESS(ScriptRunner);
    SC_THREAD(run);
    SC_METHOD(offer_now);
    sensitive << moment_;
    dont_initialize();
  }

  template <typename Target>
  void bind(Target& target) {
    if (blocking_) {
      blocking_->bind(target);
    } else {
      port_->socket.bind(target);
    }
  }

  const BurstPort* port() const { return port_.get(); }

  std::vector<base::Picoseconds> done;
  int wrong_bytes = 0;

 private:
  const ScriptStep& step() const { return script_.steps[done.size()]; }
  bool finished() const { return done.size() == script_.steps.size(); }

  void run() {
    if (manner_ == Manner::kMethod) {
      moment_.notify(to_sc_time(step().think));
      return;
    }
    base::Picoseconds from = 0;
    while (!finished()) {
      const base::Picoseconds offer = from + step().think;
      wait_until(manner_ == Manner::kAnnotated ? from : offer);
      prepare();
      if (manner_ == Manner::kBlocking) {
        transport(offer);
      } else {
        port_->issue(offer, step().burst, data_.data());
        if (manner_ == Manner::kAnnotated) return;  // the responses carry on
        wait(answered_);
      }
      from = done.back();
    }
  }

  void offer_now() {
    prepare();
    port_->issue(kernel_now(), step().burst, data_.data());
  }

  /// Waits in up to three pieces, with delta cycles in between; kEarly wakes somewhere on the way.
  void wait_until(base::Picoseconds t) {
    for (int piece = 0; piece < 3; ++piece) {
      const base::Picoseconds left = t - kernel_now();
      const auto most = static_cast<unsigned>(std::min<base::Picoseconds>(left, 1'000'000));
      wait(to_sc_time(dice_.below(most + 1)));
    }
    if (manner_ == Manner::kEarly) return;
    wait(to_sc_time(t - kernel_now()));
    for (unsigned deltas = dice_.below(4); deltas > 0; --deltas) wait(sc_core::SC_ZERO_TIME);
  }

  void prepare() {
    const Burst& burst = step().burst;
    data_.resize(burst.bytes);
    for (std::uint32_t i = 0; i < burst.bytes; ++i) {
      data_[i] = static_cast<unsigned char>(burst.write ? dice_.below(256) : 0xa5);
      if (burst.write) memory_[burst.address + i] = data_[i];
    }
  }

  void finish(base::Picoseconds at) {
    const Burst& burst = step().burst;
    for (std::uint32_t i = 0; i < burst.bytes; ++i) {
      wrong_bytes += data_[i] != memory_[burst.address + i] ? 1 : 0;
    }
    done.push_back(at);
  }

  void respond(base::Picoseconds at) {
    finish(at);
    if (manner_ == Manner::kMethod) {
      if (!finished()) moment_.notify(to_sc_time(at + step().think - kernel_now()));
    } else if (manner_ != Manner::kAnnotated) {
      answered_.notify(to_sc_time(at - kernel_now()));
    } else if (!finished()) {
      prepare();
      port_->issue(at + step().think, step().burst, data_.data());
    }
  }

  void transport(base::Picoseconds offer) {
    const Burst& burst = step().burst;
    tlm::tlm_generic_payload payload;  // without a memory manager, as b_transport allows
    TagExtension tag{burst.tag};
    payload.set_command(burst.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(burst.address);
    payload.set_data_ptr(data_.data());
    payload.set_data_length(burst.bytes);
    payload.set_streaming_width(burst.bytes);
    payload.set_extension(&tag);
    sc_core::sc_time delay = to_sc_time(offer - kernel_now());
    (*blocking_)->b_transport(payload, delay);
    payload.clear_extension(&tag);
    if (!payload.is_response_ok()) ++wrong_bytes;
    finish(kernel_now() + to_picoseconds(delay));
  }

  const ScriptedInitiator& script_;
  Manner manner_;
  Dice dice_;
  std::unique_ptr<BurstPort> port_;
  std::unique_ptr<tlm_utils::simple_initiator_socket<ScriptRunner>> blocking_;
  sc_core::sc_event answered_{"answered"};
  sc_core::sc_event moment_{"moment"};
  std::vector<unsigned char> data_;
  std::map<std::uint64_t, unsigned char> memory_;  ///< what this initiator believes is stored
};

/// What is arbitrary in a platform: orders of declaration, construction and binding, and manners.
struct Arrangement {
  explicit Arrangement(const Scenario& scenario)
      : initiators{PlainSystem::identity(static_cast<int>(scenario.initiators.size()))},
        targets{PlainSystem::identity(kScenarioTargets)},
        declared_initiators{initiators},
        declared_targets{targets},
        bound{initiators},
        manners(initiators.size(), Manner::kAnnotated) {}

  static Arrangement shuffled(const Scenario& scenario, unsigned seed) {
    Arrangement arrangement{scenario};
    Dice dice{seed};
    arrangement.seed = seed;
    for (auto* order :
         {&arrangement.initiators, &arrangement.targets, &arrangement.declared_initiators,
          &arrangement.declared_targets, &arrangement.bound}) {
      dice.shuffle(*order);
    }
    for (Manner& manner : arrangement.manners) manner = static_cast<Manner>(dice.below(kManners));
    arrangement.bus_first = dice.below(2) == 0;
    return arrangement;
  }

  std::vector<int> initiators, targets;  ///< order of construction
  std::vector<int> declared_initiators, declared_targets;
  std::vector<int> bound;
  std::vector<Manner> manners;
  bool bus_first = true;
  unsigned seed = 1;
};

struct BenchResult {
  BusOutcome outcome;
  std::vector<std::string> faults;  ///< of checkers, data, references; empty in a good run
  std::uint64_t activations = 0;    ///< of the interconnect's process
  std::uint64_t bursts = 0;
  std::uint64_t pieces = 0;  ///< of bursts, or whole ones
};

/// The platform of a scenario in an arrangement, in a kernel of its own.
class Bench {
 public:
  Bench(const Scenario& scenario, const Arrangement& arrangement)
      : scenario_{scenario},
        plain_{scenario, arrangement.declared_initiators, arrangement.declared_targets} {
    if (arrangement.bus_first) make_bus();
    runners_.resize(scenario.initiators.size());
    for (const int i : arrangement.initiators) make_initiator(i, arrangement);
    memories_.resize(kScenarioTargets);
    for (const int i : arrangement.targets) make_target(i);
    if (!arrangement.bus_first) make_bus();
    for (const int i : arrangement.bound) bind_initiator(i);
    for (const int i : arrangement.targets) bind_target(i);
  }

  BenchResult run() {
    kernel_.run();
    BenchResult result;
    result.outcome = plain_.outcome();
    for (std::size_t i = 0; i < runners_.size(); ++i) inspect(static_cast<int>(i), result);
    for (const auto& checker : checkers_) {
      checker->finish();
      for (const std::string& fault : checker->violations()) result.faults.push_back(fault);
    }
    for (const std::string& line : bus_->outstanding()) result.faults.push_back(line);
    result.activations = bus_->activations();
    for (TargetId id = 0; id < plain_.bus.targets(); ++id) {
      const base::Counters& link = plain_.bus.counters(id);
      result.pieces += link.total(link.component_class().index("burst"));
    }
    return result;
  }

 private:
  void make_bus() { bus_ = std::make_unique<InterconnectTlm>("bus", plain_.bus); }

  ProtocolChecker& make_checker(const std::string& of) {
    checkers_.push_back(std::make_unique<ProtocolChecker>((of + "_checker").c_str()));
    return *checkers_.back();
  }

  void make_initiator(int i, const Arrangement& arrangement) {
    const ScriptedInitiator& script = scenario_.initiators[i];
    runners_[i] = std::make_unique<ScriptRunner>(script.name.c_str(), script,
                                                 arrangement.manners[i], arrangement.seed * 8 + i);
  }
  void make_target(int i) {
    memories_[i] = std::make_unique<MemoryTlm>(scenario_target_name(i).c_str(), plain_.core(i));
  }

  void bind_initiator(int i) {
    ProtocolChecker& checker = make_checker(scenario_.initiators[i].name);
    runners_[i]->bind(checker.target);
    checker.initiator.bind(bus_->initiator(plain_.initiator_ids[i]));
  }
  void bind_target(int i) {
    for (int port = 0; port < plain_.core(i).ports(); ++port) {
      ProtocolChecker& checker = make_checker(scenario_target_name(i) + std::to_string(port));
      bus_->target(plain_.target_ids[i], port).bind(checker.target);
      checker.initiator.bind(memories_[i]->port(port));
    }
  }

  void inspect(int i, BenchResult& result) {
    const ScriptRunner& runner = *runners_[i];
    const ScriptedInitiator& script = scenario_.initiators[i];
    result.outcome.done[script.name] = runner.done;
    result.bursts += runner.done.size();
    if (runner.wrong_bytes > 0) result.faults.push_back(script.name + " read wrong data");
    if (runner.done.size() != script.steps.size()) {
      result.faults.push_back(script.name + " did not finish");
    }
    if (runner.port() && runner.port()->pool().outstanding() > 0) {
      result.faults.push_back(script.name + " leaks transactions");
    }
  }

  const Scenario& scenario_;
  Kernel kernel_;
  PlainSystem plain_;
  std::unique_ptr<InterconnectTlm> bus_;
  std::vector<std::unique_ptr<ScriptRunner>> runners_;
  std::vector<std::unique_ptr<MemoryTlm>> memories_;
  std::vector<std::unique_ptr<ProtocolChecker>> checkers_;
};

inline BenchResult run_tlm(const Scenario& scenario, const Arrangement& arrangement) {
  Bench bench{scenario, arrangement};
  return bench.run();
}

}  // namespace milliwatt::memory
