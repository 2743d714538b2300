// fuzz_replay TARGET FILE-OR-DIRECTORY...: runs stored inputs through a target, and says how many there were.
// Exit 1 where a promise was broken, 2 where there is nothing to run. The target `canary` shows that it
// notices.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "fuzz.hpp"
#include "sandbox.hpp"

namespace invctl::fuzz {

void broken(const std::string& promise, std::string_view detail) {
  throw Broken{promise + "\n" + std::string(detail)};
}

namespace {

namespace fs = std::filesystem;

// Any input breaks it, so a replay of it must fail.
const bool canary_added = add_target("canary", [](std::string_view) { broken("the canary lives"); });

// What enter_sandbox() promises. It may not be able to keep others from being written to; stays_here() does
// that.
void check_sandbox(std::string_view) {
  for (const auto* harmless : {"stock", "input", "new/file", "mysql://u@host/db", "a=b", "-"})
    require(stays_here(harmless), "a harmless word is let through", harmless);
  for (const auto* harmful :
       {"/etc/passwd", "../up", "sqlite:/tmp/x", "--db=/x", "a//b", "a/../../b", "./x/..", "~/x"})
    require(!stays_here(harmful), "a path that leads away is not", harmful);
  require(socket(AF_UNIX, SOCK_STREAM, 0) >= 0, "before it there are sockets");
  enter_sandbox({"."});
  require(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM, "no network is reached");
  require(fork() < 0 && errno == EPERM, "no process is made");
  char word[] = "true";
  char* const words[] = {word, nullptr};
  require(execv("/bin/true", words) < 0 && errno == EPERM, "no program is started");
  require(kill(getppid(), 0) < 0 && errno == EPERM, "nobody else is sent a signal");
  bool ran = false;
  std::thread([&] { ran = true; }).join();
  require(ran, "threads are made as before");
  require(open("/dev/null", O_WRONLY) >= 0, "nothing can be written to nowhere");
}
const bool sandbox_added = add_target("sandbox", check_sandbox);

std::vector<fs::path> inputs_of(int argc, char** argv) {
  std::vector<fs::path> inputs;
  for (int i = 2; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      inputs.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) inputs.push_back(entry.path());
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Broken{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>(file), {}};
}

int replay(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const auto found = std::find_if(targets().begin(), targets().end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  const auto inputs = inputs_of(argc, argv);
  if (found == targets().end() || inputs.empty()) {
    std::fprintf(stderr, "fuzz_replay TARGET FILE-OR-DIRECTORY...: no such target, or no input\n");
    return 2;
  }
  int bad = 0;
  for (const auto& input : inputs) {
    try {
      found->target(read(input));
    } catch (const Broken& why) {
      std::fprintf(stderr, "BROKEN by %s: %s\n", input.c_str(), why.message.c_str());
      ++bad;
    }
  }
  std::printf("%s: %zu inputs, %d broken\n", name.c_str(), inputs.size(), bad);
  return bad > 0 ? 1 : 0;
}

}  // namespace
}  // namespace invctl::fuzz

int main(int argc, char** argv) {
  return invctl::fuzz::replay(argc, argv);
}
