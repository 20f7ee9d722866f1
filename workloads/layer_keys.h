// SPDX-License-Identifier: Apache-2.0
// Readers of the keys of layer traces whose values are lists, or one number or a list. Not for use
// outside layer_*.cpp. Each adds one message per fault and returns what could be read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/parameter.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

constexpr std::int32_t kLargestExtent = 1 << 24;
/// Axes that may be named; no network in sight has more.
constexpr std::int64_t kMostDimensions = 64;
/// Scales that a user writes beside a layer: others are slips of the keyboard.
constexpr double kSmallestScale = 1e-12;
constexpr double kLargestScale = 1e12;

/// The shortest texts that a positive float32 may have at either end.
constexpr double kSmallestFloat = 1e-45;
constexpr double kLargestFloat = 3.4028235e+38;

base::Parameter integer_parameter(const std::string& key, std::int64_t low, std::int64_t high);

/// One number, or a list of them.
std::vector<std::int64_t> read_integers(const base::YamlNode& node, const base::Parameter& element,
                                        base::Diagnostics& faults);

/// The list under `key`, empty when the key is absent.
std::vector<std::int32_t> read_list(const base::YamlNode& map, const std::string& key,
                                    std::int64_t low, std::int64_t high, base::Diagnostics& faults);

/// "3" or "[3, 5]" into two members; both keep their values when the key is absent.
void read_pair(const base::YamlNode& map, const std::string& key, std::int32_t& vertical,
               std::int32_t& horizontal, base::Diagnostics& faults);

/// The required key `shape`, with extents in the range.
std::vector<std::int32_t> read_shape(const base::YamlNode& map, std::int64_t least,
                                     std::int64_t most, base::Diagnostics& faults);

/// Positive float32 numbers within the bounds.
std::vector<float> read_scales(const base::YamlNode& map, const std::string& key, double low,
                               double high, base::Diagnostics& faults);

/// Names; where `may_be_absent` is set, ~ stands for none.
std::vector<NameSpec> read_names(const base::YamlNode& map, const std::string& key,
                                 bool may_be_absent, base::Diagnostics& faults);

/// Kernel, stride, dilation and padding.
void read_window(const base::YamlNode& map, LayerSpec& layer, base::Diagnostics& faults);

}  // namespace milliwatt::workloads
