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
#include <deque>
#include <list>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <unordered_map>

#include "core/child_process.hpp"
#include "sim/combiner.hpp"
#include "sim/message.hpp"
#include "sim/scenario.hpp"

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
  Process(const ProcessOptions& options, std::size_t number) : worker(static_cast<std::int64_t>(number)) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
      throw system_error("make a socket", errno);
    }
    socket_ = std::make_shared<Socket>(ends[0]);
    const int failure = spawn(options, number, ends[1]);
    close(ends[1]);
    if (failure != 0) throw system_error("start a worker process", failure);
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Shared with whoever will answer it, also after it was killed.
  class Socket {
   public:
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket() { close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd() const { return fd_; }

   private:
    int fd_;
  };
  const std::shared_ptr<Socket>& socket() const { return socket_; }
  int fd() const { return socket_->fd(); }
  void kill_now() {
    doomed = true;
    kill(pid_, SIGKILL);
  }
  int wait() {
    int status = 0;
    while (wait4(pid_, &status, 0, &usage_) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }
  const rusage& usage() const { return usage_; }  // after wait()

  const std::int64_t worker;
  const Request* request = nullptr;  // whom it serves
  std::int64_t served = 0;
  std::int64_t deadline_ns = 0;
  std::optional<std::int64_t> kill_at_ns;
  bool doomed = false;  // killed: what it said before still counts

 private:
  int spawn(const ProcessOptions& options, std::size_t number, int theirs) {
    std::vector<std::string> words{options.program};
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    auto environment = merged_environment(options.environment(number));
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
  rusage usage_{};
  std::shared_ptr<Socket> socket_;
};

// Which requests lose their process, and when.
class Reaper {
 public:
  Reaper(const std::vector<Request>& requests, std::int64_t kills, std::uint64_t seed) : random_(seed) {
    std::vector<std::int64_t> numbers;
    for (const auto& request : requests) numbers.push_back(request.number);
    std::shuffle(numbers.begin(), numbers.end(), random_);
    numbers.resize(std::min(numbers.size(), static_cast<std::size_t>(kills)));
    doomed_.insert(numbers.begin(), numbers.end());
  }
  // Once for each of them: within twice the time that serving one takes here, so that all of it is met.
  std::optional<std::int64_t> delay_ns(const Request& request) {
    if (doomed_.erase(request.number) == 0) return std::nullopt;
    const auto usual = count_ == 0 ? 5'000'000 : total_ns_ / count_;
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(2 * usual + 1));
  }
  void note(std::int64_t service_ns) {
    total_ns_ += service_ns;
    ++count_;
  }

 private:
  std::mt19937_64 random_;
  std::set<std::int64_t> doomed_;
  std::int64_t total_ns_ = 0, count_ = 0;
};

class ProcessRun {
 public:
  ProcessRun(const std::vector<Request>& requests, const ProcessOptions& options, const OpenSession& open,
             const WorkerOptions& worker, const Stop& stop, const Watch& watch)
      : options_(options),
        worker_(worker),
        stop_(stop),
        watch_(watch),
        reaper_(requests, options.kills, options.seed) {
    for (const auto& request : requests) waiting_.push_back(&request);
    killed_.resize(requests.size() + 1);
    if (worker.strategy->way == Way::combine) combiner_.emplace(open, worker);
  }

  RunResult run() {
    allow_descriptors(options_.at_once);
    const auto before = usage_of_this_process();
    const auto first = std::min(waiting_.size(), static_cast<std::size_t>(options_.at_once));
    while (live_.size() < first && !stop_()) start_process();
    while (!live_.empty() && !stop_()) {
      poll_once();
      watch_(result_.answers.size());
    }
    live_.clear();
    combiner_.reset();
    add_time(result_.usage, since(before));
    return std::move(result_);
  }

 private:
  bool open() const { return result_.start_ns != 0; }
  std::int64_t patience_ns() const { return std::chrono::nanoseconds(options_.patience).count(); }

  void start_process() {
    auto& process = live_.emplace_back(options_, result_.processes);
    process.deadline_ns = monotonic_ns() + patience_ns();
    ++result_.processes;
  }

  void poll_once() {
    std::vector<pollfd> watched;
    for (const auto& process : live_) watched.push_back({process.fd(), POLLIN, 0});
    if (poll(watched.data(), watched.size(), next_tick_ms()) < 0 && errno != EINTR) {
      throw system_error("wait for worker processes", errno);
    }
    auto process = live_.begin();
    for (const auto& entry : watched) {
      if (entry.revents == 0) {
        end_overdue(*process++);
      } else if (const auto packet = receive_packet(process->fd())) {
        handle(*process++, parse_message(*packet));
      } else {
        end(*process);
        process = live_.erase(process);
        if (waiting_.size() > starting()) start_process();
      }
    }
  }

  // Who will take somebody once it is ready.
  std::size_t starting() const {
    return static_cast<std::size_t>(std::count_if(live_.begin(), live_.end(), [](const Process& process) {
      return process.request == nullptr && process.served == 0 && !process.doomed;
    }));
  }

  int next_tick_ms() const {
    std::int64_t least = std::int64_t{tick_ms} * 1'000'000;
    const auto now = monotonic_ns();
    for (const auto& process : live_) {
      if (process.kill_at_ns) least = std::min(least, std::max<std::int64_t>(*process.kill_at_ns - now, 0));
    }
    return static_cast<int>((least + 999'999) / 1'000'000);
  }

  void end_overdue(Process& process) {
    const auto now = monotonic_ns();
    if (process.kill_at_ns && now >= *process.kill_at_ns) {
      process.kill_at_ns.reset();
      ++killed_.at(static_cast<std::size_t>(process.request->number));
      process.kill_now();
    } else if (now > process.deadline_ns) {
      process.kill_now();
    }
  }

  void handle(Process& process, Message message) {
    if (message.error) {
      if (!open()) throw *message.error;
      fail(process, message.error->exit, message.error->message);
    } else if (message.post) {
      post(process);
    } else if (message.answer) {
      take(process, std::move(*message.answer));
    } else if (open()) {
      assign(process);
    } else if (++ready_ == live_.size()) {
      // A moment ahead, so that telling everybody is not itself a delay.
      result_.start_ns = monotonic_ns() + 5'000'000;
      for (auto& other : live_) assign(other);
    }
  }

  // What nobody serves yet, or the end where there is nothing.
  void assign(Process& process) {
    if (waiting_.empty() || process.doomed) {
      shutdown(process.fd(), SHUT_WR);
      return;
    }
    process.request = waiting_.front();
    waiting_.pop_front();
    const auto arrival = std::max(monotonic_ns(), result_.start_ns + process.request->arrival_ns);
    process.deadline_ns = arrival + patience_ns();
    if (const auto delay = reaper_.delay_ns(*process.request)) process.kill_at_ns = arrival + *delay;
    first_begin_.try_emplace(process.request->number, arrival);
    send_packet(process.fd(), to_text(Assignment{*process.request, result_.start_ns}));
  }

  void take(Process& process, Answer answer) {
    const auto number = answer.number;
    reaper_.note(answer.end_ns - answer.begin_ns);
    answer.worker = process.worker;
    answer.killed = killed_.at(static_cast<std::size_t>(number));
    // Who was killed may have been served long before the answer was heard.
    if (answer.killed > 0) answer.begin_ns = std::min(answer.begin_ns, first_begin_.at(number));
    first_begin_.erase(number);
    result_.answers.push_back(std::move(answer));
    process.request = nullptr;
    process.kill_at_ns.reset();
    if (++process.served == options_.per_process) {
      shutdown(process.fd(), SHUT_WR);  // it ends
    } else {
      assign(process);
    }
  }

  void post(Process& process) {
    auto operation = operation_of(*process.request, worker_.warehouse);
    auto answer = unanswered(*process.request, result_.start_ns);
    combiner_->submit(std::move(operation),
                      [socket = process.socket(), answer](const PostResult& result) mutable {
                        note_result(answer, result);
                        send_packet(socket->fd(), to_text(answer));
                      });
  }

  void end(Process& process) {
    const int status = process.wait();
    const auto usage = usage_of(process.usage());
    add_time(result_.usage, usage);
    result_.usage.peak_bytes = std::max(result_.usage.peak_bytes, usage.peak_bytes);
    if (!open()) throw Error(Exit::internal, how_it_ended(status));
    if (process.request == nullptr) return;
    if (killed_.at(static_cast<std::size_t>(process.request->number)) > 0) {
      waiting_.push_front(process.request);  // nobody heard an answer: it is asked again
    } else {
      fail(process, Exit::unknown_outcome, how_it_ended(status));
    }
  }

  void fail(Process& process, Exit exit, std::string message) {
    auto answer = unanswered(*process.request, result_.start_ns);
    answer.begin_ns = answer.end_ns = monotonic_ns();
    answer.exit = exit;
    answer.message = std::move(message);
    answer.worker = process.worker;
    result_.answers.push_back(std::move(answer));
    process.request = nullptr;
  }

  const ProcessOptions& options_;
  const WorkerOptions& worker_;
  const Stop& stop_;
  const Watch& watch_;
  Reaper reaper_;
  std::optional<Combiner> combiner_;
  std::deque<const Request*> waiting_;
  std::list<Process> live_;
  std::vector<std::int64_t> killed_;  // by number of the request
  std::unordered_map<std::int64_t, std::int64_t> first_begin_;
  std::size_t ready_ = 0;
  RunResult result_;
};

// Serves through the parent, who is the one writer.
Answer ask_parent(int fd, const Assignment& assignment) {
  auto answer = unanswered(assignment.request, assignment.start_ns);
  const auto begin_ns = monotonic_ns();
  std::optional<std::string> packet;
  if (send_packet(fd, post_text())) packet = receive_packet(fd);
  if (packet) {
    answer = *parse_message(*packet).answer;
  } else {
    answer.exit = Exit::unknown_outcome;
    answer.message = "the writer is gone";
  }
  answer.begin_ns = begin_ns;
  answer.end_ns = monotonic_ns();
  return answer;
}

}  // namespace

RunResult run_processes(const std::vector<Request>& requests, const ProcessOptions& options,
                        const OpenSession& open, const WorkerOptions& worker, const Stop& stop,
                        const Watch& watch) {
  auto result = ProcessRun(requests, options, open, worker, stop, watch).run();
  std::sort(result.answers.begin(), result.answers.end(),
            [](const Answer& a, const Answer& b) { return a.number < b.number; });
  return result;
}

void serve(int fd, const OpenSession& open, const WorkerOptions& options) {
  std::unique_ptr<Session> session;
  try {
    session = open();
  } catch (const Error& error) {
    send_packet(fd, to_text(error));
    throw;
  }
  if (!send_packet(fd, ready_text())) return;
  Worker worker(*session, options);
  while (const auto packet = receive_packet(fd)) {
    const auto assignment = parse_assignment(*packet);
    const auto& request = assignment.request;
    wait_for_arrival(assignment.start_ns + request.arrival_ns, [] { return false; });
    const bool through_parent = options.strategy->way == Way::combine && request.kind != Request::Kind::look;
    const auto answer =
        through_parent ? ask_parent(fd, assignment) : worker.serve(request, assignment.start_ns);
    if (!send_packet(fd, to_text(answer))) return;
  }
}

}  // namespace invctl::sim
