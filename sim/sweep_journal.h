// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/sweep_outcome.h"

namespace milliwatt::sim {

/// The finished points of a sweep in a file that only ever grows: one line each, given to the
/// operating system as a whole before the next point counts as finished, so that a killed process
/// loses nothing. The first line says which sweep it is. Every line begins with the digest of the
/// rest; a last line that was cut off is dropped when the file is opened again.
class SweepJournal {
 public:
  /// Opens `path` or begins it. `identity` is one line of JSON, an object: two sweeps with the same
  /// one have the same points with the same results. Throws UserError when the file belongs to
  /// another sweep (naming the entries that differ), when another process writes to it, when a line
  /// before the last is damaged, or when it cannot be read or written.
  SweepJournal(std::string path, const std::string& identity);
  ~SweepJournal();
  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;

  /// The points found in the file, in the order in which they were finished. Gives them away.
  std::vector<PointOutcome> take_finished() { return std::move(finished_); }

  /// Throws UserError when the disk refuses.
  void append(const PointOutcome& outcome);

  /// A child process must close it, lest it keep the lock when its parent is gone.
  int descriptor() const { return file_; }

 private:
  void read(const std::string& identity);
  std::size_t read_line(const std::string& bytes, std::size_t begin, const std::string& identity);
  void check_identity(const std::string& found, const std::string& identity) const;
  void write(const std::string& lines);
  [[noreturn]] void fail(const std::string& why) const;

  std::string path_;
  int file_;
  OutcomeCodec codec_;
  std::vector<PointOutcome> finished_;
};

}  // namespace milliwatt::sim
