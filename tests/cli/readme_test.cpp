// The README's sessions, typed again: what it shows is what the program says today.
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "transcript.hpp"

namespace readme_test {

using namespace invctl::test;

namespace {

std::vector<std::string> console_blocks(const std::string& markdown) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const auto& line : split_lines(markdown)) {
    if (line.starts_with("```")) {
      inside = line == "```console";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

// What differs from run to run is taken out: times, made keys, seconds; of a race all but how lines begin,
// and its charts.
std::vector<std::string> lasting(const std::vector<std::string>& lines, bool race) {
  static const std::regex time(R"(\d{4}-\d\d-\d\dT[\d:.]+Z)");
  static const std::regex key("auto-[0-9a-f]+");
  static const std::regex seconds(R"([\d.]+ s(\)?)$)");
  static const std::regex number(R"(\d[\d,.]*)");
  std::vector<std::string> result;
  for (auto line : lines) {
    if (race) {
      const auto first = line.find_first_not_of(' ');
      if (first != std::string::npos && static_cast<signed char>(line[first]) < 0) continue;
      line = std::regex_replace(line.substr(0, line.find(' ')), number, "N");
    } else {
      line = std::regex_replace(line, time, "TIME");
      line = std::regex_replace(line, key, "auto-KEY");
      line = std::regex_replace(line, seconds, "N s$1");
      line.erase(line.find_last_not_of(' ') + 1);
    }
    result.push_back(line);
  }
  return result;
}

}  // namespace

TEST_CASE("the README's tour answers as the README says") {
  if (backend_name() != "sqlite") return;
  const auto steps = steps_of(console_blocks(read_file(PROJECT_DIR "/README.md")));
  REQUIRE(steps.size() > 10);
  const TempDir directory;
  std::filesystem::create_directory_symlink(PROJECT_DIR "/data", directory.path("data"));
  const auto answers = answers_of(steps, directory, {{"INVCTL_ACTOR", "kim"}});
  REQUIRE(answers.size() == steps.size());
  bool race = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO("$ " << steps[i].command);
    race = race || steps[i].command.find("simulate-concurrency") != std::string::npos;
    CHECK(lasting(answers[i], race) == lasting(steps[i].expected, race));
  }
}

TEST_CASE("a README that shows another number is found out") {
  const auto shown = lasting({"receive 2, id auto-6f2c, reference PO-1001", "SEOUL  500  664"}, false);
  CHECK(shown == lasting({"receive 2, id auto-77aa, reference PO-1001", "SEOUL  500  664"}, false));
  CHECK(shown != lasting({"receive 2, id auto-77aa, reference PO-1001", "SEOUL  500  665"}, false));
  CHECK(shown != lasting({"receive 3, id auto-77aa, reference PO-1001", "SEOUL  500  664"}, false));
  CHECK(lasting({"sold 100 100", "busy 0"}, true) != lasting({"sold 100 100", "failed 0"}, true));
}

}  // namespace readme_test
