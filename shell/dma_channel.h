// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/schedule.h"
#include "memory/burst.h"
#include "shell/burst_walk.h"

namespace milliwatt::shell {

/// One channel of an engine's DMA: turns a transfer into bursts, one outstanding at a time. A
/// counted store sends its count in front of the payload, in the same run; a counted load reads
/// the count alone and then the payload. It has no time of its own: the next burst is offered at
/// the engine's first edge after the previous one's response.
class DmaChannel {
 public:
  /// `burst_bytes`: longest burst, a power of two.
  explicit DmaChannel(std::uint32_t burst_bytes) : burst_bytes_{burst_bytes} {}

  /// Memory to `data`, which holds `capacity` bytes.
  void begin_load(const dataflows::Transfer& transfer, std::uint8_t* data, std::uint32_t capacity,
                  std::int16_t layer);
  /// `data` to memory; a counted store moves `length` bytes of payload.
  void begin_store(const dataflows::Transfer& transfer, std::uint8_t* data, std::uint32_t length,
                   std::int16_t layer);
  /// Layer of the bursts from here on.
  void set_layer(std::int16_t layer) { request_.burst.tag.layer = layer; }

  struct Request {
    memory::Burst burst;
    std::uint8_t* data = nullptr;
  };
  /// Makes the next burst, called when the one before is done; false when the transfer is
  /// complete. Throws SimulationError when a count read from memory exceeds the slot.
  bool next();
  const Request& request() const { return request_; }

  /// Bytes of the transfer, or those of a counted transfer's payload once they are known.
  std::uint32_t payload() const { return payload_; }

 private:
  void begin(const dataflows::Transfer& transfer, bool write, std::int16_t layer);
  void walk(std::uint64_t address, std::uint32_t bytes);
  bool read_count();

  std::uint32_t burst_bytes_;
  BurstWalk walk_;
  Request request_;
  std::uint8_t* cursor_ = nullptr;  ///< where the next burst's bytes are
  std::uint8_t* slot_ = nullptr;    ///< of a counted load whose count is on its way, else null
  std::uint64_t address_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint32_t payload_ = 0;
  std::vector<std::uint8_t> staging_;  ///< count, and the payload of counted stores
};

}  // namespace milliwatt::shell
