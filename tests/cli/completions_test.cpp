// What the program offers to the shells.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "harness.hpp"
#include "hostile_codes.hpp"

namespace completions_test {

using namespace invctl::test;

namespace {

using Words = std::vector<std::string>;

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Offer {
  std::string place, kept;
  Words words;

  bool has(const std::string& word) const {
    return std::find(words.begin(), words.end(), word) != words.end();
  }
};

Offer parse_offer(const Result& result) {
  INFO(result);
  CHECK(result.exit == 0);
  CHECK(result.err.empty());
  auto lines = lines_of(result.out);
  REQUIRE(!lines.empty());
  Offer offer;
  offer.place = lines[0].substr(0, lines[0].find('\t'));
  offer.kept = lines[0].substr(lines[0].find('\t') + 1);
  for (std::size_t i = 1; i < lines.size(); ++i)
    offer.words.push_back(lines[i].substr(0, lines[i].find('\t')));
  return offer;
}

Words complete_arguments(const Words& line) {
  Words arguments = {"complete", "line", "invctl"};
  arguments.insert(arguments.end(), line.begin(), line.end());
  return arguments;
}

Offer offer(Database& database, const Words& line) {
  return parse_offer(database.run(complete_arguments(line)));
}
Offer offer(const Words& line) {
  return parse_offer(run(complete_arguments(line)));
}

// The words before the first tab of `invctl complete ...`.
Words asked(const Words& arguments) {
  Words words = {"complete"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Words found;
  for (const auto& line : lines_of(run(words).out)) found.push_back(line.substr(0, line.find('\t')));
  return found;
}

// Every command, with its subcommands where it has some.
std::vector<Words> all_commands() {
  std::vector<Words> all;
  for (const auto& command : asked({"commands"})) {
    const auto subs = asked({"commands", command});
    if (subs.empty()) all.push_back({command});
    for (const auto& sub : subs) all.push_back({command, sub});
  }
  return all;
}

}  // namespace

TEST_CASE("every command and each of its options is offered") {
  const auto commands = asked({"commands"});
  REQUIRE(commands.size() > 8);
  CHECK(offer(Words{""}).words == commands);
  for (const auto& command : all_commands()) {
    auto line = command;
    line.emplace_back("-");
    const auto found = offer(line);
    Words path = {"options"};
    path.insert(path.end(), command.begin(), command.end());
    auto options = asked(path);
    for (const auto& option : asked({"options"})) options.push_back(option);
    for (const auto& option : options) {
      INFO(command.back() << " " << option);
      CHECK(found.has(option));
      CHECK(std::count(found.words.begin(), found.words.end(), option) == 1);
    }
  }
}

TEST_CASE("an option that was given is not offered again, unless it may be repeated") {
  CHECK_FALSE(offer(Words{"stock", "--json", "--sku", "X", "--"}).has("--sku"));
  CHECK_FALSE(offer(Words{"stock", "--json", "--sku", "X", "--"}).has("--json"));
  CHECK(offer(Words{"seed-from-csv", "--map", "stock.sku=A", "--"}).has("--map"));
}

TEST_CASE("values that are offered are accepted, and another is not") {
  Database database;
  database.must({"warehouse", "add", "W"});
  const auto file = database.dir().write("p.csv", "sku\nA\n");
  const std::vector<std::pair<std::string, Words>> uses = {
      {"--format", {"config"}},
      {"--color", {"config"}},
      {"--log-level", {"config"}},
      {"--log-format", {"config"}},
      {"--kind", {"history"}},
      {"--on-duplicate", {"seed-from-csv", "--products", file}},
      {"--mode", {"simulate-concurrency", "--buyers", "2", "--stock", "1", "--window", "0"}},
      {"--arrivals", {"simulate-concurrency", "--buyers", "2", "--stock", "1", "--window", "0"}},
      {"--scenario", {"simulate-concurrency", "--buyers", "2", "--stock", "1", "--window", "0"}},
  };
  for (const auto& [option, command] : uses) {
    auto line = command;
    line.push_back(option);
    auto typed = line;
    typed.emplace_back("");
    const auto values = offer(typed).words;
    CHECK(!values.empty());
    for (const auto& value : values) {
      auto use = line;
      if (value == "replay") continue;  // it needs a file
      use.push_back(value);
      INFO(option << " " << value);
      CHECK(database.run(use).exit == 0);
    }
    auto use = line;
    use.emplace_back("bogus");
    CHECK(database.run(use).exit == 2);
  }
  CHECK(offer(Words{"simulate-concurrency", "--strategy", ""}).words ==
        Words{"pessimistic", "conditional", "optimistic", "advisory", "serializable", "reserve", "combined",
              "guards-only", "advisory-ttl", "none"});
  CHECK(offer(Words{"--format=js"}).words == Words{"--format=json"});
}

TEST_CASE("warehouses and SKUs come from the database, where they belong") {
  Database database;
  add_hostile_codes(database);
  auto sorted = hostile_warehouses;
  std::sort(sorted.begin(), sorted.end());
  for (const Words& line : {Words{"receive", "-w", ""}, Words{"stock", "--warehouse", ""},
                            Words{"warehouse", "retire", ""}, Words{"warehouse", "show", ""}}) {
    CHECK(offer(database, line).words == sorted);
  }
  CHECK(offer(database, {"ship", "-wEA"}).words == Words{"-wEAST"});
  CHECK(offer(database, {"ship", "--warehouse=서"}).words == Words{"--warehouse=서울 창고"});
  CHECK(offer(database, {"warehouse", "add", ""}).words.empty());

  const auto lines = offer(database, {"ship", "-w", "EAST", "BOLT"});
  CHECK(lines.place == "parts");
  CHECK(lines.words == Words{"BOLT 12=", "BOLT-10="});
  CHECK(offer(database, {"ship", "BOLT-10=3", "a"}).words == Words{"a@b:c=", "a\\b;c="});
  CHECK(offer(database, {"ship", "BOLT-10="}).words.empty());
  CHECK(offer(database, {"ship", "Ω="}).words == Words{"Ω=weird="});
  CHECK(offer(database, {"ship", "--", "-"}).words == Words{"-dash="});
  CHECK(offer(database, {"ship", "[x]"}).words == Words{"[x]="});
  const auto skus = offer(database, {"history", "--sku", ""});
  CHECK(skus.place == "words");
  CHECK(skus.words.size() == hostile_skus.size());
  CHECK(offer(database, {"product", "show", "볼"}).words == Words{"볼트"});
  CHECK(offer(database, {"product", "show", "볼트", ""}).words.empty());
}

TEST_CASE("a line that names its database is completed from that one") {
  Database database;
  database.must({"warehouse", "add", "EAST"});
  CHECK(offer(Words{"--db", database.url(), "stock", "-w", ""}).words == Words{"EAST"});
  CHECK(offer(Words{"stock", "--db=" + database.url(), "-w", ""}).words == Words{"EAST"});
  const auto config = database.dir().write("c.toml", "db = \"" + database.url() + "\"\n");
  CHECK(offer(Words{"--config", config, "stock", "-w", ""}).words == Words{"EAST"});
}

TEST_CASE("what cannot be completed is silence, not a complaint") {
  const TempDir directory;
  const auto broken = directory.write("broken.db", "this is no database, only some text of no consequence");
  const auto config = directory.write("broken.toml", "db = [\n");
  const Environment environments[] = {
      {{"INVCTL_DB", "sqlite:" + directory.path("none.db")}},
      {{"INVCTL_DB", "sqlite:" + broken}},
      {{"INVCTL_DB", "mysql://root@127.0.0.1:1/none"}},
      {{"INVCTL_DB", "nonsense://"}},
      {{"INVCTL_CONFIG", config}},
      {{"INVCTL_LOG_LEVEL", "debug"}, {"INVCTL_DB", "sqlite:" + broken}},
  };
  for (const auto& env : environments) {
    for (const Words& line : {Words{"stock", "-w", ""}, Words{"ship", ""}}) {
      const auto result = run(complete_arguments(line), {.env = env});
      INFO(result);
      CHECK(result.exit == 0);
      CHECK(result.err.empty());
      CHECK(result.out.empty());
    }
    // What needs no database is offered all the same.
    CHECK(parse_offer(run(complete_arguments({"sto"}), {.env = env})).words == Words{"stock"});
  }
  CHECK(offer(Words{"nonsense", ""}).words.empty());
  CHECK(offer(Words{"stock", "--nonsense=", ""}).words.size() > 10);
  CHECK(offer(Words{"stock", "\xff\xfe"}).words.empty());
  const auto nothing = run({"complete", "nonsense"});
  CHECK((nothing.exit == 0 && nothing.out.empty() && nothing.err.empty()));
}

TEST_CASE("files and directories are left to the shell") {
  CHECK(offer(Words{"--config", "x"}).place == "files");
  const auto after_scheme = offer(Words{"--db=sqlite:sh"});
  CHECK(after_scheme.place == "files");
  CHECK(after_scheme.kept == "--db=sqlite:");
  CHECK(offer(Words{"seed-from-csv", ""}).place == "directories");
}

TEST_CASE("a list that is cut ends with the last of all") {
  Database database;
  std::string csv = "sku\n";
  for (int i = 0; i < 1000; ++i) csv += "1" + std::to_string(1000 + i) + "\n";
  csv += "2\n";
  database.must({"seed-from-csv", "--products", database.dir().write("p.csv", csv)});
  const auto words = offer(database, {"stock", "--sku", ""}).words;
  CHECK(words.size() < 1000);
  // Else a shell would complete the 1 that all the listed ones share.
  CHECK(words.back() == "2");
  CHECK(std::is_sorted(words.begin(), words.end()));
}

}  // namespace completions_test
