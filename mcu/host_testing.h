// SPDX-License-Identifier: Apache-2.0
// For tests: building an image of a program, and an environment that answers the host's actions
// from a flat memory with a fixed time per burst.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "abi/command_list.h"
#include "base/error.h"
#include "mcu/native_host.h"
#include "mcu/record_testing.h"

namespace milliwatt::mcu::testing {

constexpr std::uint32_t kProgramBase = 0x1000;
constexpr std::uint32_t kSramBase = 0x8000;
constexpr std::uint32_t kEngineBase = 0xe000;
constexpr std::uint32_t kEngineStride = 0x100;
constexpr std::uint32_t kMemoryBytes = 0x10000;

inline mw_command command(mw_opcode opcode, std::uint16_t engine = 0, mw_ref place = {0, 0},
                          std::uint32_t value = 0) {
  return {static_cast<std::uint16_t>(opcode), engine, place, value};
}

/// The image of a program under construction.
class Image {
 public:
  explicit Image(std::uint32_t engines = 1) : bytes_(sizeof(mw_program_head)) {
    head_.magic = MW_PROGRAM_MAGIC;
    head_.version = MW_PROGRAM_VERSION;
    head_.region_base[MW_REGION_PROGRAM] = kProgramBase;
    head_.region_base[MW_REGION_SRAM] = kSramBase;
    head_.engines = engines;
    head_.engine_base = kEngineBase;
    head_.engine_stride = kEngineStride;
    set_setup({command(MW_END)});
    set_invoke({command(MW_END)});
  }

  /// Appends bytes; returns their place.
  mw_ref add(const void* data, std::size_t bytes) {
    const mw_ref place = {MW_REGION_PROGRAM, static_cast<std::uint32_t>(bytes_.size())};
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + bytes);
    return place;
  }
  template <typename T>
  mw_ref add(const T& structure) {
    return add(&structure, sizeof structure);
  }
  void set_setup(const std::vector<mw_command>& commands) {
    head_.setup_offset = add(commands.data(), commands.size() * sizeof(mw_command)).offset;
    head_.setup_commands = static_cast<std::uint32_t>(commands.size());
  }
  void set_invoke(const std::vector<mw_command>& commands) {
    head_.invoke_offset = add(commands.data(), commands.size() * sizeof(mw_command)).offset;
    head_.invoke_commands = static_cast<std::uint32_t>(commands.size());
  }

  mw_program_head& head() { return head_; }
  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> all = bytes_;
    std::memcpy(all.data(), &head_, sizeof head_);
    return all;
  }

 private:
  mw_program_head head_{};
  std::vector<std::uint8_t> bytes_;
};

/// Answers actions: a burst takes kBurstCycles, an interrupt comes kEngineCycles after the wait
/// begins. Keeps a readable log.
class FlatSystem {
 public:
  static constexpr base::Cycles kBurstCycles = 10;
  static constexpr base::Cycles kEngineCycles = 1000;

  FlatSystem(const std::vector<std::uint8_t>& image, const NativeHostConfig& config,
             NativeHost::Values values = NativeHost::Values::kComputed)
      : memory(kMemoryBytes),
        host(config, {kProgramBase, static_cast<std::uint32_t>(image.size())}, values) {
    std::copy(image.begin(), image.end(), memory.begin() + kProgramBase);
  }

  /// Runs a section; `limit`: most actions.
  void run(NativeHost::Section section, int limit = 1 << 20) {
    host.begin(section, now);
    for (int i = 0; i < limit; ++i) {
      const HostAction action = host.next(now);
      log.push_back(describe(action));
      if (action.kind == HostAction::Kind::kDone) {
        return;
      }
      perform(action);
    }
    throw base::SimulationError("too many actions");
  }

  std::vector<std::uint8_t> memory;
  NativeHost host;
  base::Cycles now = 0;
  std::vector<std::string> log;

 private:
  static std::string describe(const HostAction& action) {
    const std::string tag = std::string(" ") +
                            base::tensor_class_name(action.burst.tag.tensor_class) + " " +
                            std::to_string(action.burst.tag.layer);
    const std::string where =
        std::to_string(action.burst.address) + "+" + std::to_string(action.burst.bytes) + tag;
    switch (action.kind) {
      case HostAction::Kind::kRead:
        return "read " + where;
      case HostAction::Kind::kWrite:
        return "write " + where;
      case HostAction::Kind::kWork:
        return "work " + std::to_string(action.cycles);
      case HostAction::Kind::kWaitInterrupt:
        return "wait " + std::to_string(action.engine);
      case HostAction::Kind::kMark:
        return "mark " + std::to_string(action.layer);
      case HostAction::Kind::kDone:
        break;
    }
    return "done";
  }

  void perform(const HostAction& action) {
    const bool read = action.kind == HostAction::Kind::kRead;
    if (read || action.kind == HostAction::Kind::kWrite) {
      move(action.burst, read, action.data);
      now += kBurstCycles;
    } else if (action.kind == HostAction::Kind::kWork) {
      now += action.cycles;
    } else if (action.kind == HostAction::Kind::kWaitInterrupt) {
      now += kEngineCycles;
    }
  }

  void move(const memory::Burst& burst, bool read, std::uint8_t* data) {
    if (burst.address + burst.bytes > memory.size()) {
      throw base::SimulationError("nothing is mapped there");
    }
    std::uint8_t* place = memory.data() + burst.address;
    if (data != nullptr) {
      std::memcpy(read ? data : place, read ? place : data, burst.bytes);
    }
  }
};

}  // namespace milliwatt::mcu::testing
