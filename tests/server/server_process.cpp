#include "server/server_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace invctl::test {

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

void run_program(const std::string& program, const std::vector<std::string>& words) {
  std::vector<std::string> all = {program};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (auto& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  int status = 0;
  if (posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv.data(), environ) != 0 ||
      waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(program + " " + words.at(0) + " failed");
  }
}

void kill_and_wait(int pid) {
  kill(pid, SIGKILL);
  const auto running = [&] {
    const auto state = first_line("/proc/" + std::to_string(pid) + "/stat").value_or("Z");
    return state.find(") Z") == std::string::npos && state != "Z";
  };
  while (running()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace invctl::test
