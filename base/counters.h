// SPDX-License-Identifier: Apache-2.0
// Integer action counters: the only record that is priced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/traffic.h"

namespace milliwatt::base {

/// One thing a component does that costs energy, e.g. {"read", "one word of the array's width"}.
struct Action {
  std::string name;
  std::string unit;  // what one count stands for
};

/// A kind of component with the actions it declares, in a fixed order. The index of an action is
/// what hot paths use; its name appears only in tables and reports.
struct ComponentClass {
  std::string name;
  std::vector<Action> actions;

  /// Index of the action `action_name`. Throws InternalError when the class does not declare it.
  int index(std::string_view action_name) const;
};

/// Counts of one component instance: how often it did each action for each layer, with kNoLayer
/// ("system" in reports) for work that belongs to none. Owned by the component, which adds by
/// index; a table of integers that grows with the highest layer seen. Overflow of 64 bits throws
/// InternalError instead of wrapping.
class Counters {
 public:
  Counters(std::string instance, ComponentClass component_class);

  const std::string& instance() const { return instance_; }
  const ComponentClass& component_class() const { return class_; }
  int actions() const { return actions_; }
  /// Number of layers seen so far: layers 0 .. layers() - 1 and kNoLayer can be read.
  int layers() const { return static_cast<int>(counts_.size()) / actions_ - 1; }

  /// Adds `n` (>= 0) to `action` of `layer` (>= kNoLayer).
  void add(int action, int layer, std::int64_t n = 1) {
    const std::size_t slot = static_cast<std::size_t>(layer + 1) * actions_ + action;
    if (slot >= counts_.size()) {
      grow(layer);
    }
    if (__builtin_add_overflow(counts_[slot], n, &counts_[slot])) {
      fail_overflow(action, layer);
    }
  }

  /// Count of `action` in `layer`; 0 for a layer not seen.
  std::int64_t value(int action, int layer) const {
    const std::size_t slot = static_cast<std::size_t>(layer + 1) * actions_ + action;
    return slot < counts_.size() ? counts_[slot] : 0;
  }
  /// Sum over all layers and kNoLayer.
  std::int64_t total(int action) const;

  void reset();

  friend bool operator==(const Counters& a, const Counters& b);
  friend bool operator!=(const Counters& a, const Counters& b) { return !(a == b); }

 private:
  void grow(int layer);
  [[noreturn]] void fail_overflow(int action, int layer) const;

  std::string instance_;
  ComponentClass class_;
  int actions_;
  std::vector<std::int64_t> counts_;  // [layer + 1][action]
};

/// What a finished run hands to pricing: the counters of every component instance, by value, in
/// the order of the platform.
struct ActionCounts {
  std::vector<Counters> components;

  /// The counters of `instance`; nullptr when there is none.
  const Counters* find(std::string_view instance) const;
};

}  // namespace milliwatt::base
