#include "sim/processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <string_view>

#include "core/child_process.hpp"
#include "sim/message.hpp"

namespace invctl::sim {

namespace {

constexpr int tick_ms = 50;

Error system_error(const char* what, int number) {
  return Error(Exit::internal, fmt::format("cannot {}: {}", what, std::strerror(number)));
}

// A socket and a little more for each worker; the usual soft limit of 1,024 is in the way of large runs.
void allow_descriptors(int workers) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(workers) + 64;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("its process was killed by signal {}", WTERMSIG(status));
  return fmt::format("its process ended with exit {} and no answer", WEXITSTATUS(status));
}

// One worker process and our end of its socket. Killed and waited for, at the latest, when this goes away.
class Process {
 public:
  Process(const ProcessOptions& options, const Buyer& served) : buyer(served) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
      throw system_error("make a socket", errno);
    }
    fd_ = ends[0];
    const int failure = spawn(options, ends[1]);
    close(ends[1]);
    if (failure != 0) {
      close(fd_);
      throw system_error("start a worker process", failure);
    }
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
    if (fd_ >= 0) close(fd_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int fd() const { return fd_; }
  void kill_now() const { kill(pid_, SIGKILL); }
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  const Buyer buyer;  // whom it serves
  std::int64_t deadline_ns = 0;
  bool answered = false;

 private:
  int spawn(const ProcessOptions& options, int theirs) {
    std::vector<std::string> words{options.program};
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    auto environment = merged_environment(options.environment);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &options.signal_mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int failure = posix_spawn(&pid_, options.program.c_str(), &actions, &attributes,
                                    c_pointers(words).data(), c_pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) pid_ = -1;
    return failure;
  }

  pid_t pid_ = -1;
  int fd_ = -1;
};

class ProcessRun {
 public:
  ProcessRun(const std::vector<Buyer>& demand, const ProcessOptions& options, const Stop& stop,
             const Watch& watch)
      : demand_(demand), options_(options), stop_(stop), watch_(watch) {}

  RunResult run() {
    allow_descriptors(options_.at_once);
    const auto first = std::min(demand_.size(), static_cast<std::size_t>(options_.at_once));
    while (next_ < first && !stop_()) start_process();
    while (!live_.empty() && !stop_()) {
      poll_once();
      watch_(result_.answers.size());
    }
    live_.clear();
    return std::move(result_);
  }

 private:
  bool open() const { return result_.start_ns != 0; }
  std::int64_t patience_ns() const { return std::chrono::nanoseconds(options_.patience).count(); }

  void start_process() {
    auto& process = live_.emplace_back(options_, demand_[next_++]);
    process.deadline_ns = monotonic_ns() + patience_ns();
    ++result_.processes;
  }

  void poll_once() {
    std::vector<pollfd> watched;
    for (const auto& process : live_) watched.push_back({process.fd(), POLLIN, 0});
    if (poll(watched.data(), watched.size(), tick_ms) < 0 && errno != EINTR) {
      throw system_error("wait for worker processes", errno);
    }
    auto process = live_.begin();
    for (const auto& entry : watched) {
      if (entry.revents == 0) {
        if (monotonic_ns() > process->deadline_ns) process->kill_now();
        ++process;
      } else if (const auto packet = receive_packet(process->fd())) {
        handle(*process, parse_message(*packet));
        ++process;
      } else {
        end(*process);
        process = live_.erase(process);
        if (next_ < demand_.size()) start_process();
      }
    }
  }

  void handle(Process& process, Message message) {
    if (message.error) {
      if (!open()) throw *message.error;
      fail(process, message.error->exit, message.error->message);
    } else if (message.answer) {
      result_.answers.push_back(std::move(*message.answer));
      process.answered = true;
      shutdown(process.fd(), SHUT_WR);  // there is nobody else to serve: it ends
    } else if (open()) {
      send_in(process);
    } else if (++ready_ == live_.size()) {
      // A moment ahead, so that telling everybody is not itself a delay.
      result_.start_ns = monotonic_ns() + 5'000'000;
      for (auto& other : live_) send_in(other);
    }
  }

  void send_in(Process& process) {
    const auto arrival = result_.start_ns + process.buyer.arrival_ns;
    process.deadline_ns = std::max(monotonic_ns(), arrival) + patience_ns();
    send_packet(process.fd(), to_text(Assignment{process.buyer, result_.start_ns}));
  }

  void end(Process& process) {
    const int status = process.wait();
    if (process.answered) return;
    if (!open()) throw Error(Exit::internal, how_it_ended(status));
    fail(process, Exit::unknown_outcome, how_it_ended(status));
  }

  void fail(Process& process, Exit exit, std::string message) {
    Answer answer;
    answer.buyer = process.buyer.number;
    answer.quantity = process.buyer.quantity;
    answer.arrival_ns = result_.start_ns + process.buyer.arrival_ns;
    answer.begin_ns = answer.end_ns = monotonic_ns();
    answer.exit = exit;
    answer.message = std::move(message);
    result_.answers.push_back(std::move(answer));
    process.answered = true;
  }

  const std::vector<Buyer>& demand_;
  const ProcessOptions& options_;
  const Stop& stop_;
  const Watch& watch_;
  std::list<Process> live_;
  std::size_t ready_ = 0;
  std::size_t next_ = 0;
  RunResult result_;
};

}  // namespace

RunResult run_processes(const std::vector<Buyer>& demand, const ProcessOptions& options, const Stop& stop,
                        const Watch& watch) {
  auto result = ProcessRun(demand, options, stop, watch).run();
  std::sort(result.answers.begin(), result.answers.end(),
            [](const Answer& a, const Answer& b) { return a.buyer < b.buyer; });
  return result;
}

}  // namespace invctl::sim
