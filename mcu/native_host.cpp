// SPDX-License-Identifier: Apache-2.0
// How the host hands out actions, keeps its books and fetches commands. What each command does is
// in native_commands.cpp.
#include "mcu/native_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "abi/registers.h"
#include "base/error.h"

namespace milliwatt::mcu {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the structures of abi/ are read as they lie in memory");

constexpr int kActiveCycle = 0;
constexpr int kIdleCycle = 1;

constexpr bool power_of_two(std::uint32_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

const char* opcode_name(std::uint16_t opcode) {
  constexpr std::array<const char*, 8> kNames = {"END",  "START", "WAIT", "CALL",
                                                 "COPY", "FENCE", "MARK", "BRANCH"};
  return opcode < kNames.size() ? kNames[opcode] : "unknown";
}

HostActivity activity_of(HostAction::Kind kind) {
  switch (kind) {
    case HostAction::Kind::kRead:
    case HostAction::Kind::kWrite:
      return HostActivity::kBus;
    case HostAction::Kind::kWaitInterrupt:
      return HostActivity::kIdle;
    default:
      return HostActivity::kWork;
  }
}

}  // namespace

base::ComponentClass host_core_class() {
  return {"host_core",
          {{"active_cycle", "one cycle of the core running or waiting for its own bus access"},
           {"idle_cycle", "one cycle of the core sleeping until an interrupt"}}};
}

NativeHost::NativeHost(const NativeHostConfig& config, const ProgramPlace& program, Values values,
                       std::string name)
    : config_{config},
      program_{program},
      values_{values},
      name_{std::move(name)},
      counters_{name_, host_core_class()} {
  if (!power_of_two(config.burst_bytes)) {
    throw base::UserError(
        fmt::format("{}: a burst of {} bytes is no power of two", name_, config.burst_bytes));
  }
}

void NativeHost::begin(Section section, base::Cycles now) {
  const bool idle = stage_ == Stage::kNotStarted || stage_ == Stage::kSectionEnd;
  if (!idle || !tasks_.empty() || (section == Section::kInvoke) != set_up_) {
    throw base::InternalError(name_ + ": a section begins out of order");
  }
  section_ = section;
  accounted_ = now;
  activity_ = HostActivity::kWork;
  marked_layer_ = layer_ = activity_layer_ = base::kNoLayer;
  if (section == Section::kInvoke) {
    begin_section();
    return;
  }
  if (program_.bytes < sizeof head_) {
    fail("the image is too small for its head");
  }
  push_program_read(program_.address, sizeof head_, &head_);
  stage_ = Stage::kHead;
}

HostAction NativeHost::next(base::Cycles now) {
  account(now);
  while (tasks_.empty()) {
    if (stage_ == Stage::kNotStarted || stage_ == Stage::kSectionEnd) {
      throw base::InternalError(name_ + ": no section is running");
    }
    advance();
  }
  HostAction action = hand_out();
  activity_ = activity_of(action.kind);
  activity_layer_ = action.layer;
  return action;
}

std::string NativeHost::position() const {
  if (stage_ == Stage::kNotStarted) {
    return name_ + ": not started";
  }
  const char* section = section_ == Section::kSetup ? "setup" : "invoke";
  if (stage_ == Stage::kHead || stage_ == Stage::kEngine) {
    return fmt::format("{}: {}, head of the program", name_, section);
  }
  const char* opcode = stage_ == Stage::kDispatch
                           ? "fetch"
                           : opcode_name(fetched_[command_ - first_fetched_].opcode);
  return fmt::format("{}: {} command {} ({})", name_, section, command_, opcode);
}

void NativeHost::fail(const std::string& reason) const {
  throw base::SimulationError(position() + ": " + reason);
}

void NativeHost::account(base::Cycles now) {
  if (now < accounted_) {
    throw base::InternalError(name_ + ": time runs backwards");
  }
  if (now == accounted_) {
    return;
  }
  counters_.add(activity_ == HostActivity::kIdle ? kIdleCycle : kActiveCycle, activity_layer_,
                now - accounted_);
  remember(accounted_, now);
  accounted_ = now;
}

void NativeHost::remember(base::Cycles begin, base::Cycles end) {
  if (!timeline_.empty()) {
    HostInterval& last = timeline_.back();
    if (last.end == begin && last.layer == activity_layer_ && last.activity == activity_) {
      last.end = end;
      return;
    }
  }
  timeline_.push_back({begin, end, activity_layer_, activity_});
}

HostAction NativeHost::hand_out() {
  Task& task = tasks_.front();
  if (task.remaining > 0) {
    return hand_out_burst(task);
  }
  HostAction action = task.action;
  tasks_.pop_front();
  if (action.kind == HostAction::Kind::kDone) {
    stage_ = Stage::kSectionEnd;
    set_up_ = true;
  }
  return action;
}

HostAction NativeHost::hand_out_burst(Task& task) {
  HostAction action = task.action;
  const std::uint64_t room =
      config_.burst_bytes - (action.burst.address & (config_.burst_bytes - 1));
  action.burst.bytes = static_cast<std::uint32_t>(std::min(task.remaining, room));
  if (task.is_register) {
    register_value_ = task.value;
    action.data = reinterpret_cast<std::uint8_t*>(&register_value_);
  }
  task.remaining -= action.burst.bytes;
  if (task.remaining == 0) {
    tasks_.pop_front();
    return action;
  }
  task.action.burst.address += action.burst.bytes;
  if (task.action.data != nullptr) {
    task.action.data += action.burst.bytes;
  }
  return action;
}

void NativeHost::push_work(base::Cycles cycles) {
  if (cycles > 0) {
    Task task;
    task.action.kind = HostAction::Kind::kWork;
    task.action.cycles = cycles;
    task.action.layer = layer_;
    tasks_.push_back(task);
  }
}

void NativeHost::push_transfer(bool write, std::uint64_t address, std::uint64_t bytes,
                               base::Tag tag, void* data) {
  if (bytes > 0) {
    Task task;
    task.action.kind = write ? HostAction::Kind::kWrite : HostAction::Kind::kRead;
    task.action.burst = {address, 0, write, tag};
    task.action.data = static_cast<std::uint8_t*>(data);
    task.action.layer = layer_;
    task.remaining = bytes;
    tasks_.push_back(task);
  }
}

void NativeHost::push_register(std::uint32_t engine, std::uint32_t reg, std::uint32_t value) {
  push_work(config_.register_cycles);
  const std::uint64_t registers = head_.engine_base + std::uint64_t{engine} * head_.engine_stride;
  push_transfer(true, registers + reg, sizeof value, tag(base::TensorClass::kControl), nullptr);
  tasks_.back().value = value;
  tasks_.back().is_register = true;
}

void NativeHost::push_program_read(std::uint64_t address, std::uint64_t bytes, void* data) {
  push_transfer(false, address, bytes, tag(base::TensorClass::kProgram), data);
}

void NativeHost::advance() {
  switch (stage_) {
    case Stage::kHead:
      return check_head();
    case Stage::kEngine:
      return set_up_engine();
    case Stage::kFetch:
      return fetch();
    case Stage::kDispatch:
      return dispatch();
    case Stage::kKernel:
      return begin_kernel();
    case Stage::kResult:
      return finish_kernel();
    case Stage::kCopy:
      return begin_copy();
    case Stage::kCopyPiece:
      return copy_piece();
    case Stage::kNotStarted:
    case Stage::kSectionEnd:
      break;
  }
  throw base::InternalError(name_ + ": nothing to advance");
}

void NativeHost::check_head() {
  const auto section_fits = [&](std::uint32_t offset, std::uint32_t commands) {
    return offset % sizeof(std::uint32_t) == 0 &&
           offset + std::uint64_t{commands} * sizeof(mw_command) <= program_.bytes;
  };
  if (head_.magic != MW_PROGRAM_MAGIC) {
    fail(fmt::format("the magic is {:#x} instead of {:#x}", head_.magic, MW_PROGRAM_MAGIC));
  }
  if (head_.version != MW_PROGRAM_VERSION) {
    fail(fmt::format("the version is {}, known is {}", head_.version, MW_PROGRAM_VERSION));
  }
  if (head_.region_base[MW_REGION_PROGRAM] != program_.address) {
    fail(fmt::format("the program says that it lies at {:#x}, but it lies at {:#x}",
                     head_.region_base[MW_REGION_PROGRAM], program_.address));
  }
  if (!section_fits(head_.setup_offset, head_.setup_commands) ||
      !section_fits(head_.invoke_offset, head_.invoke_commands)) {
    fail(fmt::format("a section leaves the image of {} bytes", program_.bytes));
  }
  if (head_.engines > UINT16_MAX + 1U ||
      (head_.engines > 1 && head_.engine_stride < MW_REG_BYTES)) {
    fail(
        fmt::format("{} engines {} bytes apart make no sense", head_.engines, head_.engine_stride));
  }
  engine_ = 0;
  stage_ = Stage::kEngine;
}

void NativeHost::set_up_engine() {
  if (engine_ == head_.engines) {
    begin_section();
    return;
  }
  for (std::uint32_t region = 0; region < MW_REGIONS; ++region) {
    push_register(engine_, MW_REG_REGION_BASE + 4 * region, head_.region_base[region]);
  }
  ++engine_;
}

void NativeHost::begin_section() {
  command_ = next_command_ = first_fetched_ = 0;
  fetched_.clear();
  stage_ = Stage::kFetch;
}

std::uint32_t NativeHost::section_commands() const {
  return section_ == Section::kSetup ? head_.setup_commands : head_.invoke_commands;
}

void NativeHost::fetch() {
  command_ = next_command_;
  layer_ = marked_layer_;
  stage_ = Stage::kDispatch;
  if (command_ >= section_commands()) {
    fail("the section has no END");
  }
  if (command_ - first_fetched_ < fetched_.size()) {
    return;
  }
  fetched_.clear();
  first_fetched_ = command_;
  fetch_more();
}

/// Reads the commands behind those that are here, a burst of them.
void NativeHost::fetch_more() {
  const auto first = first_fetched_ + static_cast<std::uint32_t>(fetched_.size());
  const auto burst = static_cast<std::uint32_t>(config_.burst_bytes / sizeof(mw_command));
  const std::uint32_t count = std::min(std::max(burst, 1U), section_commands() - first);
  const std::uint32_t section =
      section_ == Section::kSetup ? head_.setup_offset : head_.invoke_offset;
  const std::size_t here = fetched_.size();
  fetched_.resize(here + count);
  push_program_read(program_.address + section + std::uint64_t{first} * sizeof(mw_command),
                    count * sizeof(mw_command), fetched_.data() + here);
}

/// Between START and its WAIT the bus is the engine's: the command behind START is fetched before.
/// True when it has to come first; the START is then dispatched again.
bool NativeHost::fetch_successor(const mw_command& command) {
  const std::uint32_t successor = command_ + 1;
  if (command.opcode != MW_START || successor >= section_commands() ||
      successor - first_fetched_ < fetched_.size()) {
    return false;
  }
  fetched_.erase(fetched_.begin(), fetched_.end() - 1);
  first_fetched_ = command_;
  fetch_more();
  return true;
}

}  // namespace milliwatt::mcu
