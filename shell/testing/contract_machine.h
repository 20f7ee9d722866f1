// SPDX-License-Identifier: Apache-2.0
// A machine that exists only in tests and behaves like everything that is to come. If the shell
// needed a special case for it, the shell would be wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi/descriptor.h"
#include "shell/machine.h"

namespace milliwatt::shell::testing {

enum ContractOperation : std::int32_t {
  /// Loads `input` (kResidentBytes weights) and programs them into the resident buffer.
  kPin = 0,
  /// Two operators, tile by tile: middle = input * resident weight, wrapped to int8; then sums =
  /// middle * (channel + 1), requantized by the table at `parameters`, stored at `output`.
  kSegment,
  /// Loads the coded tiles at `input`, expands them and stores them at `output`.
  kExpand,
};

struct ContractDescriptor {
  mw_descriptor_head head;
  std::int32_t operation;
  std::int32_t tiles;
  std::int32_t tile;   ///< bytes of a tile, a multiple of kContractChannels
  std::int32_t coded;  ///< kSegment: store run-length codes, one counted block per tile
  mw_ref input, parameters, output;
};
MW_LAYOUT(ContractDescriptor, 56);

constexpr std::int32_t kContractChannels = 4;
constexpr std::int32_t kResidentBytes = 16;

/// Bytes between coded tiles in memory: the count, and a pair of bytes per element at worst.
constexpr std::int32_t coded_pitch(std::int32_t tile) {
  return static_cast<std::int32_t>(dataflows::kCountBytes) + 2 * tile;
}

enum ContractUnit : dataflows::UnitId {
  kLoadUnit = 0,
  kFirstUnit,
  kSecondUnit,
  kOutputUnit,
  kVectorUnit,
  kStoreUnit
};
enum ContractBuffer : dataflows::BufferId {
  kInputBuffer = 0,
  kResidentBuffer,  ///< may be handed over as a memory window
  kMiddleBuffer,
  kSumBuffer,
  kOutputBuffer
};

/// Two units of its own. A step goes through its items one after the other, in one cycle each that
/// does work, after one cycle to begin: items that are zero cost nothing, so time depends on data.
/// Resident weights, a token, an overlapping segment of two operators, run-length codes whose
/// length nobody knows beforehand. kExact does one item at a time as cycles pass, kValues all of
/// them at the end.
class ContractMachine : public Machine {
 public:
  enum Action { kItem = 0, kSkip };

  ContractMachine(std::string engine, Detail detail);

  const dataflows::EngineShape& shape() const override { return shape_; }
  dataflows::Command decode(const std::vector<std::uint8_t>& descriptor,
                            const RegionBases& bases) override;
  void begin(const dataflows::Step& step, std::int16_t layer, LocalMemory& memory,
             EngineCounters& counters) override;
  Progress advance(dataflows::UnitId unit, base::Cycles limit) override;
  void predict(const dataflows::Step& step, std::int16_t layer, EngineCounters& low,
               EngineCounters& high) const override;
  std::vector<base::Counters> parts() const override;
  void attach(OutputProbe* probe) override { probe_ = probe; }

 private:
  enum class Work { kCopy, kScale, kSum, kEncode, kExpand, kNothing };
  struct Job {
    Work work = Work::kNothing;
    dataflows::SlotId input = 0;
    dataflows::SlotId weights = 0;
    dataflows::SlotId output = 0;
    std::int32_t items = 0;
  };
  /// A step on its way.
  struct Run {
    Job job;
    std::uint32_t number = 0;
    std::int16_t layer = 0;
    std::int32_t items = 0;
    std::int32_t next = 0;     ///< first item that is not done
    std::int32_t written = 0;  ///< bytes of a coded or expanded output
    base::Cycles cycles = 0;
    LocalMemory* memory = nullptr;
    EngineCounters* counters = nullptr;
  };
  class Builder;

  static bool costs(const Run& run, std::int32_t item);
  void act(Run& run, std::int32_t item);
  void act_encode(Run& run, std::uint8_t value);
  void act_expand(Run& run, std::int32_t pair);
  bool skip_free(Run& run);
  void complete(Run& run);

  std::string engine_;
  Detail detail_;
  dataflows::EngineShape shape_;
  std::vector<Job> jobs_;
  std::vector<Run> runs_;  ///< by unit
  OutputProbe* probe_ = nullptr;
};

}  // namespace milliwatt::shell::testing
