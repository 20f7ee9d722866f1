// SPDX-License-Identifier: Apache-2.0
// What the native host does for each command.
#include <fmt/format.h>

#include <algorithm>

#include "abi/descriptor.h"
#include "abi/registers.h"
#include "base/error.h"
#include "mcu/native_host.h"

namespace milliwatt::mcu {

namespace {

/// How a program writes "no layer".
constexpr std::uint32_t kNoLayerValue = UINT32_MAX;

constexpr std::uint64_t kAddressSpace = std::uint64_t{1} << 32;

}  // namespace

void NativeHost::dispatch() {
  const mw_command command = fetched_[command_ - first_fetched_];
  if (fetch_successor(command)) {
    return;
  }
  next_command_ = command_ + 1;
  stage_ = Stage::kFetch;
  push_work(config_.command_cycles);
  switch (command.opcode) {
    case MW_END:
      tasks_.emplace_back();
      return;
    case MW_START:
      return start(command);
    case MW_WAIT:
      return wait(command);
    case MW_CALL:
      return call(command);
    case MW_COPY:
      push_program_read(address_of(command.place, sizeof copy_), sizeof copy_, &copy_);
      stage_ = Stage::kCopy;
      return;
    case MW_FENCE:  // a write is over when its burst is: nothing is left to wait for
      return;
    case MW_MARK:
      return mark(command);
    case MW_BRANCH:
      fail("BRANCH is reserved");
    default:
      fail(fmt::format("opcode {} does not exist", command.opcode));
  }
}

void NativeHost::start(const mw_command& command) {
  check_engine(command.engine);
  if (command.value < sizeof(mw_descriptor_head)) {
    fail(fmt::format("a descriptor of {} bytes has no head", command.value));
  }
  address_of(command.place, command.value);
  push_register(command.engine, MW_REG_DESCRIPTOR_REGION, command.place.region);
  push_register(command.engine, MW_REG_DESCRIPTOR_OFFSET, command.place.offset);
  push_register(command.engine, MW_REG_DESCRIPTOR_BYTES, command.value);
  push_register(command.engine, MW_REG_CONTROL, 1);
}

void NativeHost::wait(const mw_command& command) {
  check_engine(command.engine);
  Task sleep;
  sleep.action.kind = HostAction::Kind::kWaitInterrupt;
  sleep.action.engine = command.engine;
  sleep.action.layer = layer_;
  tasks_.push_back(sleep);
  push_work(config_.interrupt_cycles);
  push_register(command.engine, MW_REG_INTERRUPT, 1);
}

void NativeHost::mark(const mw_command& command) {
  marked_layer_ = checked_layer(command.value);
  Task task;
  task.action.kind = HostAction::Kind::kMark;
  task.action.layer = marked_layer_;
  tasks_.push_back(task);
}

void NativeHost::call(const mw_command& command) {
  if (command.value < sizeof(mw_kernel_head) || command.value > MW_KERNEL_MOST_RECORD_BYTES) {
    fail(fmt::format("a record of {} bytes is none", command.value));
  }
  record_.resize(command.value);
  push_program_read(address_of(command.place, command.value), command.value, record_.data());
  stage_ = Stage::kKernel;
}

void NativeHost::begin_kernel() {
  try {
    kernel_ = make_kernel(record_);
    layer_ = kernel_->layer();
  } catch (const base::SimulationError& error) {
    fail(error.what());
  }
  const std::vector<mw_kernel_operand>& operands = kernel_->operands();
  operands_.resize(std::max(operands_.size(), operands.size()));
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const mw_kernel_operand& operand = operands[i];
    const std::uint64_t address = address_of(operand.place, operand.bytes);
    if ((operand.use & MW_USE_READ) != 0) {
      push_transfer(false, address, operand.bytes, operand_tag(operand),
                    room_for(i, operand.bytes));
    }
  }
  push_work(config_.call_cycles);
  push_work(kernel_cycles(config_, kernel_->work()));
  stage_ = Stage::kResult;
}

void NativeHost::run_kernel() {
  Kernel::Pointers pointers;
  for (std::size_t i = 0; i < kernel_->operands().size(); ++i) {
    pointers.push_back(room_for(i, kernel_->operands()[i].bytes));
  }
  try {
    kernel_->run(pointers);
  } catch (const base::SimulationError& error) {
    fail(error.what());
  }
}

void NativeHost::finish_kernel() {
  if (values_ == Values::kComputed) {
    run_kernel();
  }
  for (std::size_t i = 0; i < kernel_->operands().size(); ++i) {
    const mw_kernel_operand& operand = kernel_->operands()[i];
    if ((operand.use & MW_USE_WRITE) != 0) {
      push_transfer(true, address_of(operand.place, operand.bytes), operand.bytes,
                    operand_tag(operand), room_for(i, operand.bytes));
    }
  }
  stage_ = Stage::kFetch;
}

void NativeHost::begin_copy() {
  layer_ = checked_layer(copy_.layer);
  copy_source_ = address_of(copy_.source, copy_.bytes);
  copy_destination_ = address_of(copy_.destination, copy_.bytes);
  const std::uint64_t apart = copy_source_ < copy_destination_ ? copy_destination_ - copy_source_
                                                               : copy_source_ - copy_destination_;
  if (apart < copy_.bytes) {
    fail("source and destination overlap");
  }
  copied_ = 0;
  stage_ = Stage::kCopyPiece;
}

void NativeHost::copy_piece() {
  if (copied_ == copy_.bytes) {
    stage_ = Stage::kFetch;
    return;
  }
  const std::uint64_t source = copy_source_ + copied_;
  const std::uint64_t room = config_.burst_bytes - (source & (config_.burst_bytes - 1));
  const auto piece = static_cast<std::uint32_t>(std::min(copy_.bytes - copied_, room));
  operands_.resize(std::max<std::size_t>(operands_.size(), 1));
  std::uint8_t* data = room_for(0, piece);
  KernelWork work;
  work.copied_bytes = piece;
  push_transfer(false, source, piece, tag(operand_class(copy_.source)), data);
  push_work(kernel_cycles(config_, work));
  push_transfer(true, copy_destination_ + copied_, piece, tag(base::TensorClass::kOfmap), data);
  copied_ += piece;
}

std::uint64_t NativeHost::address_of(mw_ref place, std::uint64_t bytes) const {
  if (place.region >= MW_REGIONS) {
    fail(fmt::format("region {} does not exist", place.region));
  }
  const std::uint64_t end = place.offset + bytes;
  if (place.region == MW_REGION_PROGRAM && end > program_.bytes) {
    fail(fmt::format("{} bytes at offset {} leave the image of {} bytes", bytes, place.offset,
                     program_.bytes));
  }
  const std::uint64_t base = head_.region_base[place.region];
  if (base + end > kAddressSpace) {
    fail(fmt::format("{} bytes at offset {} of region {} leave the address space", bytes,
                     place.offset, place.region));
  }
  return base + place.offset;
}

void NativeHost::check_engine(std::uint32_t engine) const {
  if (engine >= head_.engines) {
    fail(fmt::format("engine {} does not exist, the program has {}", engine, head_.engines));
  }
}

int NativeHost::checked_layer(std::uint32_t layer) const {
  if (layer == kNoLayerValue) {
    return base::kNoLayer;
  }
  if (layer > INT16_MAX) {
    fail(fmt::format("layer {} is larger than {}", layer, INT16_MAX));
  }
  return static_cast<int>(layer);
}

base::Tag NativeHost::tag(base::TensorClass tensor_class) const {
  return {static_cast<std::int16_t>(layer_), tensor_class};
}

base::TensorClass NativeHost::operand_class(mw_ref place) const {
  return place.region == MW_REGION_PROGRAM ? base::TensorClass::kWeights
                                           : base::TensorClass::kIfmap;
}

base::Tag NativeHost::operand_tag(const mw_kernel_operand& operand) const {
  return tag(static_cast<base::TensorClass>(operand.tensor_class));
}

std::uint8_t* NativeHost::room_for(std::size_t index, std::uint32_t size) {
  if (values_ == Values::kSkipped) {
    return nullptr;
  }
  Buffer& buffer = operands_[index];
  if (buffer.size < size) {
    buffer.bytes.reset(new std::uint8_t[size]);
    buffer.size = size;
  }
  return buffer.bytes.get();
}

}  // namespace milliwatt::mcu
