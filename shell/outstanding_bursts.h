// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "shell/engine_port.h"

namespace milliwatt::shell {

/// Passes an engine's requests on and remembers which burst each channel waits for.
class OutstandingBursts : public EnginePort {
 public:
  OutstandingBursts(EnginePort& port, int channels)
      : port_{port}, channels_(static_cast<std::size_t>(channels)) {}

  void issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
             std::uint8_t* data) override {
    Channel& entry = channels_[static_cast<std::size_t>(channel)];
    entry = {true, burst};
    try {
      port_.issue(channel, offer, burst, data);
    } catch (...) {
      entry.waits = false;  // refused
      throw;
    }
  }
  void interrupt(base::Picoseconds when, bool level) override { port_.interrupt(when, level); }

  void done(int channel) { channels_.at(static_cast<std::size_t>(channel)).waits = false; }

  bool any() const {
    return std::any_of(channels_.begin(), channels_.end(),
                       [](const Channel& channel) { return channel.waits; });
  }
  bool waits(int channel) const { return channels_[static_cast<std::size_t>(channel)].waits; }
  const memory::Burst& burst(int channel) const {
    return channels_[static_cast<std::size_t>(channel)].burst;
  }

 private:
  struct Channel {
    bool waits = false;
    memory::Burst burst;
  };

  EnginePort& port_;
  std::vector<Channel> channels_;
};

}  // namespace milliwatt::shell
