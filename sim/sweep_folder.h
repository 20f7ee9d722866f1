// SPDX-License-Identifier: Apache-2.0
// The folder of a sweep on disk.
#pragma once

#include <string>

namespace milliwatt::sim {

struct SweepOptions;

/// Makes the folder. Throws UserError when it exists and holds files, but no sweep.
void prepare_sweep_folder(const std::string& folder);

/// What makes a sweep the same: points, level, timeout, the bytes of platforms and networks, and
/// who computes. One line of JSON. Throws UserError, naming each file that cannot be read.
std::string sweep_identity(const SweepOptions& options);

/// Replaces a file as a whole. Throws UserError when the disk refuses.
void write_sweep_file(const std::string& folder, const std::string& name, const std::string& bytes);

}  // namespace milliwatt::sim
