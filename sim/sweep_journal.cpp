// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDigestDigits = 16;
constexpr std::int64_t kLargestJournal = std::int64_t{1} << 36;

std::string sealed(const std::string& line) {
  return base::digest_text(line.data(), line.size()) + " " + line + "\n";
}

/// What a line holds behind its digest; nothing when the two do not agree.
std::optional<std::string> opened(const std::string& line) {
  if (line.size() <= kDigestDigits || line[kDigestDigits] != ' ') {
    return std::nullopt;
  }
  std::string content = line.substr(kDigestDigits + 1);
  const bool whole =
      line.compare(0, kDigestDigits, base::digest_text(content.data(), content.size())) == 0;
  return whole ? std::optional<std::string>(std::move(content)) : std::nullopt;
}

/// Names of the entries in which two objects differ.
std::string differing(const std::string& a, const std::string& b) {
  const Json one = Json::parse(a);
  const Json other = Json::parse(b);
  std::vector<std::string> names;
  for (const auto& [name, value] : other.items()) {
    if (!one.contains(name) || one.at(name) != value) {
      names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

SweepJournal::SweepJournal(std::string path, const std::string& identity)
    : path_(std::move(path)), file_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_ < 0) {
    fail(std::strerror(errno));
  }
  try {
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
      fail("another process runs this sweep");
    }
    read(identity);
  } catch (...) {
    close(file_);
    throw;
  }
}

SweepJournal::~SweepJournal() { close(file_); }

void SweepJournal::read(const std::string& identity) {
  const std::string bytes = base::read_file(path_, kLargestJournal);
  std::size_t whole = 0;
  while (whole < bytes.size()) {
    const std::size_t next = read_line(bytes, whole, identity);
    if (next == whole) {
      break;
    }
    whole = next;
  }
  const auto end = static_cast<off_t>(whole);
  if (ftruncate(file_, end) != 0 || lseek(file_, end, SEEK_SET) != end) {
    fail(std::strerror(errno));
  }
  if (whole == 0) {
    write(sealed(identity));
  }
}

/// Returns where the next line begins, or `begin` when this one was cut off.
std::size_t SweepJournal::read_line(const std::string& bytes, std::size_t begin,
                                    const std::string& identity) {
  const std::size_t end = bytes.find('\n', begin);
  if (end == std::string::npos) {
    return begin;
  }
  const std::optional<std::string> content = opened(bytes.substr(begin, end - begin));
  if (!content) {
    if (end + 1 == bytes.size()) {
      return begin;
    }
    fail(
        fmt::format("line {} is damaged; sweep into another folder",
                    1 + std::count(bytes.begin(), bytes.begin() + static_cast<long>(begin), '\n')));
  }
  if (begin == 0) {
    check_identity(*content, identity);
  } else if (std::optional<PointOutcome> outcome = codec_.decode(*content)) {
    finished_.push_back(std::move(*outcome));
  }
  return end + 1;
}

void SweepJournal::check_identity(const std::string& found, const std::string& identity) const {
  if (found != identity) {
    fail(
        fmt::format("belongs to a sweep that differs in: {}; repeat that one to continue it, or "
                    "choose another folder",
                    differing(found, identity)));
  }
}

void SweepJournal::append(const PointOutcome& outcome) {
  std::istringstream lines(codec_.encode(outcome));
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    all += sealed(line);
  }
  write(all);
}

void SweepJournal::write(const std::string& lines) {
  for (std::size_t done = 0; done < lines.size();) {
    const ssize_t n = ::write(file_, lines.data() + done, lines.size() - done);
    if (n < 0 && errno != EINTR) {
      fail(std::strerror(errno));
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
}

void SweepJournal::fail(const std::string& why) const {
  throw base::UserError(fmt::format("{}: {}", path_, why));
}

}  // namespace milliwatt::sim
