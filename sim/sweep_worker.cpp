// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

/// Exit codes of a worker that ended by itself.
constexpr int kDone = 0;
constexpr int kBroken = 1;

bool send_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = send(socket, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// The life of a worker: reads the index of a point, sends its outcome, until nobody asks any more.
int serve(int socket, const PointSpace& space, const MakeEvaluator& make) {
  try {
    const EvaluatePoint evaluate = make();
    OutcomeCodec codec;
    std::int64_t index = 0;
    while (recv(socket, &index, sizeof index, MSG_WAITALL) == sizeof index) {
      const std::string lines = codec.encode(evaluate(space.point(index)));
      if (!send_all(socket, lines.data(), lines.size())) {
        break;
      }
    }
    return kDone;
  } catch (...) {
    return kBroken;
  }
}

/// A child does not outlive the process that forked it, nor does Ctrl-C end it over a point: its
/// parent decides.
void prepare_child(pid_t parent, const std::vector<int>& descriptors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(kBroken);
  }
  signal(SIGINT, SIG_IGN);
  for (const int descriptor : descriptors) {
    close(descriptor);
  }
}

std::string cause_of_death(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return fmt::format("killed by signal {} ({})", number, strsignal(number));
  }
  return fmt::format("the process ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

SweepWorker::SweepWorker(const PointSpace& space, const MakeEvaluator& make,
                         const std::vector<int>& descriptors) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw base::SimulationError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[0]);
    prepare_child(parent, descriptors);
    _exit(serve(ends[1], space, make));
  }
  close(ends[1]);
  socket_ = ends[0];
  if (pid_ < 0) {
    close(socket_);
    throw base::SimulationError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }
}

SweepWorker::~SweepWorker() {
  if (alive()) {
    int status = 0;
    kill(pid_, SIGKILL);
    reap(status);
  }
  close(socket_);
}

void SweepWorker::start(std::int64_t point) {
  point_ = point;
  started_ = std::chrono::steady_clock::now();
  // A process that is gone shows when its answer is read.
  send_all(socket_, reinterpret_cast<const char*>(&point), sizeof point);
}

std::optional<PointOutcome> SweepWorker::receive() {
  std::array<char, 65536> buffer{};
  const ssize_t n = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n > 0) {
    received_.append(buffer.data(), static_cast<std::size_t>(n));
    return take_lines();
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    return std::nullopt;
  }
  return end_of_process();
}

std::optional<PointOutcome> SweepWorker::take_lines() {
  for (std::size_t end = 0; (end = received_.find('\n')) != std::string::npos;) {
    std::optional<PointOutcome> outcome = codec_.decode(received_.substr(0, end));
    received_.erase(0, end + 1);
    if (outcome) {
      point_.reset();
      return outcome;
    }
  }
  return std::nullopt;
}

PointOutcome SweepWorker::end_of_process() {
  int status = 0;
  reap(status);
  return give_up(PointStatus::kCrashed, cause_of_death(status));
}

PointOutcome SweepWorker::time_out(const std::string& why) {
  int status = 0;
  kill(pid_, SIGKILL);
  reap(status);
  return give_up(PointStatus::kTimedOut, why);
}

PointOutcome SweepWorker::give_up(PointStatus status, std::string why) {
  PointOutcome outcome;
  outcome.point = *std::exchange(point_, std::nullopt);
  outcome.status = status;
  outcome.error = std::move(why);
  return outcome;
}

void SweepWorker::reap(int& status) {
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace milliwatt::sim
