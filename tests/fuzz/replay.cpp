// fuzz_replay TARGET FILE-OR-DIRECTORY...: runs stored inputs through a target, and says how many there were.
// Exit 1 where a promise was broken, 2 where there is nothing to run. The target `canary` shows that it
// notices.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz.hpp"

namespace invctl::fuzz {

void broken(const std::string& promise, std::string_view detail) {
  throw Broken{promise + "\n" + std::string(detail)};
}

namespace {

namespace fs = std::filesystem;

// Any input breaks it, so a replay of it must fail.
const bool canary_added = add_target("canary", [](std::string_view) { broken("the canary lives"); });

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
