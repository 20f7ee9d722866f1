// SPDX-License-Identifier: Apache-2.0
// The table of what layer traces know of each kind of operator: its keys, which its reader and its
// writer share, and how many inputs it takes. Not for use outside layer_*.cpp.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>

#include "base/schema.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

bool is_pool(OperatorKind kind);
/// Convolutions of all sorts.
bool is_conv(OperatorKind kind);
/// Kinds with one weights operand and one bias.
bool is_weighted(OperatorKind kind);
/// Kinds with a window.
bool has_window(OperatorKind kind);

/// How many names `inputs` may hold: `made` where the layer's keys make the other operands, or from
/// `least` to `most` where all operands are named. `made` 0: all always are.
struct OperandCount {
  std::size_t made = 1;
  std::size_t least = 1;
  std::size_t most = 1;
};
OperandCount operand_count(OperatorKind kind);
/// What is wrong with that many inputs; empty where nothing is.
std::string operand_count_fault(OperatorKind kind, std::size_t given);

/// The keys of a layer. The dump of a layer that attributes came from (layer_attributes.h) writes
/// the attributes and leaves out what is read elsewhere.
base::Schema<LayerSpec> layer_schema(OperatorKind kind, LayerForm form);

/// Reads one layer, adding one message per fault; `declared` tells whether a name stands under
/// `tensors`.
LayerSpec read_layer(const base::YamlNode& map,
                     const std::function<bool(const std::string&)>& declared,
                     base::Diagnostics& faults);

/// Gives a choice the types int2 to int8, and more.
base::Parameter& add_types(base::Parameter& parameter, std::initializer_list<ElementType> more);

}  // namespace milliwatt::workloads
