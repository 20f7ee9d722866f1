// SPDX-License-Identifier: Apache-2.0
// What became of one point of a sweep, in memory and as lines of text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milliwatt::sim {

enum class PointStatus : std::uint8_t {
  kOk,
  kInfeasible,  ///< such a platform cannot be, or the network does not fit on it
  kFailed,      ///< the network cannot be read, the simulation failed, or milliwatt has a bug
  kCrashed,     ///< the process that evaluated it died
  kTimedOut,
};
constexpr int kPointStatuses = 5;
/// "ok", "infeasible", "failed", "crashed", "timed_out".
const char* status_name(PointStatus status);

struct PointOutcome {
  std::int64_t point = 0;
  PointStatus status = PointStatus::kOk;
  std::string error;                 ///< one line; empty when ok
  std::vector<std::string> columns;  ///< of the summary; empty unless ok
  std::vector<std::string> cells;
};

/// Writes outcomes as lines and reads them back. The names of the columns take a line of their own,
/// once; a codec that has read lines goes on where they ended.
class OutcomeCodec {
 public:
  /// One or two lines of JSON, each with its line break. Bytes that are no UTF-8 are replaced.
  std::string encode(const PointOutcome& outcome);
  /// Takes a line without its line break. Nothing when it names columns. Throws InternalError for
  /// anything that encode() does not write.
  std::optional<PointOutcome> decode(const std::string& line);

 private:
  std::vector<std::vector<std::string>> columns_;
};

/// `text` with every run of line breaks replaced by "; ".
std::string one_line(const std::string& text);

}  // namespace milliwatt::sim
