// The man pages and the README against the program, and the examples of the man page run as they stand.
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "manual.hpp"
#include "shell.hpp"
#include "transcript.hpp"

namespace docs_test {

using namespace invctl::test;

namespace {

const std::string manual_path = PROJECT_DIR "/man/invctl.1";
const std::string settings_path = PROJECT_DIR "/man/invctl-config.5";

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

// The page without its line `at`.
std::string without_line(const std::vector<std::string>& lines, std::size_t at) {
  auto fewer = lines;
  fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
  return join_lines(fewer);
}

// Whether `line` is `pattern`, in which "..." stands for anything.
bool is_like(const std::string& line, const std::string& pattern) {
  std::size_t at = 0;
  std::size_t from = 0;
  for (bool first = true;; first = false) {
    const auto dots = pattern.find("...", from);
    const auto piece = pattern.substr(from, dots == std::string::npos ? dots : dots - from);
    const bool last = dots == std::string::npos;
    if (first && line.compare(0, piece.size(), piece) != 0) return false;
    if (last && first) return line == pattern;
    if (last) return line.size() >= at + piece.size() && line.ends_with(piece);
    at = line.find(piece, at);
    if (at == std::string::npos) return false;
    at += piece.size();
    from = dots + 3;
  }
}

}  // namespace

TEST_CASE("the man page has every command, option, exit status and variable, and no other") {
  const auto declared = ask_program();
  REQUIRE(declared.commands.size() > 8);
  REQUIRE(declared.exits.size() == 15);
  REQUIRE(declared.everywhere.size() > 10);
  for (const auto& complaint : check_manual(read_file(manual_path), declared)) FAIL_CHECK(complaint);
}

TEST_CASE("the check of the man page sees each heading, option and exit status that is taken away") {
  const auto declared = ask_program();
  const auto lines = split_lines(read_file(manual_path));
  std::size_t tried = 0;
  std::string heading;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with(".Sh ")) heading = lines[i].substr(4);
    const bool item =
        lines[i].starts_with(".It Fl ") || (heading == "EXIT STATUS" && lines[i].starts_with(".It "));
    const bool command = heading == "COMMANDS" && lines[i].starts_with(".Ss ");
    if ((!item && !command) || lines[i] == ".It 130 , 143") continue;
    ++tried;
    INFO("line " << i + 1 << ": " << lines[i]);
    CHECK_FALSE(check_manual(without_line(lines, i), declared).empty());
  }
  CHECK(tried > 60);
}

TEST_CASE("the check of the man page sees an option, a command and an exit status that do not exist") {
  const auto declared = ask_program();
  const auto page = read_file(manual_path);
  const auto with = [&](const std::string& after, const std::string& added) {
    const auto at = page.find(after + "\n");
    REQUIRE(at != std::string::npos);
    auto more = page;
    more.insert(at + after.size() + 1, added + "\n");
    return check_manual(more, declared);
  };
  CHECK(with(".It Fl -below-reorder", ".It Fl -above-reorder").size() >= 1);
  CHECK(with(".Ss stock", ".Fl -reason").empty());  // it is somebody's, and no item
  CHECK(with(".It Fl -below-reorder", ".It Fl -reason Ar TEXT").size() == 1);
  CHECK(with(".It 7 invariant", ".It 14 nonsense").size() == 1);
  CHECK(with(".It 7 invariant", ".It 7 nonsense").size() == 1);
}

TEST_CASE("the program's own answer decides: a new option without a word in the man page is found") {
  auto declared = ask_program();
  declared.options["ship"].push_back({"--carrier"});
  CHECK_FALSE(check_manual(read_file(manual_path), declared).empty());
  declared = ask_program();
  declared.commands.emplace_back("teleport");
  CHECK_FALSE(check_manual(read_file(manual_path), declared).empty());
  declared = ask_program();
  declared.subcommands["product"].emplace_back("rename");
  CHECK_FALSE(check_manual(read_file(manual_path), declared).empty());
  declared = ask_program();
  declared.exits.emplace_back("99", "teleported");
  CHECK_FALSE(check_manual(read_file(manual_path), declared).empty());
}

TEST_CASE("invctl-config(5) has every setting with its variable, and no other") {
  const auto declared = ask_program();
  const auto page = read_file(settings_path);
  REQUIRE(declared.settings.size() > 10);
  for (const auto& complaint : check_settings(page, declared)) FAIL_CHECK(complaint);

  const auto lines = split_lines(page);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with(".It Ic ")) continue;
    INFO(lines[i]);
    CHECK_FALSE(check_settings(without_line(lines, i), declared).empty());
  }
  auto more = declared;
  more.settings.emplace_back("teleport", "INVCTL_TELEPORT");
  CHECK(check_settings(page, more).size() == 1);
}

TEST_CASE("the example of a configuration file is one") {
  const TempDir directory;
  const auto examples = displays(read_file(settings_path), "EXAMPLES");
  REQUIRE(examples.size() == 1);
  const auto file = directory.write("config.toml", examples[0]);
  const auto result = run({"--config", file, "--log-file", directory.path("log"), "config", "--json"});
  INFO(result);
  REQUIRE(result.exit == 0);
  std::size_t from_file = 0;
  for (const auto& setting : result.json()) {
    const auto origin = setting.at("origin").get<std::string>();
    from_file += origin.starts_with(file) ? 1U : 0U;
  }
  CHECK(from_file == 4);  // and log-file, which the flag has beaten
}

TEST_CASE("the README's table has a row for every command and every exit code, and no other") {
  const auto declared = ask_program();
  const auto readme = read_file(PROJECT_DIR "/README.md");
  for (const auto& complaint : check_readme(readme, declared)) FAIL_CHECK(complaint);

  const auto lines = split_lines(readme);
  std::size_t tried = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("| `")) continue;
    ++tried;
    CHECK(check_readme(without_line(lines, i), declared).size() == 1);
  }
  CHECK(tried == declared.commands.size());
  CHECK(check_readme(readme + "| `teleport` | no |\n", declared).size() == 1);
}

TEST_CASE("the examples of the man page do what they say") {
  if (backend_name() != "sqlite") return;
  const TempDir directory;
  const auto steps = steps_of(displays(read_file(manual_path), "EXAMPLES"));
  REQUIRE(steps.size() > 20);
  const auto answers = answers_of(steps, directory);
  REQUIRE(answers.size() == steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO("$ " << steps[i].command << "\nanswered:\n" << join_lines(answers[i]));
    REQUIRE(answers[i].size() == steps[i].expected.size());
    for (std::size_t j = 0; j < answers[i].size(); ++j) {
      INFO("line: " << answers[i][j] << "\nman page: " << steps[i].expected[j]);
      CHECK(is_like(answers[i][j], steps[i].expected[j]));
    }
  }
}

TEST_CASE("what stands for anything in an example stands for nothing else") {
  CHECK(is_like("in 0.002 s", "in ... s"));
  CHECK_FALSE(is_like("in 0.002 min", "in ... s"));
  CHECK_FALSE(is_like("took 0.002 s", "in ... s"));
  CHECK(is_like("hint: nothing is changed; repair it", "hint: nothing ..."));
  CHECK_FALSE(is_like("receive 1", "receive 2"));
  CHECK_FALSE(is_like("receive 11", "receive 1"));
  CHECK(is_like("a b c", "a...b...c"));
  CHECK_FALSE(is_like("a c b", "a...b...c"));
}

TEST_CASE("every command's --help names its man page's example or shows one of its own") {
  for (const auto& command : ask_program().commands) {
    const auto result = run({command, "--help"});
    INFO(command << '\n' << result);
    CHECK(result.exit == 0);
    CHECK(result.out.find("Example: invctl " + command) != std::string::npos);
  }
}

TEST_CASE("the man pages are clean mdoc that fits 80 columns") {
  if (!have_program("mandoc")) return;
  const TempDir directory;
  for (const auto& page : {manual_path, settings_path}) {
    const auto lint = run_script("sh", "mandoc -T lint -W warning " + quoted_for_shell(page), directory);
    INFO(lint);
    CHECK(lint.exit == 0);
    CHECK(lint.out.empty());
    const auto shown = run_script(
        "sh", "mandoc -T utf8 -O width=80 " + quoted_for_shell(page) + " | sed 's/.\\x08//g'", directory);
    const auto lines = split_lines(shown.out);
    CHECK(lines.size() > 50);
    for (const auto& line : lines) {
      INFO(line);
      // Code points are columns here: the pages hold no wide characters.
      CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }) <= 80);
    }
  }
}

}  // namespace docs_test
