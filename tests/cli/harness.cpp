#include "harness.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace invctl::test {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close_fd(read);
    close_fd(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

// What the child inherits of this process: nothing that could change what it does, but for what the
// sanitizers and coverage of the build need.
std::vector<std::string> environment(const RunOptions& options, const std::string& home) {
  std::vector<std::string> env = {"HOME=" + home, "LC_ALL=C.UTF-8", "TMPDIR=" + home};
  for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS",
                           "GCOV_PREFIX", "GCOV_PREFIX_STRIP"}) {
    if (const char* value = std::getenv(name)) env.push_back(std::string(name) + "=" + value);
  }
  for (const auto& [name, value] : options.env) {
    std::erase_if(env, [&, &key = name](const std::string& entry) { return entry.starts_with(key + "="); });
    env.push_back(name + "=" + value);
  }
  return env;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (auto& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

class SpawnActions {
 public:
  SpawnActions() { check(posix_spawn_file_actions_init(&actions_)); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void use(int fd, int as) { check(posix_spawn_file_actions_adddup2(&actions_, fd, as)); }
  void open(const std::string& path, int flags, int as) {
    check(posix_spawn_file_actions_addopen(&actions_, as, path.c_str(), flags, 0600));
  }
  void chdir(const std::string& path) {
    check(posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  static void check(int error) {
    errno = error;
    if (error != 0) fail("posix_spawn_file_actions");
  }
  posix_spawn_file_actions_t actions_;
};

// Signals as a shell would start it with: the harness itself ignores SIGPIPE.
class SpawnSignals {
 public:
  SpawnSignals() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSignals() { posix_spawnattr_destroy(&attributes_); }
  SpawnSignals(const SpawnSignals&) = delete;
  SpawnSignals& operator=(const SpawnSignals&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

const std::string& shared_home() {
  static const TempDir home;
  return home.path();
}

// Reads what is there; closes `fd` at its end.
void drain(int& fd, std::string& into) {
  char buffer[65536];
  const auto n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) close_fd(fd);
}

}  // namespace

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/invctl-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) fail("mkdtemp " + path_);
}

TempDir::~TempDir() {
  if (std::getenv("INVCTL_TEST_KEEP") != nullptr) {
    std::cerr << "kept " << path_ << '\n';
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(std::string_view name, std::string_view content) const {
  const auto file = path(name);
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool file_exists(const std::string& path) {
  return std::filesystem::exists(path);
}

nlohmann::json Result::json() const {
  return nlohmann::json::parse(out);
}

nlohmann::json Result::error() const {
  const auto end = err.find_last_not_of('\n');
  if (end == std::string::npos) throw std::runtime_error("stderr is empty");
  const auto start = err.rfind('\n', end);
  return nlohmann::json::parse(err.substr(start == std::string::npos ? 0 : start + 1)).at("error");
}

std::string Result::error_code() const {
  return error().at("code").get<std::string>();
}

std::ostream& operator<<(std::ostream& stream, const Result& result) {
  return stream << "exit " << result.exit << (result.timed_out ? " (killed: its time was up)" : "")
                << "\nstdout: " << result.out << "\nstderr: " << result.err;
}

Process::Process(const std::vector<std::string>& args, const RunOptions& options)
    : stdin_text_(options.stdin_text), deadline_(std::chrono::steady_clock::now() + options.timeout) {
  static const auto ignored = ::signal(SIGPIPE, SIG_IGN);
  (void)ignored;
  std::vector<std::string> words = options.wrapper;
  words.push_back(options.binary.empty() ? INVCTL_BINARY : options.binary);
  words.insert(words.end(), args.begin(), args.end());
  auto env = environment(options, shared_home());

  Pipe in;
  Pipe out;
  Pipe err;
  SpawnActions actions;
  actions.chdir(options.cwd.empty() ? shared_home() : options.cwd);
  stdin_text_.empty() ? actions.open("/dev/null", O_RDONLY, 0) : actions.use(in.read, 0);
  options.stdout_to.empty() ? actions.use(out.write, 1)
                            : actions.open(options.stdout_to, O_WRONLY | O_CREAT, 1);
  options.stderr_to.empty() ? actions.use(err.write, 2)
                            : actions.open(options.stderr_to, O_WRONLY | O_CREAT, 2);
  const SpawnSignals signals;
  errno = ::posix_spawnp(&pid_, words[0].c_str(), actions.get(), signals.get(), pointers(words).data(),
                         pointers(env).data());
  if (errno != 0) fail("cannot run " + words[0]);
  in_ = std::exchange(in.write, -1);
  out_ = std::exchange(out.read, -1);
  err_ = std::exchange(err.read, -1);
  if (stdin_text_.empty()) close_fd(in_);
  if (in_ >= 0) ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  close_fd(in_);
  close_fd(out_);
  close_fd(err_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::exchange(Result& result) {
  std::string_view rest = stdin_text_;
  while (out_ >= 0 || err_ >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}, {in_, POLLOUT, 0}};
    if (left.count() <= 0 || ::poll(fds, 3, static_cast<int>(left.count())) == 0) {
      signal(SIGKILL);
      result.timed_out = true;
      return;
    }
    if (out_ >= 0 && fds[0].revents != 0) drain(out_, result.out);
    if (err_ >= 0 && fds[1].revents != 0) drain(err_, result.err);
    if (in_ >= 0 && fds[2].revents != 0) {
      const auto n = ::write(in_, rest.data(), rest.size());
      if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
      if (rest.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) close_fd(in_);
    }
  }
}

Result Process::wait() {
  Result result;
  exchange(result);
  int status = 0;
  // The pipes are closed before the process is gone; one that closed its own may live on.
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline_) {
      signal(SIGKILL);
      result.timed_out = true;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  pid_ = -1;
  result.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

Result run(const std::vector<std::string>& args, const RunOptions& options) {
  return Process(args, options).wait();
}

}  // namespace invctl::test
