// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files: format versions 1.0 and 2.0, little endian, C order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// An array as NumPy stores it. Element types: int8, uint8, int16, int32, int64, float32, bool.
struct NpyArray {
  ElementType type = ElementType::kInt8;
  std::vector<std::int32_t> shape;
  std::vector<std::uint8_t> data;
};

/// True when the bytes start with the magic number of .npy files.
bool is_npy(std::string_view bytes);

/// Reads one array. `name` stands for the file in messages. Throws UserError that says what to do
/// about big-endian, Fortran-ordered, float64 and other arrays that milliwatt does not read.
NpyArray parse_npy(std::string_view bytes, const std::string& name);

/// The array as the bytes of a version 1.0 file, data aligned to 64 bytes. Throws InternalError for
/// int4 and when the data's size does not fit the shape.
std::string format_npy(const NpyArray& array);

}  // namespace milliwatt::workloads
