// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/output.h"
#include "sim/results.h"

namespace milliwatt::app {

/// The folders of `--out` and `--tensors`. Nothing is written before write(), and each folder then
/// appears as a whole; tensors below `--out` appear together with it. A folder of tensors that
/// stands alone holds results.json as well, which says where they come from.
class RunOutput {
 public:
  /// Empty: not asked for. Throws UserError when a folder may not be written to, so that a run
  /// fails before it starts.
  RunOutput(const std::string& out, const std::string& tensors);

  void write(const sim::RunResult& result);

 private:
  std::optional<base::OutputDirectory> out_;
  std::optional<base::OutputDirectory> tensors_;  ///< when they stand alone
  std::string tensors_inside_;                    ///< their folder below `out_`
};

}  // namespace milliwatt::app
