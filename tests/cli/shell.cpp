#include "shell.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <stdexcept>

namespace invctl::test {

namespace {

constexpr std::chrono::seconds patience{10};

Environment shell_environment(const TempDir& directory, const Environment& env) {
  const auto here = std::filesystem::path(INVCTL_BINARY).parent_path().string();
  Environment all = {{"PATH", here + ":/usr/local/bin:/usr/bin:/bin"},
                     {"HOME", directory.path()},
                     {"LC_ALL", "C.UTF-8"},
                     {"TERM", "dumb"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) all.emplace_back(name, value);
  }
  all.insert(all.end(), env.begin(), env.end());
  return all;
}

}  // namespace

bool have_program(const std::string& name) {
  const auto found = std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
  static std::set<std::string> said;
  if (!found && said.insert(name).second) std::cerr << name << " is not installed: not tested\n";
  return found;
}

std::string quoted_for_shell(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result run_script(const std::string& shell, const std::string& script, const TempDir& directory,
                  const Environment& env) {
  const TempDir files;
  const auto file = files.write("script", script);
  std::string command = "cd " + quoted_for_shell(directory.path()) + " && exec env -i";
  for (const auto& [name, value] : shell_environment(directory, env)) {
    command += " " + name + "=" + quoted_for_shell(value);
  }
  command += " " + shell + " " + quoted_for_shell(file) + " </dev/null >" +
             quoted_for_shell(files.path("out")) + " 2>" + quoted_for_shell(files.path("err"));
  const int status = std::system(command.c_str());
  Result result;
  result.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.out = read_file(files.path("out"));
  result.err = read_file(files.path("err"));
  return result;
}

Terminal::Terminal(const std::vector<std::string>& command, const TempDir& directory,
                   const Environment& env) {
  std::vector<std::string> words = command;
  std::vector<std::string> settings;
  for (const auto& [name, value] : shell_environment(directory, env)) settings.push_back(name + "=" + value);
  std::vector<char*> argv;
  std::vector<char*> environment;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& setting : settings) environment.push_back(setting.data());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  // Wide enough that no line is wrapped.
  winsize size{};
  size.ws_row = 50;
  size.ws_col = 200;
  pid_ = forkpty(&fd_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("no terminal can be made");
  if (pid_ == 0) {
    if (chdir(directory.path().c_str()) == 0) execvpe(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  close(fd_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Terminal::type(const std::string& keys) {
  if (write(fd_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("the terminal does not take what is typed");
  }
}

std::string Terminal::read_until(const std::string& mark) {
  std::string seen;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (seen.find(mark) == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd_, POLLIN, 0};
    char buffer[4096];
    ssize_t n = 0;
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0 ||
        (n = read(fd_, buffer, sizeof buffer)) <= 0) {
      throw std::runtime_error("no " + mark + " on the terminal, only: " + seen);
    }
    seen.append(buffer, static_cast<std::size_t>(n));
  }
  return seen;
}

}  // namespace invctl::test
