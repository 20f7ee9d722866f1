// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace milliwatt::base {

int ComponentClass::index(std::string_view action_name) const {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (actions[i].name == action_name) {
      return static_cast<int>(i);
    }
  }
  throw InternalError("component class '" + name + "' declares no action '" +
                      std::string(action_name) + "'");
}

Counters::Counters(std::string instance, ComponentClass component_class)
    : instance_(std::move(instance)),
      class_(std::move(component_class)),
      actions_(static_cast<int>(class_.actions.size())) {
  if (actions_ == 0) {
    throw InternalError("component class '" + class_.name + "' declares no action");
  }
  counts_.resize(actions_);
}

std::int64_t Counters::total(int action) const {
  std::int64_t sum = 0;
  for (int layer = kNoLayer; layer < layers(); ++layer) {
    if (__builtin_add_overflow(sum, value(action, layer), &sum)) {
      fail_overflow(action, layer);
    }
  }
  return sum;
}

void Counters::reset() { counts_.assign(actions_, 0); }

void Counters::grow(int layer) {
  if (layer < kNoLayer) {
    throw InternalError("counters of '" + instance_ + "': no layer " + std::to_string(layer));
  }
  counts_.resize(static_cast<std::size_t>(layer + 2) * actions_);
}

void Counters::fail_overflow(int action, int layer) const {
  throw InternalError("counter '" + class_.actions[action].name + "' of '" + instance_ +
                      "' overflows 64 bits in layer " + std::to_string(layer));
}

/// Layers that were never counted equal layers with zero counts.
bool operator==(const Counters& a, const Counters& b) {
  if (a.instance_ != b.instance_ || a.class_.name != b.class_.name || a.actions_ != b.actions_) {
    return false;
  }
  for (int layer = kNoLayer; layer < std::max(a.layers(), b.layers()); ++layer) {
    for (int action = 0; action < a.actions_; ++action) {
      if (a.value(action, layer) != b.value(action, layer)) {
        return false;
      }
    }
  }
  return true;
}

const Counters* ActionCounts::find(std::string_view instance) const {
  for (const Counters& counters : components) {
    if (counters.instance() == instance) {
      return &counters;
    }
  }
  return nullptr;
}

}  // namespace milliwatt::base
