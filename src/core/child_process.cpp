#include "core/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {

constexpr std::size_t most_kept = std::size_t{1} << 20;

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw Error(Exit::internal, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    ours = ends[0];
    theirs = ends[1];
  }
  ~Pipe() {
    close_ours();
    close_theirs();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_ours() {
    if (ours >= 0) close(ours);
    ours = -1;
  }
  void close_theirs() {
    if (theirs >= 0) close(theirs);
    theirs = -1;
  }
  int ours = -1, theirs = -1;
};

class Child {
 public:
  Child(const std::vector<std::string>& words, const ChildOptions& options) {
    auto arguments = words;
    auto environment = merged_environment(options.environment);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_.theirs, STDOUT_FILENO);
    if (options.capture_err) posix_spawn_file_actions_adddup2(&actions, err_.theirs, STDERR_FILENO);
    // Which this program ignores: others need not know that they could be.
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int failure = posix_spawnp(&pid_, words.front().c_str(), &actions, &attributes,
                                     c_pointers(arguments).data(), c_pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    out_.close_theirs();
    err_.close_theirs();
    if (failure == 0) return;
    pid_ = -1;
    throw Error(failure == ENOENT ? Exit::not_found : Exit::internal,
                fmt::format("cannot start {}: {}", text::quoted(words.front()), std::strerror(failure)));
  }
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ChildResult finish() {
    ChildResult result;
    while (out_.ours >= 0 || err_.ours >= 0) {
      pollfd watched[] = {{out_.ours, POLLIN, 0}, {err_.ours, POLLIN, 0}};  // -1 is left out
      if (poll(watched, 2, -1) < 0 && errno != EINTR) break;
      if (watched[0].revents != 0) take(out_, result.out);
      if (watched[1].revents != 0) take(err_, result.err);
    }
    const int status = wait();
    result.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
  }

 private:
  static void take(Pipe& pipe, std::string& into) {
    char bytes[16384];
    const auto size = read(pipe.ours, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) return pipe.close_ours();
    into.append(bytes, std::min(static_cast<std::size_t>(size), most_kept - into.size()));
  }

  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  Pipe out_, err_;
  pid_t pid_ = -1;
};

}  // namespace

ChildResult run_child(const std::vector<std::string>& words, const ChildOptions& options) {
  return Child(words, options).finish();
}

std::vector<std::string> merged_environment(const std::vector<std::string>& own) {
  std::vector<std::string> merged = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('=') + 1);
    const bool replaced =
        std::any_of(own.begin(), own.end(), [&](const std::string& o) { return o.starts_with(name); });
    if (!replaced) merged.emplace_back(text);
  }
  return merged;
}

std::vector<char*> c_pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace invctl
