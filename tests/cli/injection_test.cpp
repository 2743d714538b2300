// Every text that a user can give, through every command that takes one, and out again through every command
// that shows it, in every form: kept as it was, run by nobody, and never in command of the terminal.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "harness.hpp"
#include "hostile_text.hpp"
#include "io/csv.hpp"

namespace injection_test {

using namespace invctl::test;

namespace {

using Words = std::vector<std::string>;

std::string shown(const Words& words) {
  std::string all;
  for (const auto& word : words) all += " [" + word + "]";
  return all;
}

// Every row of the ledger, the catalogue and what is kept beside them.
std::string content(Database& db) {
  std::string all;
  for (const std::string table :
       {"warehouse", "product", "inventory", "operation", "movement", "purchase", "price_change",
        "price_line", "threshold", "stock_count", "count_entry", "seal"}) {
    all += table + ' ' + db.text("SELECT count(*) FROM " + table) + '\n';
  }
  return all;
}

// Fills each field there is with the evil code or the evil text.
void fill(Database& db) {
  const auto& code = evil_code;
  const auto& text = evil_text;
  const RunOptions as_evil{.env = {{"INVCTL_ACTOR", code}}};
  const auto must = [&](const Words& words) { return db.must(words, as_evil); };
  must({"warehouse", "add", code, "--name", text, "--address", text});
  must({"warehouse", "add", "WEST"});
  must({"product", "add", code, "--name", text, "--category", text, "--unit", text, "--barcode", code,
        "--price", "2.50", "--reorder-point", "500"});
  must({"price", "set", code + "=3", "--reason", text, "--id", code});
  must({"threshold", "set", code, "-w", code, "--reorder-point", "900"});
  must({"receive", "-w", code, code + "=400", "--ref", text, "--note", text, "--unit-cost", "1", "--id",
        code});
  must({"ship", "-w", code, code + "=1", "--ref", text, "--note", text});
  must({"adjust", "-w", code, code + "=-1", "--reason", text, "--ref", text, "--note", text});
  must({"purchase", code + "=2", "--user", code, "--ref", text, "--note", text});
  must({"transfer", "--from", code, "--to", "WEST", code + "=3", "--ref", text, "--note", text});
  must({"reserve", "-w", code, code + "=4", "--ttl", "7d", "--for", text, "--note", text});
  const auto held = must({"reserve", "-w", code, code + "=1", "--ttl", "7d", "--for", text, "--json"}).json();
  must({"extend", std::to_string(held.at("operation").get<int>()), "--ttl", "8d", "--note", text});
  must({"confirm", std::to_string(held.at("operation").get<int>()), "--user", code, "--note", text});
  must({"reverse", "2", "--reason", text, "--note", text});
  must({"count", "open", "-w", code, "--note", text});
  must({"count", "enter", "1", code + "=391", "--id", code});
  must({"seal", "--name", code});
  const auto given_back =
      must({"reserve", "-w", code, code + "=1", "--ttl", "7d", "--for", text, "--json"}).json();
  must({"release", std::to_string(given_back.at("operation").get<int>()), "--ref", text, "--note", text,
        "--id", code + "2"});
  must({"count", "open", "-w", "WEST", "--note", text});
  must({"count", "enter", "2", code + "=2"});
  must({"count", "close", "2", "--reason", text});
  const auto rows = db.dir().write("rows.ndjson", nlohmann::json({{"kind", "adjust"},
                                                                  {"warehouse", code},
                                                                  {"sku", code},
                                                                  {"quantity", "+1"},
                                                                  {"reason", text},
                                                                  {"reference", text},
                                                                  {"note", text}})
                                                          .dump() +
                                                      "\n");
  must({"apply", rows, "--source", "feed"});
  const auto refused = db.run({"ship", "-w", code, code + "=99999", "--ref", text, "--id", "short"}, as_evil);
  REQUIRE(refused.exit == 4);
  CHECK(steers_nothing(refused.err));
}

// What shows them, and whether something evil must be in the answer.
const std::vector<Words> looks = {
    {"warehouse", "list"},
    {"warehouse", "show", evil_code},
    {"product", "list"},
    {"product", "list", "--category", evil_text},
    {"product", "show", evil_code},
    {"price", "list"},
    {"price", "history", evil_code},
    {"threshold", "list"},
    {"threshold", "list", "--sku", evil_code, "-w", evil_code},
    {"stock"},
    {"stock", "-w", evil_code, "--sku", evil_code},
    {"stock", "--below-reorder"},
    {"alerts"},
    {"alerts", "--reorder"},
    {"history"},
    {"history", "--ref", evil_text, "--sku", evil_code, "-w", evil_code},
    {"history", "--user", evil_code},
    {"history", "--operation", "2", "--full"},
    {"reservation", "list"},
    {"reservation", "list", "--for", evil_text, "--sku", evil_code, "-w", evil_code},
    {"reservation", "show", "6"},
    {"count", "list"},
    {"count", "show", "1"},
    {"count", "sheet", "1"},
    {"seal", "--list"},
    {"report", "movements", "--by", "sku"},
    {"report", "movements", "--by", "warehouse"},
    {"report", "valuation"},
    {"report", "aging"},
    {"report", "turnover"},
    {"report", "top"},
    {"report", "purchases", "--user", evil_code},
    {"report", "purchases"}};

void add_strings(const nlohmann::json& json, std::set<std::string>& into) {
  if (json.is_string()) into.insert(json.get<std::string>());
  if (json.is_structured()) {
    for (const auto& [key, value] : json.items()) add_strings(value, into);
  }
}

std::set<std::string> strings_of_json(const std::string& out) {
  std::set<std::string> found;
  add_strings(nlohmann::json::parse(out), found);
  return found;
}

std::set<std::string> strings_of_lines(const std::string& out) {
  std::set<std::string> found;
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find('\n', at);
    add_strings(nlohmann::json::parse(out.substr(at, end - at)), found);
    at = end + 1;
  }
  return found;
}

std::set<std::string> strings_of_csv(const std::string& out) {
  std::set<std::string> found;
  invctl::io::MemorySource source(out);
  invctl::io::CsvReader reader(source);
  for (auto status = reader.next(); status != invctl::io::CsvReader::Status::end; status = reader.next()) {
    REQUIRE(status == invctl::io::CsvReader::Status::record);
    for (const auto field : reader.fields()) found.emplace(field);
  }
  return found;
}

// Fields between tabs, with the four escapes of the form.
std::set<std::string> strings_of_tsv(const std::string& out) {
  std::set<std::string> found;
  std::string field;
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (out[at] == '\t' || out[at] == '\n') {
      found.insert(std::exchange(field, {}));
    } else if (out[at] == '\\') {
      const auto which = std::string_view("tnr\\").find(out.at(++at));
      REQUIRE(which != std::string_view::npos);
      field += "\t\n\r\\"[which];
    } else {
      field += out[at];
    }
  }
  return found;
}

// Each text that has anything to do with the evil ones is one of them, whole; and there is one.
void check_kept(const std::set<std::string>& strings) {
  bool any = false;
  for (const auto& text : strings) {
    const bool evil = text == evil_code || text == evil_text;
    any = any || evil;
    const bool piece = text.find("DROP") != std::string::npos || text.find("calc") != std::string::npos;
    INFO(text);
    CHECK((evil || !piece));
  }
  CHECK(any);
}

}  // namespace

TEST_CASE("what steers a terminal is noticed", "[injection]") {
  CHECK(steers_nothing("plain, 너트 📦\n"));
  for (const auto& text : refused_texts) {
    if (text.find('\n') == std::string::npos && static_cast<unsigned char>(text[0]) < 0xc0)
      CHECK_FALSE(steers_nothing(text));
  }
  CHECK_FALSE(steers_nothing(evil_code));
  CHECK_FALSE(steers_nothing(evil_text));
}

TEST_CASE("no field of any command takes a control character or bytes that are no text", "[injection]") {
  Database db;
  db.must({"warehouse", "add", "EAST"});
  db.must({"warehouse", "add", "WEST"});
  db.must({"product", "add", "BOLT", "--price", "1"});
  db.must({"receive", "-w", "EAST", "BOLT=9"});
  db.must({"reserve", "-w", "EAST", "BOLT=1", "--ttl", "7d"});
  db.must({"count", "open", "-w", "EAST"});
  db.must({"count", "enter", "1", "BOLT=9"});
  const auto plan = db.dir().write("plan.ndjson", R"({"step":"one","run":["receive","-w","EAST","BOLT=1"]})");
  const std::vector<Words> fields = {{"warehouse", "add", "@"},
                                     {"warehouse", "add", "W", "--name", "@"},
                                     {"warehouse", "add", "W", "--address", "@"},
                                     {"product", "add", "@"},
                                     {"product", "add", "P", "--name", "@"},
                                     {"product", "add", "P", "--category", "@"},
                                     {"product", "add", "P", "--unit", "@"},
                                     {"product", "add", "P", "--barcode", "@"},
                                     {"product", "set", "BOLT", "--name", "@"},
                                     {"price", "set", "BOLT=2", "--reason", "@"},
                                     {"price", "set", "BOLT=2", "--reason", "r", "--id", "@"},
                                     {"receive", "-w", "EAST", "BOLT=1", "--ref", "@"},
                                     {"receive", "-w", "EAST", "BOLT=1", "--note", "@"},
                                     {"receive", "-w", "EAST", "BOLT=1", "--id", "@"},
                                     {"receive", "-w", "@", "BOLT=1"},
                                     {"receive", "-w", "EAST", "@=1"},
                                     {"adjust", "-w", "EAST", "BOLT=+1", "--reason", "@"},
                                     {"purchase", "BOLT=1", "--user", "@"},
                                     {"transfer", "--from", "EAST", "--to", "@", "BOLT=1"},
                                     {"reserve", "-w", "EAST", "BOLT=1", "--ttl", "1d", "--for", "@"},
                                     {"confirm", "2", "--user", "@"},
                                     {"release", "2", "--ref", "@"},
                                     {"release", "2", "--note", "@"},
                                     {"extend", "2", "--ttl", "9d", "--note", "@"},
                                     {"threshold", "set", "@", "-w", "EAST", "--reorder-point", "1"},
                                     {"run", plan, "--id", "@"},
                                     {"reverse", "1", "--reason", "@"},
                                     {"count", "open", "-w", "WEST", "--note", "@"},
                                     {"count", "enter", "1", "BOLT=9", "--id", "@"},
                                     {"count", "close", "1", "--reason", "@"},
                                     {"seal", "--name", "@"},
                                     {"stock", "--single-instance", "@"},
                                     {"receive", "-w", "EAST", "BOLT=1", "--actor", "@"}};
  const auto before = content(db);
  for (const auto& field : fields) {
    for (const auto& text : refused_texts) {
      auto words = field;
      for (auto& word : words) {
        if (const auto at = word.find('@'); at != std::string::npos) word.replace(at, 1, text);
      }
      const auto result = db.run(words);
      INFO(shown(words) << result);
      CHECK((result.exit == 2 || result.exit == 3));  // 3: looked for, as any other code is that there is not
      CHECK(result.out.empty());
      CHECK(steers_nothing(result.err));
    }
  }
  CHECK(content(db) == before);
}

TEST_CASE("evil texts are stored as they are, and every look at them is harmless", "[injection]") {
  Database db;
  fill(db);
  CHECK(db.must({"verify"}).exit == 0);
  for (const auto& look : looks) {
    const auto in = [&](const std::string& format) {
      auto words = look;
      words.insert(words.end(), {"--format", format});
      auto result = db.run(words);
      INFO(shown(words) << result);
      CHECK((result.exit == 0 || result.exit == 20));
      CHECK(steers_nothing(result.err));
      return result.out;
    };
    INFO(shown(look));
    const auto table = in("table");
    CHECK(steers_nothing(table));
    CHECK_FALSE(table.empty());
    const auto json = in("json");
    CHECK(steers_nothing(json));
    check_kept(strings_of_json(json));
    const auto lines = in("ndjson");
    CHECK(steers_nothing(lines));
    check_kept(strings_of_lines(lines));
    check_kept(strings_of_csv(in("csv")));
    check_kept(strings_of_tsv(in("tsv")));
  }
}

TEST_CASE("evil texts do no harm in pages, logs, exports and completions", "[injection]") {
  Database db;
  fill(db);
  const auto page = db.must({"report", "--html", "-"}).out;
  CHECK(steers_nothing(page));
  for (const auto* markup : {"<script", "<img", "<b>&", "onerror=alert(2)>"})
    CHECK(page.find(markup) == std::string::npos);
  CHECK(page.find("&lt;script&gt;") != std::string::npos);

  for (const auto* form : {"text", "json"}) {
    const auto log = db.run(
        {"stock", "--sku", evil_code, "--log-level", "debug", "--log-format", form, "--slow-query", "0ms"});
    CHECK(steers_nothing(log.err));
  }
  const auto exported = db.dir().path("ledger.ndjson");
  db.must({"export", exported});
  const auto ledger = read_file(exported);
  const auto strings = strings_of_lines(ledger);
  CHECK(strings.count(evil_code) == 1);
  CHECK(strings.count(evil_text) == 1);
  // And into a new database of the same engine.
  Database copy;
  copy.must({"import", exported});
  CHECK(copy.must({"stock", "--json"}).out == db.must({"stock", "--json"}).out);
  CHECK(copy.must({"history", "--json"}).json().size() == db.must({"history", "--json"}).json().size());
}

TEST_CASE("an error that names an evil code does not do what it says", "[injection]") {
  Database db;
  db.must({"warehouse", "add", "EAST"});
  const std::vector<Words> mistakes = {{"receive", "-w", evil_code, "BOLT=1"},
                                       {"receive", "-w", "EAST", evil_code + "=1"},
                                       {"receive", "-w", "EAST", "BOLT=" + evil_code},
                                       {"product", "show", evil_code},
                                       {"warehouse", "show", evil_code},
                                       {"history", "--since", evil_text},
                                       {"history", "--kind", evil_text},
                                       {"report", "movements", "--period", evil_text},
                                       {"stock", "--" + evil_code},
                                       {evil_code},
                                       {"stock", "--format", evil_code},
                                       {"stock", "--config", evil_code},
                                       {"apply", evil_code},
                                       {"stock", "--db", evil_code},
                                       {"stock", "--db", "mysql://" + evil_code + "/x"},
                                       {"verify", "--check", evil_code},
                                       {"run", evil_code}};
  for (auto words : mistakes) {
    const auto text = db.run(words);
    INFO(shown(words) << text);
    CHECK(text.exit >= 2);
    CHECK(text.exit <= 9);
    CHECK(steers_nothing(text.err));
    // Beside --json another format is not looked at.
    if (std::find(words.begin(), words.end(), "--format") != words.end()) continue;
    words.emplace_back("--json");
    const auto json = db.run(words);
    CHECK(json.exit == text.exit);
    CHECK(steers_nothing(json.err));
    CHECK(json.error().at("exit") == text.exit);
  }
}

}  // namespace injection_test
