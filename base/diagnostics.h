// SPDX-License-Identifier: Apache-2.0
// Faults of the user's input, collected so that all of them are reported at once.
#pragma once

#include <string>
#include <vector>

namespace milliwatt::base {

/// Where a value comes from: a file as the user named it, 1-based line and column (in bytes), and
/// the path of the key (`accelerator.rows`, `layers[2].kind`; empty at the root). `line` 0 means
/// that the value has no line: then `file` is the text of the command-line option that set it.
/// `column` 0 means the line as a whole.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string path;

  /// `file:line:column: path`, without the parts that do not apply.
  std::string text() const;
};

/// Collects one message per fault. Readers go on after a fault and the caller ends the phase with
/// throw_if_any(), so that the user sees every fault of a file in one go, from its top to its end.
class Diagnostics {
 public:
  /// Adds `file:line:column: path: message`.
  void add(const Place& place, const std::string& message);
  /// Adds a message that stands for itself.
  void add(std::string message);

  bool empty() const { return messages_.empty(); }
  /// In the order in which they were added.
  const std::vector<std::string>& messages() const { return messages_; }

  /// Throws UserError with all messages when there is at least one: file after file, as they came,
  /// and within a file by line and column.
  void throw_if_any() const;

 private:
  /// Where the message of the same index belongs among those of its file.
  struct Position {
    std::string file;
    int line = 0;
    int column = 0;
  };

  std::vector<std::string> messages_;
  std::vector<Position> positions_;
};

}  // namespace milliwatt::base
