// The ledger under audit, from the outside: verify, seals, rebuild, backups, exports.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "cli/audit_support.hpp"
#include "cli/json_schema.hpp"

namespace audit_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

bool mentions(const nlohmann::json& report, const std::string& table, const std::string& key) {
  return std::any_of(
      report.at("violations").begin(), report.at("violations").end(), [&](const auto& violation) {
        const auto found = violation.at("key").template get<std::string>();
        return violation.at("table") == table && (found == key || found.starts_with(key + " "));
      });
}

// So that history can be rewritten as somebody with the file in hand would.
void drop_triggers(Database& db, const std::string& table) {
  db.execute("DROP TRIGGER " + table + "_no_update");
  db.execute("DROP TRIGGER " + table + "_no_delete");
  if (backend_name() == "sqlite") db.execute("DROP TRIGGER " + table + "_no_replace");
}

void check_schema(Database& db, const std::string& command, const std::vector<std::string>& args) {
  auto words = args;
  words.push_back("--json");
  const auto answer = db.must(words).json();
  const auto schema = db.must({"schema", command}).json();
  CHECK(schema_faults(schema, answer) == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("verify answers in every format and leaves with 7 when something was changed", "[verify]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  const auto line = db.operation_of({"ship", "-w", "EAST", "BOLT=2"});
  const auto clean = db.must({"verify", "--json"}).json();
  CHECK(clean.at("ok") == true);
  CHECK(clean.at("movements") == 2);
  CHECK(clean.at("checks").size() == 12);
  CHECK_THAT(db.must({"verify"}).out, Contains("hash-chain") && Contains("2 movements"));
  drop_triggers(db, "movement");
  db.execute("UPDATE movement SET on_hand_delta = -1 WHERE operation_id = " + line);
  const auto broken = db.run({"verify", "--json"});
  CHECK(broken.exit == 7);
  CHECK(broken.json().at("ok") == false);
  CHECK(mentions(broken.json(), "movement", db.text("SELECT id FROM movement WHERE operation_id = " + line)));
  CHECK(broken.error().at("exit") == 7);
  const auto table = db.run({"verify"});
  CHECK(table.exit == 7);
  CHECK_THAT(table.out, Contains("version 2 of BOLT in EAST"));
  const auto csv = db.run({"verify", "--format", "csv"});
  CHECK(csv.out.starts_with("check,table,key,expected,actual\n"));
  CHECK(db.run({"verify", "--check", "seals"}).exit == 0);
  CHECK(db.run({"verify", "--check", "seals", "--check", "hash-chain"}).exit == 7);
  CHECK(db.run({"verify", "--sku", "NUT"}).exit == 0);
  CHECK(db.run({"verify", "--sku", "BOLT", "-w", "EAST"}).exit == 7);
  CHECK(db.run({"verify", "--sku", "NONE"}).exit == 3);
  const auto typo = db.run({"verify", "--check", "hash-chian"});
  CHECK(typo.exit == 2);
  CHECK_THAT(typo.err, Contains("did you mean hash-chain?"));
}

TEST_CASE("a seal that was kept shows that the tail was cut off, whatever became of the stored one",
          "[seal]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  db.must({"ship", "-w", "EAST", "BOLT=2", "--id", "last"});
  const auto kept = db.must({"seal", "--name", "q1", "--json"}).json().at("seal").get<std::string>();
  CHECK(kept.starts_with("2-"));
  CHECK(db.must({"seal", "--name", "q1", "--json"}).json().at("replayed") == true);
  db.must({"receive", "-w", "WEST", "NUT=1"});
  CHECK(db.run({"seal", "--name", "q1"}).exit == 5);
  CHECK(db.run({"verify", "--seal", kept}).exit == 0);
  CHECK(db.run({"verify", "--seal", kept.substr(2)}).exit == 0);
  CHECK(db.run({"verify", "--seal", "2-" + std::string(64, '0')}).exit == 7);
  CHECK(db.run({"verify", "--seal", "nonsense"}).exit == 2);
  CHECK_THAT(db.must({"seal", "--list"}).out, Contains("q1") && Contains(kept));
  for (const std::string table : {"operation", "movement", "seal", "seal_line"}) drop_triggers(db, table);
  // The last operation never happened, and everything but the seal agrees.
  db.execute("DELETE FROM movement WHERE on_hand_delta = -2");
  db.execute("DELETE FROM operation WHERE idempotency_key = 'last'");
  db.execute(
      "UPDATE inventory SET on_hand = 5, version = 1, head_hash = (SELECT hash FROM movement WHERE "
      "on_hand_delta = 5) WHERE on_hand = 3");
  const auto cut = db.run({"verify", "--json"});
  CHECK(cut.exit == 7);
  auto violations = cut.json().at("violations").get<std::vector<nlohmann::json>>();
  std::erase_if(violations, [](const auto& v) { return v.at("check") == "schema"; });  // the triggers
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].at("check") == "seals");
  CHECK(violations[0].at("key") == "version 2 of BOLT in EAST");
  const auto no_more = db.run({"seal", "--json"});
  CHECK(no_more.exit == 7);
  CHECK(no_more.error_code() == "tampered");
  db.execute("DELETE FROM seal_line");
  db.execute("DELETE FROM seal");
  CHECK(db.run({"verify", "--check", "seals", "--check", "hash-chain"}).exit == 0);
  CHECK(db.run({"verify", "--seal", kept}).exit == 7);
}

TEST_CASE("rebuild puts a balance right from the ledger, and never the ledger from a balance", "[rebuild]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5", "NUT=7"});
  CHECK(db.run({"rebuild", "--check"}).exit == 0);
  const auto rows = "SELECT on_hand, reserved, version, head_hash, opening FROM inventory ORDER BY id";
  const auto movements = "SELECT * FROM movement ORDER BY id";
  const auto before = db.rows(rows);
  const auto ledger = db.rows(movements);
  db.execute("UPDATE inventory SET on_hand = 50, version = 9 WHERE on_hand = 5");
  const auto check = db.run({"rebuild", "--json"});
  CHECK(check.exit == 7);
  REQUIRE(check.json().at("differences").size() == 1);
  CHECK(check.json()["differences"][0].at("sku") == "BOLT");
  CHECK(check.json()["differences"][0].at("on_hand") == 50);
  CHECK(check.json()["differences"][0].at("ledger_on_hand") == 5);
  CHECK(db.rows(rows) != before);
  const auto repaired = db.must({"rebuild", "--apply", "--json"}).json();
  CHECK(repaired.at("applied") == true);
  CHECK(repaired.at("differences").size() == 1);
  CHECK(db.rows(rows) == before);
  CHECK(db.rows(movements) == ledger);
  CHECK(db.must({"rebuild", "--apply", "--json"}).json().at("applied") == false);
  drop_triggers(db, "movement");
  db.execute("UPDATE movement SET on_hand_after = 8 WHERE on_hand_after = 7");
  db.execute("UPDATE inventory SET on_hand = 8 WHERE on_hand = 7");
  const auto broken = db.run({"rebuild", "--apply", "--json"});
  CHECK(broken.exit == 7);
  CHECK(broken.error_code() == "ledger_broken");
  CHECK(db.integer("SELECT count(*) FROM inventory WHERE on_hand = 8") == 1);
}

TEST_CASE("stock as of a time is what the ledger held then", "[stock]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  const auto first = db.must({"history", "--json"}).json().at(0).at("recorded_at").get<std::string>();
  db.must({"ship", "-w", "EAST", "BOLT=2"});
  db.must({"receive", "-w", "WEST", "NUT=4"});
  const auto then = db.must({"stock", "--as-of", first, "--json"}).json();
  REQUIRE(then.size() == 1);
  CHECK(then[0].at("on_hand") == 5);
  CHECK(db.must({"stock", "--as-of", "2001-01-01", "--json"}).json().empty());
  CHECK(db.must({"stock", "--as-of", "2999-01-01", "--json"}).json() == db.must({"stock", "--json"}).json());
  CHECK(db.run({"stock", "--as-of", "yesterday"}).exit == 2);
}

TEST_CASE("stock is read page by page, each from the last SKU of the one before", "[stock]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5", "NUT=4"});
  db.must({"receive", "-w", "WEST", "NUT=3"});
  const auto all = db.must({"stock", "--json"}).json();
  REQUIRE(all.size() == 3);
  CHECK(db.must({"stock", "--limit", "9", "--json"}).json() == all);
  const auto first = db.must({"stock", "-w", "EAST", "--limit", "1", "--json"}).json();
  REQUIRE(first.size() == 1);
  CHECK(first[0] == all[0]);
  const auto next =
      db.must({"stock", "-w", "EAST", "--limit", "1", "--after", first[0].at("sku"), "--json"}).json();
  REQUIRE(next.size() == 1);
  CHECK(next[0] == all[1]);
  CHECK(db.must({"stock", "-w", "EAST", "--limit", "1", "--after", "NUT", "--json"}).json().empty());
  for (const auto& words : {std::vector<std::string>{"stock", "--limit", "-1"},
                            {"stock", "--limit", "many"},
                            {"stock", "--limit", "1", "--after", "NUT"},
                            {"stock", "-w", "EAST", "--after", "NUT"}}) {
    CHECK(db.run(words).exit == 2);
  }
}

TEST_CASE("the pages of an item's history, and of a warehouse's, are what all of history holds of them",
          "[history]") {
  AuditShop db;
  std::string rows = "kind,warehouse,sku,quantity,doc\n";
  for (int i = 0; i < 60; ++i) {
    rows += std::string("receive,") + (i % 3 == 0 ? "WEST" : "EAST") + (i % 4 == 0 ? ",NUT" : ",BOLT") +
            ",1," + std::to_string(i / 5) + "\n";
  }
  db.must({"apply", db.dir().write("f.csv", rows), "--group-by", "doc"});
  const auto all = db.must({"history", "--limit", "1000", "--json"}).json();
  for (const std::vector<std::string>& filter :
       {std::vector<std::string>{"--sku", "BOLT"}, {"--sku", "BOLT", "-w", "WEST"}, {"-w", "EAST"}}) {
    std::vector<nlohmann::json> expected, found;
    for (const auto& row : all) {
      const bool of_item = filter[0] == "-w" || row.at("sku") == "BOLT";
      if (of_item && ((filter.size() == 2 && filter[0] == "--sku") || row.at("warehouse") == filter.back())) {
        expected.push_back(row);
      }
    }
    std::vector<std::string> command = {"history", "--limit", "7", "--json"};
    command.insert(command.end(), filter.begin(), filter.end());
    for (auto page = db.must(command).json(); !page.empty();) {
      CHECK(page.size() <= 7);
      found.insert(found.end(), page.begin(), page.end());
      auto next = command;
      next.insert(next.end(), {"--before", std::to_string(page.back().at("seq").get<std::int64_t>())});
      page = db.must(next).json();
    }
    CHECK(expected.size() > 7);
    CHECK(found == expected);
  }
  CHECK(db.must({"history", "--sku", "NUT", "--before", "1", "--json"}).json().empty());
}

TEST_CASE("a backup is a database of its own that nobody else can read, and overwrites nothing", "[backup]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  const auto file = db.dir().path("copy.db");
  const auto answer = db.run({"backup", file, "--json"});
  if (backend_name() != "sqlite") {
    CHECK(answer.exit == 2);
    CHECK_THAT(answer.err, Contains("mysqldump"));
    return;
  }
  REQUIRE(answer.exit == 0);
  CHECK(answer.json().at("movements") == 1);
  struct stat info {};
  REQUIRE(stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK_FALSE(file_exists(file + ".tmp"));
  CHECK_FALSE(file_exists(file + "-wal"));
  CHECK(db.run({"backup", file}).exit == 5);
  db.must({"ship", "-w", "EAST", "BOLT=5"});
  const auto then = db.run({"stock", "--json", "--db", file});
  CHECK(then.json().at(0).at("on_hand") == 5);
  CHECK(db.run({"verify", "--db", file}).exit == 0);
  CHECK(db.run({"backup", db.dir().path("no/such/place.db")}).exit == 1);
  drop_triggers(db, "movement");
  db.execute("UPDATE movement SET on_hand_delta = 6 WHERE on_hand_delta = 5");
  const auto unsound = db.run({"backup", db.dir().path("unsound.db")});
  CHECK(unsound.exit == 7);
  CHECK_FALSE(file_exists(db.dir().path("unsound.db")));
  CHECK_FALSE(file_exists(db.dir().path("unsound.db.tmp")));
}

TEST_CASE("an export verifies without a database and fills another one with the same hashes", "[export]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=50", "NUT=7", "--note",
           "tab\\ and \"quotes\", \xec\xb0\xbd\xea\xb3\xa0"});
  const auto sold = db.operation_of({"purchase", "BOLT=4", "NUT=1", "--user", "kim"});
  db.must(reverse(sold));
  CHECK(db.run({"ship", "-w", "WEST", "NUT=1", "--id", "refused"}).exit == 4);
  db.must({"product", "add", "SCREW"});
  db.must({"product", "retire", "SCREW"});
  const auto kept = db.must({"seal", "--json"}).json().at("seal").get<std::string>();
  const auto file = db.dir().path("ledger.ndjson");
  const auto answer = db.must({"export", file, "--json"}).json();
  CHECK(answer.at("movements") == 6);
  CHECK(answer.at("seal") == kept);
  CHECK(db.run({"export", file}).exit == 5);
  const auto text = read_file(file);
  CHECK(db.must({"export", "-q"}).out == text);
  CHECK(run({"verify", file}).exit == 0);
  CHECK(run({"verify", "-"}, {.stdin_text = text}).exit == 0);
  CHECK(run({"verify", "--export", file, "--seal", kept}).exit == 0);
  Database other("KRW");
  const auto imported = other.must({"import", file, "--json"}).json();
  CHECK(imported.at("replayed") == false);
  CHECK(other.must({"import", "-", "--json"}, {.stdin_text = text}).json().at("replayed") == true);
  const auto stock = std::vector<std::string>{"stock", "--json"};
  CHECK(other.must(stock).json() == db.must(stock).json());
  CHECK(other.rows("SELECT hash FROM movement ORDER BY hash") ==
        db.rows("SELECT hash FROM movement ORDER BY hash"));
  CHECK(other.run({"verify", "--seal", kept}).exit == 0);
  // All but the database's own name in the first line.
  const auto copy = other.must({"export", "-q"}).out;
  CHECK(copy.substr(copy.find('\n')) == text.substr(text.find('\n')));
  // It goes on from there, and remembers what was refused.
  CHECK(other.run({"ship", "-w", "WEST", "NUT=1", "--id", "refused"}).exit == 4);
  CHECK(other.run({"import", file}).exit == 0);
  other.must({"ship", "-w", "EAST", "BOLT=1"});
  const auto full = other.run({"import", file, "--json"});
  CHECK(full.exit == 5);
  CHECK(full.error_code() == "not_empty");
  CHECK(other.run({"verify"}).exit == 0);
  Database dollars("USD");
  CHECK(dollars.run({"import", file, "--json"}).error_code() == "other_currency");
}

TEST_CASE("apply of an export fills an empty database, and says so when it is there already", "[export]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  db.must({"purchase", "BOLT=2", "--user", "kim"});
  const auto file = db.dir().path("ledger.ndjson");
  db.must({"export", file});
  Database other("KRW");
  const auto refused = other.run({"apply", file, "--set", "warehouse=EAST"});
  CHECK(refused.exit == 2);
  CHECK_THAT(refused.err, Contains("is an export"));
  CHECK(db.run({"receive", "--from", file}).exit == 2);
  const auto applied = other.must({"apply", file, "--json"}).json();
  CHECK(applied.at("operations").at("applied") == 2);
  CHECK(applied.at("movements") == 2);
  CHECK(schema_faults(other.must({"schema", "apply"}).json(), applied) == std::vector<std::string>{});
  CHECK(other.must({"stock", "--json"}).json() == db.must({"stock", "--json"}).json());
  CHECK(other.must({"verify"}).exit == 0);
  const auto piped = other.must({"apply", "-"}, {.stdin_text = read_file(file)});
  CHECK_THAT(piped.out, Contains("0 operations applied, 2 replayed"));
  other.must({"receive", "-w", "EAST", "BOLT=1"});
  CHECK(other.run({"apply", file}).exit == 5);
}

TEST_CASE("an export that was changed, cut or mixed up is refused, and the line is named", "[export]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=50"});
  db.must({"ship", "-w", "EAST", "BOLT=3"});
  const auto text = db.must({"export", "-q"}).out;
  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = text;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    return changed.replace(at, from.size(), to);
  };
  const auto verify = [&](const std::string& export_text) {
    return run({"verify", "-", "--json"}, {.stdin_text = export_text});
  };
  const auto delta = verify(with("\"on_hand_delta\":-3", "\"on_hand_delta\":-2"));
  CHECK(delta.exit == 7);
  CHECK(mentions(delta.json(), "movement", "9"));
  CHECK(verify(with("\"actor\":\"", "\"actor\":\"x")).exit == 7);
  const auto cut = verify(text.substr(0, text.rfind("{\"end\"")));
  CHECK(cut.exit == 8);
  CHECK_THAT(cut.err, Contains("ends before"));
  const auto first_operation = text.find("{\"operation\"");
  const auto second = text.find("{\"operation\"", first_operation + 1);
  CHECK(verify(text.substr(0, first_operation) + text.substr(second)).exit == 8);
  const auto wrong_type = verify(with("\"version\":2", "\"version\":\"2\""));
  CHECK(wrong_type.exit == 8);
  CHECK_THAT(wrong_type.err, Contains("stdin:9:"));
  CHECK(verify(with("\"invctl_export\":1", "\"invctl_export\":2")).exit == 8);
  CHECK(verify("").exit == 8);
  CHECK(verify("sku,quantity\nBOLT,1\n").exit == 8);
  Database other("KRW");
  const auto refused =
      other.run({"import", "-"}, {.stdin_text = with("\"on_hand_delta\":-3", "\"on_hand_delta\":-2")});
  CHECK(refused.exit == 8);
  CHECK(other.integer("SELECT count(*) FROM product") == 0);
}

TEST_CASE("two runs of one name exclude each other, and a killed one frees it", "[single-instance]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  // One that waits for its input holds the name for as long.
  const auto pipe = db.dir().path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const auto holder = db.start({"verify", pipe, "--single-instance", "nightly"});
  // It opens its input once it holds the name; until then the other end has no reader (ENXIO).
  int end = -1;
  for (int i = 0; i < 1000 && end < 0; ++i) {
    end = open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (end < 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  REQUIRE(end >= 0);
  const auto other = db.run({"verify", "--single-instance", "nightly", "--json"});
  CHECK(other.exit == 6);
  CHECK(other.error_code() == "already_running");
  CHECK(db.run({"verify", "--single-instance", "weekly"}).exit == 0);
  CHECK(db.run({"verify"}).exit == 0);
  holder->signal(9);
  holder->wait();
  close(end);
  // A server sees that its client is gone a moment later.
  auto next = db.run({"verify", "--single-instance", "nightly"});
  for (int i = 0; i < 200 && next.exit == 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    next = db.run({"verify", "--single-instance", "nightly"});
  }
  CHECK(next.exit == 0);
}

TEST_CASE("the answers of the audit commands fit their schemas", "[schema]") {
  AuditShop db;
  const auto sold = db.operation_of({"receive", "-w", "EAST", "BOLT=5"});
  check_schema(db, "verify", {"verify"});
  check_schema(db, "seal", {"seal"});
  check_schema(db, "rebuild", {"rebuild"});
  check_schema(db, "reverse", reverse(sold));
  check_schema(db, "export", {"export", db.dir().path("e.ndjson")});
  if (backend_name() == "sqlite") check_schema(db, "backup", {"backup", db.dir().path("b.db")});
  const auto full = db.must({"history", "--operation", sold, "--full", "--json"}).json();
  CHECK(schema_faults(db.must({"schema", "history", "full"}).json(), full) == std::vector<std::string>{});
}

}  // namespace audit_test
