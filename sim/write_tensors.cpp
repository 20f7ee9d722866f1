// SPDX-License-Identifier: Apache-2.0
#include "sim/write_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/csv.h"
#include "base/digest.h"
#include "base/error.h"
#include "sim/write_sequence.h"
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

std::string npy(const AccumulatorResult& sums) {
  return workloads::format_npy({element_type(sums.type), sums.shape, sums.bytes});
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/// The id, then what of the name every file system takes.
std::string file_stem(int id, const std::string& tensor_name) {
  constexpr std::size_t kLongest = 64;
  std::string name = tensor_name.substr(0, kLongest);
  for (char& c : name) {
    c = is_plain(c) ? c : '_';
  }
  return fmt::format("{:03}-{}", id, name);
}

std::string accumulator_file_name(const AccumulatorResult& sums) {
  return file_stem(sums.tensor, sums.name) + ".accumulators.npy";
}

void add_outputs(const std::vector<TensorResult>& tensors, const std::string& folder,
                 Files& files) {
  for (const TensorResult& tensor : tensors) {
    if (tensor.output && !tensor.bytes.empty()) {
      files[folder + tensor_file_name(tensor)] = npy(tensor);
    }
  }
}

std::string shape_text(const std::vector<std::int32_t>& shape) {
  return fmt::format("{}", fmt::join(shape, "x"));
}

/// The files of a dump with their index.
class Dump {
 public:
  void add(std::size_t invocation, const std::string& folder,
           const std::vector<TensorResult>& tensors,
           const std::vector<AccumulatorResult>& accumulators) {
    for (const TensorResult& tensor : tensors) {
      if (!tensor.bytes.empty()) {
        add(invocation, folder + tensor_file_name(tensor), tensor);
      }
    }
    for (const AccumulatorResult& sums : accumulators) {
      add(invocation, folder + accumulator_file_name(sums), sums);
    }
  }

  Files take() {
    files_["index.csv"] = index_.text();
    return std::move(files_);
  }

 private:
  void add(std::size_t invocation, const std::string& file, const TensorResult& tensor) {
    files_[file] = npy(tensor);
    index_.add_row({file, std::to_string(tensor.id), tensor.name, tensor.type,
                    shape_text(tensor.shape), std::to_string(tensor.bytes.size()), tensor.digest,
                    tensor.output ? "1" : "0", std::to_string(invocation),
                    fmt::format("{}", tensor.scale), std::to_string(tensor.zero_point), "values",
                    "simulation"});
  }

  void add(std::size_t invocation, const std::string& file, const AccumulatorResult& sums) {
    files_[file] = npy(sums);
    index_.add_row({file, std::to_string(sums.tensor), sums.name, sums.type, shape_text(sums.shape),
                    std::to_string(sums.bytes.size()),
                    base::digest_text(sums.bytes.data(), sums.bytes.size()), "0",
                    std::to_string(invocation), "0", "0", "accumulators", "reference"});
  }

  Files files_;
  base::CsvWriter index_{{"file", "tensor", "name", "type", "shape", "bytes", "digest_xxh3",
                          "output", "invocation", "scale", "zero_point", "content", "origin"}};
};

}  // namespace

std::string tensor_file_name(const TensorResult& tensor) {
  return file_stem(tensor.id, tensor.name) + ".npy";
}

Files output_files(const RunResult& result) {
  Files files;
  if (!result.sequence) {
    add_outputs(result.tensors, "", files);
    return files;
  }
  const std::vector<InvocationResult>& all = result.sequence->invocations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    add_outputs(all[i].values.tensors, invocation_folder(i, all.size()), files);
  }
  return files;
}

Files tensor_files(const RunResult& result) {
  Dump dump;
  if (!result.sequence) {
    dump.add(0, "", result.tensors, result.accumulators);
    return dump.take();
  }
  const std::vector<InvocationResult>& all = result.sequence->invocations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const InvocationTensors& values = all[i].values;
    dump.add(i, invocation_folder(i, all.size()), values.tensors, values.accumulators);
  }
  return dump.take();
}

}  // namespace milliwatt::sim
