// The same random scripts on SQLite and on a server: every answer, exit code and row must be the same, but
// for what differs by nature (times, identities made at random, ids of rows). INVCTL_TEST_SEED repeats a run,
// INVCTL_TEST_SCRIPTS (default 4) says how many scripts it has.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <regex>
#include <set>

#include "cli/harness.hpp"

namespace differential_test {

using namespace invctl::test;
using nlohmann::json;

namespace {

constexpr int commands_per_script = 110;

using Words = std::vector<std::string>;

// A command as a script has it. `#3` stands for the id of the third operation of the ledger, wherever it is
// run.
struct Command {
  Words words;
  std::string file;  // written as input.csv first, where it is not empty
};

class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  Command next() {
    // Not at once what every other command would be refused for.
    if (++count_ <= 8) return {start_[static_cast<std::size_t>(count_) - 1], ""};
    const int what = number(0, 99);
    if (what < 14) return change("receive", true);
    if (what < 26) return change("ship", true);
    if (what < 38) return purchase();
    if (what < 48) return adjust();
    if (what < 54) return reverse();
    if (what < 62 && !keyed_.empty()) return again();
    if (what < 70) return apply();
    if (what < 80) return catalogue();
    return read();
  }

 private:
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(number(0, static_cast<int>(list.size()) - 1))];
  }
  bool seldom() { return number(0, 9) == 0; }

  // Codes that differ by case, by width, by a leading zero; some that do not exist or are none.
  std::string sku() {
    return seldom() ? one_of(strange_) : one_of(Words{"BOLT-1", "bolt-1", "00123", "123", "나사", "ねじ"});
  }
  std::string warehouse() { return seldom() ? one_of(strange_) : one_of(Words{"EAST", "West", "북쪽"}); }
  std::string quantity() {
    if (seldom()) {
      return one_of(
          Words{"0", "-1", "1.5", "x", "", "9223372036854775807", "9223372036854775808", "010", "+4", " 5"});
    }
    return std::to_string(number(1, 60));
  }
  std::string line() { return sku() + "=" + quantity(); }
  Words lines() {
    Words out{line()};
    while (number(0, 2) == 0) out.push_back(line());
    return out;
  }

  Command keyed(Words words) {
    if (number(0, 2) == 0) words.insert(words.end(), {"--ref", "ref " + std::to_string(number(1, 3))});
    if (number(0, 5) == 0)
      words.insert(words.end(), {"--note", one_of(Words{"", "a\tb\\n", "메모 📦", "it's \"so\""})});
    if (number(0, 1) == 0) {
      words.insert(words.end(), {"--id", seldom() ? one_of(strange_) : "k" + std::to_string(number(1, 40))});
      keyed_.push_back(words);
    }
    if (seldom()) words.push_back("--dry-run");
    return {words, ""};
  }
  Command change(const std::string& kind, bool place) {
    Words words{kind};
    if (place && !seldom()) words.insert(words.end(), {"-w", warehouse()});
    for (auto& l : lines()) words.push_back(l);
    return keyed(words);
  }
  Command purchase() {
    Words words{"purchase"};
    if (number(0, 1) == 0) words.insert(words.end(), {"-w", warehouse()});
    if (!seldom()) words.insert(words.end(), {"--user", one_of(Words{"ann", "보라", "bob"})});
    for (auto& l : lines()) words.push_back(l);
    return keyed(words);
  }
  Command adjust() {
    Words words{"adjust", "-w", warehouse()};
    if (!seldom()) words.insert(words.end(), {"--reason", one_of(Words{"counted", "broken", "found"})});
    if (number(0, 2) == 0) {
      words.push_back(sku() + "=" + std::to_string(number(0, 50)));
      words.push_back("--set");
      if (number(0, 1) == 0) words.insert(words.end(), {"--expect", std::to_string(number(0, 60))});
    } else {
      words.push_back(sku() + "=" + one_of(Words{"+", "-"}) + std::to_string(number(1, 30)));
    }
    return keyed(words);
  }
  Command reverse() {
    Words words{"reverse",
                seldom() ? one_of(Words{"0", "-3", "x", "999999"}) : "#" + std::to_string(number(1, 40))};
    if (!seldom()) words.insert(words.end(), {"--reason", "a mistake"});
    return keyed(words);
  }
  // The same request with its id, or another one under it.
  Command again() {
    auto words = one_of(keyed_);
    if (number(0, 2) == 0) words.insert(words.begin() + 1, line());
    return {words, ""};
  }
  Command apply() {
    std::string rows = "doc,kind,warehouse,sku,quantity,user,reason\n";
    const int document = number(1, 1000);
    for (int i = 0, n = number(1, 12); i < n; ++i) {
      const auto kind =
          seldom() ? "steal" : one_of(Words{"receive", "receive", "ship", "purchase", "adjust"});
      rows += std::to_string(document + i / 2) + "," + kind + "," + warehouse() + "," + sku() + "," +
              quantity() + "," + (kind == "purchase" ? "ann" : "") + "," + (kind == "adjust" ? "count" : "") +
              "\n";
    }
    Words words{"apply", "input.csv", "--group-by", "doc"};
    if (number(0, 1) == 0) {
      words.insert(words.end(), {"--on-error", "skip", "--rejects", "rejects.csv", "--batch",
                                 std::to_string(number(1, 4))});
    }
    if (seldom()) words.push_back("--dry-run");
    if (number(0, 3) == 0) words.insert(words.end(), {"--source", "shop"});
    return {words, rows};
  }
  Command catalogue() {
    switch (number(0, 6)) {
      case 0:
        return {{"warehouse", "add", one_of(Words{"EAST", "New", "ほく"}), "--name",
                 one_of(Words{"", "a b", "倉庫"})},
                ""};
      case 1:
        return {{"warehouse", "retire", warehouse()}, ""};
      case 2:
        return {{"warehouse", "retire", warehouse(), "--undo"}, ""};
      case 3:
        return {{"product", "add", sku(), "--price",
                 one_of(Words{"1", "0.05", "1.005", "-1", "1e3", "12345678901234567890"})},
                ""};
      case 4:
        return {{"product", "set", sku(), "--price", one_of(Words{"2.50", "3"}), "--reorder-point",
                 std::to_string(number(-1, 20))},
                ""};
      case 5:
        return {{"product", "retire", sku()}, ""};
      default:
        return {{"product", "retire", sku(), "--undo"}, ""};
    }
  }
  Command read() {
    switch (number(0, 9)) {
      case 0:
        return {{"stock"}, ""};
      case 1:
        return {{"stock", "-w", warehouse(), "--below-reorder"}, ""};
      case 2:
        return {{"stock", "--sku", sku()}, ""};
      case 3:
        return {{"history", "--limit", std::to_string(number(1, 15))}, ""};
      case 4:
        return {{"history", "--sku", sku(), "--kind",
                 one_of(Words{"receive", "ship", "purchase", "adjust", "reverse"})},
                ""};
      case 5:
        return {{"history", "--user", "ann", "-w", warehouse()}, ""};
      case 6:
        return {{"history", "--operation", "#" + std::to_string(number(1, 30))}, ""};
      case 7:
        return {{"product", "show", sku()}, ""};
      case 8:
        return {{one_of(Words{"product", "warehouse"}), "list"}, ""};
      default:
        return {{"verify"}, ""};
    }
  }

  std::mt19937 random_;
  int count_ = 0;
  std::vector<Words> keyed_;
  const Words strange_{"NOWHERE", "", " x", "tab\tin", std::string(65, 'z'), "e\xcc\x81"};
  const std::vector<Words> start_{{"warehouse", "add", "EAST", "--name", "East"},
                                  {"warehouse", "add", "West", "--name", "West"},
                                  {"warehouse", "add", "북쪽", "--name", "북쪽 창고"},
                                  {"product", "add", "BOLT-1", "--price", "1.25", "--reorder-point", "20"},
                                  {"product", "add", "bolt-1", "--price", "2"},
                                  {"product", "add", "00123", "--price", "0.99"},
                                  {"product", "add", "나사", "--name", "십자 나사", "--price", "3"},
                                  {"product", "add", "ねじ"}};
};

// A database on one of the engines, and what its answers look like without what differs by nature.
class Side {
 public:
  explicit Side(const std::string& engine) : database_("USD", engine) {}

  Database& database() { return database_; }

  std::string run(const Command& command) {
    if (!command.file.empty()) database_.dir().write("input.csv", command.file);
    auto words = command.words;
    for (auto& word : words) {
      if (word.size() > 1 && word[0] == '#') word = std::to_string(id_of(std::stoul(word.substr(1))));
    }
    words.push_back("--json");
    const auto result = database_.run(words, {.env = {{"INVCTL_ACTOR", "tester"}}});
    if (result.exit == 1 || result.exit > 20) FAIL("invctl failed: " << result);
    auto told = "exit " + std::to_string(result.exit) + "\n" + plain(result.out) + plain(result.err);
    if (file_exists(database_.dir().path("rejects.csv")))
      told += read_file(database_.dir().path("rejects.csv"));
    std::filesystem::remove(database_.dir().path("rejects.csv"));
    return told;
  }

  // The ledger and the balances, in an order that is the same everywhere.
  std::string everything() {
    std::string told;
    const auto exported = database_.must({"export"});
    std::size_t from = 0;
    for (std::size_t end = 0; (end = exported.out.find('\n', from)) != std::string::npos; from = end + 1) {
      told += plain(exported.out.substr(from, end - from)) + "\n";
    }
    for (const auto* sql :
         {"SELECT w.code, p.sku, i.on_hand, i.reserved, i.version, i.opening FROM inventory i JOIN warehouse "
          "w ON "
          "w.id = i.warehouse_id JOIN product p ON p.id = i.product_id ORDER BY w.code, p.sku",
          "SELECT o.idempotency_key, m.line, m.kind, m.version, m.on_hand_delta, m.reserved_delta, "
          "m.on_hand_after, "
          "m.reserved_after FROM movement m JOIN operation o ON o.id = m.operation_id ORDER BY "
          "m.operation_id, m.line",
          "SELECT u.line, u.user_name, p.sku, w.code, u.quantity, u.unit_price_minor, u.total_minor FROM "
          "purchase u "
          "JOIN product p ON p.id = u.product_id JOIN warehouse w ON w.id = u.warehouse_id ORDER BY "
          "u.operation_id, "
          "u.line",
          "SELECT kind, outcome, actor, reference, reason, note, tool_version, result FROM operation ORDER "
          "BY id"}) {
      for (const auto& row : database_.rows(sql)) {
        for (const auto& field : row) told += plain(field) + "|";
        told += "\n";
      }
    }
    return told;
  }

 private:
  void read_ids() {
    ids_.clear();
    for (const auto& row : database_.rows("SELECT id FROM operation ORDER BY id"))
      ids_.push_back(std::stoll(row[0]));
  }
  std::int64_t id_of(std::size_t rank) {
    read_ids();
    return rank <= ids_.size() ? ids_[rank - 1] : 888'888;
  }
  std::string rank_of(std::int64_t id) {
    if (std::find(ids_.begin(), ids_.end(), id) == ids_.end()) read_ids();
    const auto found = std::find(ids_.begin(), ids_.end(), id);
    return found == ids_.end() ? "unknown " + std::to_string(id)
                               : "#" + std::to_string(found - ids_.begin() + 1);
  }
  std::string movement_rank(std::int64_t id) {
    return "~" + database_.text("SELECT COUNT(*) FROM movement WHERE id <= " + std::to_string(id));
  }

  // Each thing that was made at random gets the number of its first appearance.
  std::string alias(const std::string& name) {
    return "<" + std::to_string(aliases_.try_emplace(name, aliases_.size() + 1).first->second) + ">";
  }
  std::string replace(const std::string& text, const std::regex& what,
                      const std::function<std::string(const std::smatch&)>& by) {
    std::string out;
    auto from = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), what), end; it != end; ++it) {
      out.append(from, text.cbegin() + it->position());
      out += by(*it);
      from = text.cbegin() + it->position() + it->length();
    }
    return out.append(from, text.cend());
  }
  std::string plain_text(std::string text) {
    static const std::regex random_name(
        "auto-[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    static const std::regex time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z");
    // Not "operation 5 of source NAME", which is a place in a file.
    static const std::regex operation("operation ([0-9]+)(?! of source|[0-9])");
    text = replace(text, random_name, [&](const std::smatch& m) { return alias(m.str()); });
    text = replace(text, time, [](const std::smatch&) { return std::string("<time>"); });
    text = replace(text, operation,
                   [&](const std::smatch& m) { return "operation " + rank_of(std::stoll(m[1])); });
    for (const auto& place : {database_.url(), database_.dir().path()}) {
      for (auto at = text.find(place); at != std::string::npos; at = text.find(place))
        text.replace(at, place.size(), "<place>");
    }
    return text;
  }
  void make_plain(json& value) {
    if (value.is_string()) value = plain_text(value);
    if (!value.is_structured()) return;
    for (auto& item : value.items()) {
      const bool number = item.value().is_number_integer();
      if (number && (item.key() == "operation" || item.key() == "reverses")) {
        item.value() = rank_of(item.value());
      } else if (number && item.key() == "seq") {
        item.value() = movement_rank(item.value());
      } else if (item.key() == "elapsed_ms" || item.key() == "elapsed_s" ||
                 item.key() == "operations_per_s" || item.key() == "seal") {
        item.value() = "<of this run>";
      } else {
        make_plain(item.value());
      }
    }
  }
  std::string plain(const std::string& text) {
    auto value = json::parse(text, nullptr, false);
    if (value.is_discarded() || !value.is_structured()) return plain_text(text);
    make_plain(value);
    return value.dump();
  }

  Database database_;
  std::vector<std::int64_t> ids_;
  std::map<std::string, std::size_t> aliases_;
};

std::string shown(const Command& command) {
  std::string text = "invctl";
  for (const auto& word : command.words) text += " '" + word + "'";
  return command.file.empty() ? text : text + "\n" + command.file;
}

unsigned number_from(const char* variable, unsigned fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : static_cast<unsigned>(std::atoll(text));
}

}  // namespace

TEST_CASE("random scripts have the same answers, exit codes and ledger on both engines", "[differential]") {
  const auto seed = number_from("INVCTL_TEST_SEED", std::random_device{}());
  const auto scripts = number_from("INVCTL_TEST_SCRIPTS", 4);
  std::map<std::string, int> exits;
  for (unsigned i = 0; i < scripts; ++i) {
    Side sqlite("sqlite");
    Side server("mysql");
    Script script(seed + i);
    for (int n = 1; n <= commands_per_script; ++n) {
      const auto command = script.next();
      const auto expected = sqlite.run(command);
      const auto told = server.run(command);
      ++exits[expected.substr(0, expected.find('\n'))];
      INFO("INVCTL_TEST_SEED=" << seed + i << ", command " << n << ": " << shown(command));
      REQUIRE(told == expected);
    }
    INFO("INVCTL_TEST_SEED=" << seed + i);
    REQUIRE(server.everything() == sqlite.everything());
    // And with the same times and identities, the same bytes: hashes and seals are equal on every engine.
    Database copy("USD", "mysql");
    const auto exported = sqlite.database().must({"export"});
    copy.must({"import", copy.dir().write("ledger.ndjson", exported.out)});
    const auto back = copy.must({"export"});
    const auto after_header = [](const std::string& text) { return text.substr(text.find('\n')); };
    REQUIRE(after_header(back.out) == after_header(exported.out));
    copy.must({"verify"});
  }
  std::string found;
  for (const auto& [exit, count] : exits) found += ", " + std::to_string(count) + " x " + exit;
  WARN("seed " << seed << ", " << scripts << " scripts of " << commands_per_script << " commands" << found);
  // Scripts in which everything is refused, or nothing is, would show little.
  if (scripts >= 4) {
    for (const auto* exit : {"exit 0", "exit 2", "exit 3", "exit 4", "exit 5", "exit 8"}) {
      CAPTURE(exit);
      CHECK(exits[exit] > 0);
    }
  }
}

TEST_CASE("negative control: one unit more on one side is seen, in an answer and in the ledger",
          "[differential]") {
  Side sqlite("sqlite");
  Side server("mysql");
  Script script(1);
  for (int n = 1; n <= 40; ++n) {
    const auto command = script.next();
    REQUIRE(sqlite.run(command) == server.run(command));
  }
  REQUIRE(sqlite.everything() == server.everything());
  const Command one_more{{"receive", "-w", "EAST", "BOLT-1=1", "--id", "more"}, ""};
  const Command two_more{{"receive", "-w", "EAST", "BOLT-1=2", "--id", "more"}, ""};
  CHECK(sqlite.run(one_more) != server.run(two_more));
  CHECK(sqlite.run({{"stock"}, ""}) != server.run({{"stock"}, ""}));
  CHECK(sqlite.everything() != server.everything());
}

}  // namespace differential_test
