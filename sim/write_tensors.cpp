// SPDX-License-Identifier: Apache-2.0
#include "sim/write_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/csv.h"
#include "base/error.h"
#include "workloads/npy.h"
#include "workloads/packing.h"

namespace milliwatt::sim {
namespace {

using workloads::ElementType;

ElementType element_type(const std::string& name) {
  for (const ElementType type :
       {ElementType::kInt2, ElementType::kInt3, ElementType::kInt4, ElementType::kInt5,
        ElementType::kInt6, ElementType::kInt7, ElementType::kInt8, ElementType::kInt16,
        ElementType::kInt32, ElementType::kInt64, ElementType::kUint8, ElementType::kFloat32,
        ElementType::kBool}) {
    if (name == workloads::element_name(type)) {
      return type;
    }
  }
  throw base::InternalError("a tensor of the unknown type '" + name + "'");
}

/// NumPy has no numbers below 8 bits: each becomes an int8.
std::vector<std::uint8_t> unpack(const TensorResult& tensor, int bits) {
  std::int64_t elements = 1;
  for (const std::int32_t size : tensor.shape) {
    elements *= size;
  }
  std::vector<std::uint8_t> unpacked;
  for (std::int64_t i = 0; i < elements; ++i) {
    unpacked.push_back(
        static_cast<std::uint8_t>(workloads::load_element(tensor.bytes.data(), i, bits)));
  }
  return unpacked;
}

std::string npy(const TensorResult& tensor) {
  const ElementType type = element_type(tensor.type);
  return workloads::is_sub_byte(type)
             ? workloads::format_npy({ElementType::kInt8, tensor.shape,
                                      unpack(tensor, workloads::element_bits(type))})
             : workloads::format_npy({type, tensor.shape, tensor.bytes});
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

std::string tensor_file_name(const TensorResult& tensor) {
  constexpr std::size_t kLongest = 64;
  std::string name = tensor.name.substr(0, kLongest);
  for (char& c : name) {
    c = is_plain(c) ? c : '_';
  }
  return fmt::format("{:03}-{}.npy", tensor.id, name);
}

Files output_files(const RunResult& result) {
  Files files;
  for (const TensorResult& tensor : result.tensors) {
    if (tensor.output && !tensor.bytes.empty()) {
      files[tensor_file_name(tensor)] = npy(tensor);
    }
  }
  return files;
}

Files tensor_files(const RunResult& result) {
  Files files;
  base::CsvWriter index(
      {"file", "tensor", "name", "type", "shape", "bytes", "digest_xxh3", "output"});
  for (const TensorResult& tensor : result.tensors) {
    if (tensor.bytes.empty()) {
      continue;
    }
    const std::string file = tensor_file_name(tensor);
    files[file] = npy(tensor);
    index.add_row({file, std::to_string(tensor.id), tensor.name, tensor.type,
                   fmt::format("{}", fmt::join(tensor.shape, "x")),
                   std::to_string(tensor.bytes.size()), tensor.digest, tensor.output ? "1" : "0"});
  }
  files["index.csv"] = index.text();
  return files;
}

}  // namespace milliwatt::sim
