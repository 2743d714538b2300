// Each exit code of the contract, produced by the real binary, with both outputs and the database looked at.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "cli/harness.hpp"

namespace exit_codes_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

class Shop : public Database {
 public:
  Shop() {
    must({"warehouse", "add", "EAST"});
    must({"product", "add", "BOLT", "--price", "0.25"});
    must({"receive", "-w", "EAST", "BOLT=5"});
  }
  std::int64_t operations() { return integer("SELECT count(*) FROM operation"); }
};

bool on_sqlite() {
  if (backend_name() == "sqlite") return true;
  WARN("this case is about SQLite's files");
  return false;
}

// The file behind sqlite:PATH.
std::string path_of(const Database& db) {
  const auto url = db.url();
  return url.starts_with("sqlite:") ? url.substr(7) : url;
}

// Holds the place at the head of the line, as a writer would that does not come to an end.
class LineHolder {
 public:
  explicit LineHolder(const Database& db)
      : fd_(open((path_of(db) + "-turnstile").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    REQUIRE(flock(fd_, LOCK_EX) == 0);
  }
  ~LineHolder() { close(fd_); }

 private:
  int fd_;
};

}  // namespace

TEST_CASE("exit 0: done, silent on stderr, durable", "[exit]") {
  Shop db;
  const auto result = db.run({"ship", "-w", "EAST", "BOLT=1"});
  CHECK(result.exit == 0);
  CHECK(result.err.empty());
  CHECK(db.operations() == 2);
  CHECK(db.run({"history", "--until", "2000-01-01"}).exit == 0);  // an empty answer is an answer
}

TEST_CASE("exit 1: a read that cannot be written; a closed pipe is no error", "[exit]") {
  Shop db;
  const auto full = db.run({"stock"}, {.stdout_to = "/dev/full"});
  CHECK(full.exit == 1);
  CHECK_THAT(full.err, Contains("No space left on device"));
}

TEST_CASE("exit 2: a command line that means nothing, with a hint", "[exit]") {
  Shop db;
  const auto unknown = db.run({"recieve", "-w", "EAST", "BOLT=1"});
  CHECK(unknown.exit == 2);
  CHECK(unknown.out.empty());
  CHECK_THAT(unknown.err, Contains("did you mean `invctl receive`?"));
  CHECK(db.run({}).exit == 2);
  CHECK(db.run({"receive", "-w", "EAST"}).exit == 2);
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=1", "--nonsense"}).exit == 2);
  CHECK(db.run({"stock", "--format", "xml"}).exit == 2);
  CHECK(db.run({"stock", "--lock-timeout", "5 parsecs"}).exit == 2);
  const auto secret = run({"stock", "--db", "mysql://u:hunter2@localhost/shop"});
  CHECK(secret.exit == 2);
  CHECK(secret.err.find("hunter2") == std::string::npos);
  CHECK(db.operations() == 1);
}

TEST_CASE("exit 3, 4, 5: the rules say no and nothing is stored", "[exit]") {
  Shop db;
  CHECK(db.run({"ship", "-w", "EAST", "GHOST=1"}).exit == 3);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=6"}).exit == 4);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=1", "--set", "--expect", "4", "--reason", "r"}).exit == 5);
  CHECK(db.operations() == 1);
}

TEST_CASE("exit 6: the wait ends when its time is up, and the next one gets through", "[exit]") {
  if (!on_sqlite()) return;
  Shop db;
  {
    const LineHolder holder(db);
    const auto since = std::chrono::steady_clock::now();
    const auto result = db.run({"ship", "-w", "EAST", "BOLT=1", "--lock-timeout", "300ms", "--json"});
    const auto waited = std::chrono::steady_clock::now() - since;
    CHECK(result.exit == 6);
    CHECK(result.out.empty());
    CHECK(result.error().at("code") == "busy");
    CHECK(waited >= std::chrono::milliseconds(290));
    CHECK(db.run({"stock"}).exit == 0);  // reading waits for nobody
  }
  CHECK(db.operations() == 1);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=1"}).exit == 0);
}

TEST_CASE("a process that dies in line blocks nobody", "[exit]") {
  if (!on_sqlite()) return;
  Shop db;
  const LineHolder holder(db);
  auto waiting = db.start({"ship", "-w", "EAST", "BOLT=1"});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  waiting->signal(SIGKILL);
  CHECK(waiting->wait().exit == 137);
  CHECK(db.operations() == 1);
}

TEST_CASE("SIGINT and SIGTERM end a wait with 130 and 143 and change nothing", "[exit]") {
  if (!on_sqlite()) return;
  Shop db;
  const LineHolder holder(db);
  for (const int number : {SIGINT, SIGTERM}) {
    auto waiting = db.start({"ship", "-w", "EAST", "BOLT=1"});
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    waiting->signal(number);
    CHECK(waiting->wait().exit == 128 + number);
  }
  CHECK(db.operations() == 1);
}

TEST_CASE("exit 8: a file with bad rows is refused whole, every fault named by line and column", "[exit]") {
  Shop db;
  const auto file = db.dir().write("stock.csv", "warehouse,sku,quantity\nEAST,BOLT,010x\nWEST,BOLT,1\n");
  const auto result = db.run({"seed-from-csv", "--stock", file});
  CHECK(result.exit == 8);
  CHECK_THAT(result.err, Contains("stock.csv:2:11: quantity: \"010x\" is not a whole number"));
  CHECK_THAT(result.err, Contains("stock.csv:3:1: warehouse"));
  CHECK(db.operations() == 1);
}

TEST_CASE("exit 9: no database, or one that is not ours, with what to do", "[exit]") {
  TempDir dir;
  const auto missing = run({"stock", "--db", dir.path("none.db")});
  CHECK(missing.exit == 9);
  CHECK_THAT(missing.err, Contains("invctl init-db"));
  CHECK_FALSE(file_exists(dir.path("none.db")));
  CHECK(run({"receive", "-w", "E", "B=1", "--db", dir.path("none.db")}).exit == 9);
  CHECK_FALSE(file_exists(dir.path("none.db-turnstile")));
  const auto text = dir.write("text.db", std::string(8192, 'x'));
  CHECK(run({"stock", "--db", text}).exit == 9);
  CHECK(run({"receive", "-w", "E", "B=1", "--db", text}).exit == 9);
  CHECK(run({"stock", "--db", dir.path()}).exit == 9);
}

TEST_CASE("exit 9: a database of a newer program is left alone", "[exit]") {
  Shop db;
  db.execute("UPDATE setting SET value = '999' WHERE name = 'schema_version'");
  const auto result = db.run({"stock"});
  CHECK(result.exit == 9);
  CHECK_THAT(result.err, Contains("schema version 999"));
}

TEST_CASE("exit 12: bad rows are left out only where that was asked for", "[exit]") {
  Shop db;
  const auto file = db.dir().write("products.csv", "sku,name,price\nNUT,Nut,1.00\nWASHER,Washer,0.001\n");
  const auto rejects = db.dir().path("rejects.csv");
  const auto result = db.run({"seed-from-csv", "--products", file, "--rejects", rejects, "--json"});
  CHECK(result.exit == 12);
  CHECK(result.json().at("products").at("inserted") == 1);
  CHECK(result.json().at("products").at("rejected") == 1);
  CHECK_THAT(read_file(rejects), Contains("WASHER,Washer,0.001"));
}

TEST_CASE("exit 13: the change is stored, its report is lost, and the id brings it back", "[exit]") {
  Shop db;
  const auto lost = db.run({"ship", "-w", "EAST", "BOLT=1", "--id", "S1"}, {.stdout_to = "/dev/full"});
  CHECK(lost.exit == 13);
  CHECK_THAT(lost.err, Contains("(id S1)"));
  CHECK(db.operations() == 2);
  const auto again = db.must({"ship", "-w", "EAST", "BOLT=1", "--id", "S1", "--json"}).json();
  CHECK(again.at("replayed") == true);
  CHECK(db.operations() == 2);
  CHECK(db.run({"product", "add", "NUT"}, {.stdout_to = "/dev/full"}).exit == 13);
  CHECK(db.run({"product", "show", "NUT"}).exit == 0);
}

TEST_CASE("a database file is made for its owner alone, and so are its side files", "[exit]") {
  if (!on_sqlite()) return;
  const auto before = umask(0);
  Shop db;
  umask(before);
  for (const char* suffix : {"", "-wal", "-shm", "-turnstile"}) {
    struct stat info {};
    INFO(suffix);
    REQUIRE(stat((path_of(db) + suffix).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

}  // namespace exit_codes_test
