// SPDX-License-Identifier: Apache-2.0
// Errors of the library. Nothing below app/ prints or exits: it throws one of these.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace milliwatt::base {

/// The user's input is wrong (a file, a key, an option, an unsupported network). Exit code 2.
/// Carries one message per fault, so that all faults of a file are reported at once.
class UserError : public std::runtime_error {
 public:
  explicit UserError(std::string message)
      : std::runtime_error(message), messages_{std::move(message)} {}
  explicit UserError(std::vector<std::string> messages)
      : std::runtime_error(join(messages)), messages_(std::move(messages)) {}

  const std::vector<std::string>& messages() const { return messages_; }

 private:
  static std::string join(const std::vector<std::string>& messages) {
    std::string all;
    for (const std::string& message : messages) {
      all += (all.empty() ? "" : "\n") + message;
    }
    return all;
  }

  std::vector<std::string> messages_;
};

/// The simulation itself failed: a mismatch with the reference, a deadlock, a bus error, an
/// accumulator overflow, an accounting identity that does not hold. Exit code 1.
class SimulationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A promise between two parts of milliwatt is broken: a bug in milliwatt. Exit code 1.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace milliwatt::base
