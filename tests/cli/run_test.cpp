// Plans over several databases and programs, from the outside.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "cli/harness.hpp"
#include "cli/json_schema.hpp"

namespace run_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

using Json = nlohmann::json;

// A shop whose other half is a SQLite file in its directory.
class Shops : public Database {
 public:
  Shops() : Database("KRW") {
    for (const bool other : {false, true}) {
      const auto at = [&](std::vector<std::string> args) {
        if (other) args.insert(args.begin(), {"--db", "other.db"});
        must(args);
      };
      if (other) at({"init-db", "--currency", "KRW"});
      at({"warehouse", "add", "EAST"});
      at({"product", "add", "BOLT", "--price", "100"});
      at({"receive", "-w", "EAST", "BOLT=10"});
    }
  }
  std::int64_t on_hand(bool other = false) {
    std::vector<std::string> args = {"stock", "--sku", "BOLT", "--json"};
    if (other) args.insert(args.begin(), {"--db", "other.db"});
    return must(args).json().at(0).at("on_hand").get<std::int64_t>();
  }
  std::string plan(const std::string& text) { return dir().write("plan.ndjson", text); }
  void verify() {
    CHECK(run({"verify"}).exit == 0);
    CHECK(run({"--db", "other.db", "verify"}).exit == 0);
  }
};

std::string state_of(const Json& answer, std::size_t step) {
  return answer.at("steps").at(step).at("state").get<std::string>();
}

const std::string out = R"({"step":"out","run":["ship","-w","EAST","BOLT=3"]})"
                        "\n";
const std::string in = R"({"step":"in","db":"other.db","run":["receive","-w","EAST","BOLT=3"]})"
                       "\n";
const std::string too_much = R"({"step":"more","db":"other.db","run":["ship","-w","EAST","BOLT=99"]})"
                             "\n";

}  // namespace

TEST_CASE("a plan moves stock from one database to another, once", "[run]") {
  Shops db;
  const auto plan = db.plan(out + in);
  const auto answer = db.must({"run", plan, "--json"}).json();
  check_schema(db, {"run"}, answer);
  CHECK(answer.at("state") == "done");
  CHECK(db.on_hand() == 7);
  CHECK(db.on_hand(true) == 13);
  const auto again = db.must({"run", plan, "--json"}).json();
  CHECK(again.at("replayed") == true);
  CHECK(again.at("steps") == answer.at("steps"));
  CHECK(db.on_hand() == 7);
  // Another id is another run; one id is of one plan.
  db.must({"run", plan, "--id", "order-8"});
  CHECK(db.on_hand() == 4);
  const auto other = db.run({"run", db.plan(out), "--id", "order-8", "--json"});
  CHECK(other.exit == 5);
  CHECK(other.error().at("code") == "key_reused");
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{plan}, {"--id", "x"}, {"--compensate"}, {"--abandon"}}) {
    std::vector<std::string> words = {"run", "--list"};
    words.insert(words.end(), more.begin(), more.end());
    CHECK(db.run(words).exit == 2);
  }
  const auto list = db.must({"run", "--list", "--json"}).json();
  check_schema(db, {"run", "list"}, list);
  CHECK(list.size() == 2);
  CHECK_THROWS(db.execute("UPDATE run_event SET kind = 'done'"));
  CHECK_THROWS(db.execute("DELETE FROM run"));
  db.verify();
}

TEST_CASE("when a step fails, those before it are undone from last to first", "[run]") {
  Shops db;
  const auto hold = R"({"step":"hold","run":["reserve","-w","EAST","BOLT=2","--ttl","1h"]})"
                    "\n";
  const auto plan = db.plan(out + in + hold + too_much + out.substr(0, 9) + "never" + out.substr(12));
  const auto result = db.run({"run", plan, "--json"});
  INFO(result);
  REQUIRE(result.exit == 12);
  const auto answer = result.json();
  CHECK(answer.at("state") == "undone");
  CHECK(state_of(answer, 0) == "undone");
  CHECK(state_of(answer, 2) == "undone");
  CHECK(state_of(answer, 3) == "failed");
  CHECK(answer.at("steps").at(3).at("exit") == 4);
  CHECK_THAT(answer.at("steps").at(3).at("message").get<std::string>(), Contains("only 13 of BOLT"));
  CHECK(state_of(answer, 4) == "not done");
  CHECK(db.on_hand() == 10);
  CHECK(db.on_hand(true) == 10);
  CHECK(db.must({"reservation", "list", "--json"}).json().empty());
  CHECK(db.run({"run", plan}).exit == 12);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'reverse'") == 1);
  db.verify();
}

TEST_CASE("what a step answers is there for those after it, and for its undoing", "[run]") {
  Shops db;
  db.must({"run", db.plan(R"({"step":"hold","run":["reserve","-w","EAST","BOLT=4","--ttl","1h"]}
{"run":["confirm","${hold.reservation}","--user","kim"]}
)")});
  CHECK(db.on_hand() == 6);
  const auto failed = db.run({"run", db.plan(R"({"step":"s","run":["ship","-w","EAST","BOLT=1"]}
{"run":["release","${s.reservation}"],"undo":false}
)"),
                              "--json"});
  CHECK(failed.exit == 12);
  CHECK_THAT(failed.json().at("steps").at(1).at("message").get<std::string>(), Contains("answered no"));
  CHECK(db.on_hand() == 6);
  db.verify();
}

TEST_CASE("programs take part, with a key of their own", "[run]") {
  Shops db;
  const auto log = db.dir().path("log");
  const auto plan =
      db.plan(out + R"({"step":"pay","exec":["sh","-c","echo pay $INVCTL_STEP_ID >> ')" + log +
              R"('; echo '{\"receipt\":\"R7\"}'"],"undo":["sh","-c","echo refund ${pay.receipt} >> ')" + log +
              "'\"]}\n" + too_much);
  CHECK(db.run({"run", plan}).exit == 12);
  const auto text = read_file(log);
  CHECK_THAT(text, Contains("pay run-") && Contains("-2\nrefund R7\n"));
  CHECK(db.on_hand() == 10);
  CHECK(db.run({"run", db.plan(out + R"({"exec":["false"],"undo":false})")}).exit == 12);
  CHECK(db.run({"run", db.plan(out + R"({"exec":["/no/such/program"],"undo":false})")}).exit == 12);
  CHECK(db.on_hand() == 10);
}

TEST_CASE("a run that cannot go back says so, tries again, and can be abandoned", "[run]") {
  Shops db;
  const auto flag = db.dir().path("flag");
  const auto plan =
      db.plan(out + R"({"step":"lock","exec":["true"],"undo":["test","-e",")" + flag + "\"]}\n" + too_much);
  const auto stuck = db.run({"run", plan, "--json"});
  CHECK(stuck.exit == 12);
  CHECK(stuck.json().at("state") == "undoing");
  CHECK_THAT(stuck.err, Contains("undoing \"lock\" failed"));
  CHECK(db.on_hand() == 7);
  db.dir().write("flag", "");
  const auto undone = db.run({"run", plan, "--json"});
  CHECK(undone.exit == 12);
  CHECK(undone.json().at("state") == "undone");
  CHECK(db.on_hand() == 10);

  ::unlink(flag.c_str());
  CHECK(db.run({"run", plan, "--id", "two"}).exit == 12);
  const auto left = db.run({"run", plan, "--id", "two", "--abandon", "--json"});
  CHECK(left.json().at("state") == "abandoned");
  CHECK(db.on_hand() == 7);
}

TEST_CASE("a done step that may not be undone is kept, and a run can be undone on demand", "[run]") {
  Shops db;
  const auto kept = db.run({"run",
                            db.plan(out.substr(0, out.size() - 2) +
                                    R"(,"undo":false})"
                                    "\n" +
                                    too_much),
                            "--json"});
  CHECK(kept.exit == 12);
  CHECK(state_of(kept.json(), 0) == "kept");
  CHECK(db.on_hand() == 7);
  // A run of two steps, of which the second waits until it is killed.
  const auto plan = db.plan(out + R"({"step":"wait","exec":["sleep","30"],"undo":["true"]})");
  const auto runner = db.start({"run", plan});
  for (int i = 0; i < 200 && db.integer("SELECT count(*) FROM run_event WHERE run_id = 2") < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  CHECK(db.run({"run", plan, "--lock-timeout", "100ms"}).exit == 6);  // somebody is at it
  runner->signal(SIGTERM);
  CHECK(runner->wait().exit == 143);
  CHECK(db.on_hand() == 4);
  const auto undone = db.run({"run", plan, "--compensate", "--json"});
  CHECK(undone.json().at("state") == "undone");
  CHECK(db.on_hand() == 7);
  db.verify();
}

TEST_CASE("a plan with faults does nothing, and a password has no place in one", "[run]") {
  Shops db;
  CHECK(db.run({"run", db.plan(out + "{}\n")}).exit == 8);
  const auto secret =
      db.run({"run", db.plan(R"({"run":["ship","-w","E","X=1"],"db":"mysql://u:hunter2@h/d"})"), "--json"});
  CHECK(secret.exit == 8);
  CHECK_THAT(secret.err, !Contains("hunter2"));
  CHECK(db.run({"run", "/no/such/plan"}).exit == 8);
  CHECK(db.run({"run"}).exit == 2);
  CHECK(db.on_hand() == 10);
  CHECK(db.integer("SELECT count(*) FROM run") == 0);
}

// Killed at random moments and run again until it ends: what it has done adds up, each time.
TEST_CASE("a run that is killed over and over does every step once", "[run]") {
  Shops db;
  const bool fails = GENERATE(false, true);
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += R"({"step":"out)" + std::to_string(i) +
            R"(","run":["ship","-w","EAST","BOLT=1"]})"
            "\n";
    text += R"({"step":"in)" + std::to_string(i) +
            R"(","db":"other.db","run":["receive","-w","EAST","BOLT=1"]})"
            "\n";
  }
  if (fails) text += too_much;
  const auto plan = db.plan(text);
  int kills = 0;
  Result last;
  for (int life = 0; life < 60; ++life) {
    const auto runner = db.start({"run", plan, "--json"});
    if (life < 20) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * life));
      runner->signal(SIGKILL);
    }
    last = runner->wait();
    kills += last.exit == 137;
    if (last.exit == 0 || last.exit == 12) break;
  }
  INFO(kills << " kills; " << last);
  CHECK(kills > 0);
  REQUIRE(last.exit == (fails ? 12 : 0));
  CHECK(db.on_hand() == (fails ? 10 : 4));
  CHECK(db.on_hand(true) == (fails ? 10 : 16));
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'ship'") == 6);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'reverse'") == (fails ? 6 : 0));
  db.verify();
}

}  // namespace run_test
