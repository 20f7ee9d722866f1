// SPDX-License-Identifier: Apache-2.0
// The tensors of a run as NumPy files.
#pragma once

#include <map>
#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// Bytes by file name, relative to a folder.
using Files = std::map<std::string, std::string>;

/// The network's outputs, one .npy file each, of a sequence in a folder per invocation. Empty for
/// an estimate.
Files output_files(const RunResult& result);

/// Every tensor that the run wrote or was given, states included, the accumulators that it knows,
/// and index.csv, which says what they are; of a sequence in a folder per invocation.
Files tensor_files(const RunResult& result);

/// "012-stack1_conv1.npy": the id, then the name with everything but letters, digits, '_', '-' and
/// '.' replaced by '_', at most 64 characters of it.
std::string tensor_file_name(const TensorResult& tensor);

}  // namespace milliwatt::sim
