// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "energy/technology.h"

namespace milliwatt::sim {

/// Technologies that have been read, so that many platforms share one: reading the files takes
/// longer than estimating a network. Files are taken not to change meanwhile.
class TechnologyShelf {
 public:
  /// Throws UserError with every fault of the file; the next call then reads it again.
  std::shared_ptr<const energy::Technology> get(const std::string& path,
                                                const energy::ConditionOverrides& overrides);

 private:
  std::map<std::string, std::shared_ptr<const energy::Technology>> technologies_;
};

}  // namespace milliwatt::sim
