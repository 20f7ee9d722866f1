// SPDX-License-Identifier: Apache-2.0
// The contract machine's mapping: from descriptors to schedules.
#include <cstring>
#include <utility>

#include "base/error.h"
#include "shell/testing/contract_machine.h"

namespace milliwatt::shell::testing {

using dataflows::Slot;
using dataflows::SlotId;
using dataflows::Step;
using dataflows::StepKind;
using dataflows::Transfer;

namespace {

std::uint32_t unsigned_of(std::int32_t value) { return static_cast<std::uint32_t>(value); }

std::uint64_t place(const RegionBases& bases, const mw_ref& ref) {
  if (ref.region >= bases.size()) {
    throw base::SimulationError("contract machine: a region that does not exist");
  }
  return bases[ref.region] + ref.offset;
}

}  // namespace

class ContractMachine::Builder {
 public:
  Builder(const ContractDescriptor& fields, const RegionBases& bases, std::vector<Job>& jobs)
      : fields_{fields},
        jobs_{jobs},
        input_{place(bases, fields.input)},
        parameters_{place(bases, fields.parameters)},
        output_{place(bases, fields.output)},
        tile_{unsigned_of(fields.tile)} {}

  dataflows::Command pin();
  dataflows::Command segment();
  dataflows::Command expand();

 private:
  SlotId slot(dataflows::BufferId buffer, std::uint32_t offset, std::uint32_t bytes) {
    schedule().slots.push_back({buffer, offset, bytes});
    return static_cast<SlotId>(schedule().slots.size() - 1);
  }
  dataflows::Schedule& schedule() { return command_.schedule; }

  Step& transfer(StepKind kind, SlotId at, const Transfer& transfer, std::uint16_t op);
  Step& work(dataflows::UnitId unit, std::uint16_t op, const Job& job);
  void finish_tile(SlotId sums, SlotId parameters, SlotId output);
  void store_tile(std::int32_t tile, SlotId output, SlotId coded);
  Transfer tile_transfer(std::uint64_t address, std::int32_t tile,
                         base::TensorClass tensor_class) const;
  Transfer coded_transfer(std::uint64_t address, std::int32_t tile,
                          base::TensorClass tensor_class) const;

  const ContractDescriptor& fields_;
  std::vector<Job>& jobs_;
  std::uint64_t input_;
  std::uint64_t parameters_;
  std::uint64_t output_;
  std::uint32_t tile_;
  dataflows::Command command_;
};

Step& ContractMachine::Builder::transfer(StepKind kind, SlotId at, const Transfer& transfer,
                                         std::uint16_t op) {
  Step step;
  step.kind = kind;
  step.unit = kind == StepKind::kLoad ? kLoadUnit : kStoreUnit;
  step.op = op;
  if (kind == StepKind::kLoad) {
    step.writes = {at};
  } else {
    step.reads = {at};
  }
  step.job = static_cast<std::uint32_t>(schedule().transfers.size());
  schedule().transfers.push_back(transfer);
  return schedule().steps.emplace_back(step);
}

Step& ContractMachine::Builder::work(dataflows::UnitId unit, std::uint16_t op, const Job& job) {
  Step step;
  step.unit = unit;
  step.op = op;
  step.job = static_cast<std::uint32_t>(jobs_.size());
  if (job.work != Work::kNothing) {
    step.reads = {job.input};
    step.writes = {job.output};
  }
  if (job.work == Work::kScale) {
    step.reads.push_back(job.weights);
  }
  const bool data_dependent =
      job.work == Work::kScale || job.work == Work::kSum || job.work == Work::kExpand;
  step.cycles_low = data_dependent ? 1 : 1 + job.items;
  step.cycles_high = 1 + job.items;
  jobs_.push_back(job);
  return schedule().steps.emplace_back(step);
}

Transfer ContractMachine::Builder::tile_transfer(std::uint64_t address, std::int32_t tile,
                                                 base::TensorClass tensor_class) const {
  Transfer transfer;
  transfer.address = address + std::uint64_t{unsigned_of(tile)} * tile_;
  transfer.row_bytes = tile_;
  transfer.tensor_class = tensor_class;
  return transfer;
}

Transfer ContractMachine::Builder::coded_transfer(std::uint64_t address, std::int32_t tile,
                                                  base::TensorClass tensor_class) const {
  Transfer transfer = tile_transfer(address, 0, tensor_class);
  transfer.address += std::uint64_t{unsigned_of(tile)} * unsigned_of(coded_pitch(fields_.tile));
  transfer.row_bytes = 2 * tile_;
  transfer.length = dataflows::Length::kCounted;
  return transfer;
}

dataflows::Command ContractMachine::Builder::pin() {
  const SlotId staging = slot(kInputBuffer, 0, kResidentBytes);
  const SlotId resident = slot(kResidentBuffer, 0, kResidentBytes);
  const SlotId token = slot(kMiddleBuffer, 0, 0);
  Transfer weights;
  weights.address = input_;
  weights.row_bytes = kResidentBytes;
  weights.tensor_class = base::TensorClass::kWeights;
  transfer(StepKind::kLoad, staging, weights, 0);
  Step& program = work(kFirstUnit, 0, {Work::kCopy, staging, 0, resident, kResidentBytes});
  program.kind = StepKind::kProgram;
  program.writes.push_back(token);
  Step& configure = work(kSecondUnit, 0, {Work::kNothing, 0, 0, 0, 2});
  configure.kind = StepKind::kConfigure;
  configure.reads = {token};
  return std::move(command_);
}

void ContractMachine::Builder::finish_tile(SlotId sums, SlotId parameters, SlotId output) {
  dataflows::OutputJob job;
  job.sums = sums;
  job.parameters = parameters;
  job.output = output;
  job.output_pitch = kContractChannels;
  job.pixels = fields_.tile / kContractChannels;
  job.channels = kContractChannels;
  job.zero_point = -3;
  Step step;
  step.unit = kOutputUnit;
  step.op = 1;
  step.reads = {sums, parameters};
  step.writes = {output};
  step.job = static_cast<std::uint32_t>(command_.output_jobs.size());
  step.cycles_low = step.cycles_high = dataflows::output_cycles(dataflows::SharedUnits{}, job);
  command_.output_jobs.push_back(job);
  schedule().steps.push_back(step);
}

void ContractMachine::Builder::store_tile(std::int32_t tile, SlotId output, SlotId coded) {
  if (fields_.coded == 0) {
    transfer(StepKind::kStore, output, tile_transfer(output_, tile, base::TensorClass::kOfmap), 1);
    return;
  }
  work(kSecondUnit, 1, {Work::kEncode, output, 0, coded, fields_.tile});
  transfer(StepKind::kStore, coded, coded_transfer(output_, tile, base::TensorClass::kOfmap), 1);
}

/// Two slots of everything: a tile's second operator works while the first has the next tile.
dataflows::Command ContractMachine::Builder::segment() {
  schedule().operators = 2;
  const SlotId resident = slot(kResidentBuffer, 0, kResidentBytes);
  const SlotId table = slot(kInputBuffer, 2 * tile_, 12 * kContractChannels);
  std::vector<SlotId> inputs, middles, sums, outputs, codes;
  for (std::uint32_t i = 0; i < 2; ++i) {
    inputs.push_back(slot(kInputBuffer, i * tile_, tile_));
    middles.push_back(slot(kMiddleBuffer, i * tile_, tile_));
    sums.push_back(slot(kSumBuffer, i * 4 * tile_, 4 * tile_));
    outputs.push_back(slot(kOutputBuffer, i * tile_, tile_));
    codes.push_back(slot(kOutputBuffer, 2 * tile_ + i * 2 * tile_, 2 * tile_));
  }
  Transfer parameters;
  parameters.address = parameters_;
  parameters.row_bytes = 12 * kContractChannels;
  parameters.tensor_class = base::TensorClass::kParameters;
  for (std::int32_t tile = 0; tile < fields_.tiles; ++tile) {
    const std::size_t i = unsigned_of(tile) % 2;
    transfer(StepKind::kLoad, inputs[i], tile_transfer(input_, tile, base::TensorClass::kIfmap), 0);
    if (tile == 0) {
      transfer(StepKind::kLoad, table, parameters, 1);
    }
    work(kFirstUnit, 0, {Work::kScale, inputs[i], resident, middles[i], fields_.tile});
    work(kSecondUnit, 1, {Work::kSum, middles[i], 0, sums[i], fields_.tile});
    finish_tile(sums[i], table, outputs[i]);
    store_tile(tile, outputs[i], codes[i]);
  }
  return std::move(command_);
}

dataflows::Command ContractMachine::Builder::expand() {
  const SlotId codes = slot(kOutputBuffer, 0, 2 * tile_);
  const SlotId output = slot(kOutputBuffer, 2 * tile_, tile_);
  for (std::int32_t tile = 0; tile < fields_.tiles; ++tile) {
    transfer(StepKind::kLoad, codes, coded_transfer(input_, tile, base::TensorClass::kIfmap), 0);
    work(kFirstUnit, 0, {Work::kExpand, codes, 0, output, fields_.tile});
    transfer(StepKind::kStore, output, tile_transfer(output_, tile, base::TensorClass::kOfmap), 0);
  }
  return std::move(command_);
}

dataflows::Command ContractMachine::decode(const std::vector<std::uint8_t>& descriptor,
                                           const RegionBases& bases) {
  ContractDescriptor fields;
  if (descriptor.size() != sizeof fields) {
    throw base::SimulationError("contract machine: a descriptor of the wrong size");
  }
  std::memcpy(&fields, descriptor.data(), sizeof fields);
  if (fields.tile < 0 || fields.tile % kContractChannels != 0 || fields.tiles < 0) {
    throw base::SimulationError("contract machine: bad tiles");
  }
  jobs_.clear();
  Builder builder(fields, bases, jobs_);
  switch (fields.operation) {
    case kPin:
      return builder.pin();
    case kSegment:
      return builder.segment();
    case kExpand:
      return builder.expand();
    default:
      throw base::SimulationError("contract machine: an operation that does not exist");
  }
}

}  // namespace milliwatt::shell::testing
