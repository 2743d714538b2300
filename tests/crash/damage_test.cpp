// What is on the disk is not what was written: damaged files, files of another time, files that are gone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "disk.hpp"

namespace damage_test {

using namespace invctl::test;
namespace fs = std::filesystem;

namespace {

// What a command says as JSON, without these fields.
std::string said(const Disk& disk, Words words, const std::vector<const char*>& left_out) {
  words.emplace_back("--json");
  const auto result = disk.run(words);
  auto rows = nlohmann::json::parse(result.out, nullptr, false);
  if (!rows.is_array()) return std::to_string(result.exit) + result.out;
  for (auto& row : rows) {
    for (const auto* field : left_out) row.erase(field);
  }
  return std::to_string(result.exit) + rows.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

// All that hashes, balances and checks cover, or why it cannot be read. Nothing covers what names things, nor
// thresholds.
std::string ledger_in(const Disk& disk) {
  std::ostringstream out;
  out << said(disk, {"history", "--limit", "1000"}, {}) << said(disk, {"stock"}, {"name", "reorder_point"})
      << said(disk, {"price", "list"}, {"name", "category"}) << said(disk, {"reservation", "list"}, {})
      << said(disk, {"seal", "--list"}, {"name", "actor", "recorded_at"});
  const auto exported = disk.run({"export"});
  std::istringstream lines(exported.out);
  out << exported.exit;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{\"operation\"") || line.starts_with("{\"price\"")) out << line << '\n';
  }
  return out.str();
}

// One bit of it is another, or its end is gone.
std::string damaged(std::string bytes, std::size_t at, Random& random) {
  if (random.one_in(5)) {
    bytes.resize(at);
  } else {
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.between(0, 7)));
  }
  return bytes;
}

std::size_t any_place(const std::string& bytes, Random& random) {
  return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(bytes.size()) - 1));
}

// Half of the places are where something is: most of a small database is zeros.
std::size_t interesting_place(const std::string& bytes, Random& random) {
  auto at = any_place(bytes, random);
  for (const bool any = random.one_in(2); !any && bytes[at] == '\0';) at = any_place(bytes, random);
  return at;
}

// It ran to its end, and knew what was wrong.
void check_orderly(const Result& result) {
  INFO(result);
  REQUIRE(result.exit < 20);
  REQUIRE(result.exit != 2);
}

// Something in each table of what is bought, held, priced and sealed.
const std::vector<Words> a_day = {
    {"receive", "-w", "E", "S=40", "--ref", "order 1", "--unit-cost", "0.50"},
    {"purchase", "-w", "E", "S=2", "--user", "kim"},
    {"price", "set", "S=2.00", "--reason", "spring"},
    {"purchase", "-w", "E", "S=3", "--user", "lee"},
    {"reserve", "-w", "E", "S=4", "--ttl", "1h", "--id", "basket"},
    {"ship", "-w", "E", "S=1"},
};

}  // namespace

TEST_CASE("whatever byte of the database was changed, nothing crashes, and verify or doctor sees it",
          "[storage]") {
  if (!is_on_a_disk()) return;
  Random random;
  INFO(random);
  const Disk disk;
  for (const auto& words : a_day) disk.must(words);
  disk.must({"seal"});
  for (int i = 0; i < 6; ++i) disk.must({"receive", "-w", "E", "S=1", "--ref", std::to_string(i)});
  const auto whole = disk.whole();
  disk.put_back(whole);
  const auto sound = ledger_in(disk);
  constexpr int rounds = 60;
  int seen = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto at = interesting_place(whole, random);
    const auto bytes = damaged(whole, at, random);
    CAPTURE(i, at, bytes.size());
    disk.put_back(bytes);
    const auto found = ledger_in(disk);
    const auto verify = disk.run({"verify"});
    const auto doctor = disk.run({"doctor"});
    INFO(verify << doctor);
    bool noticed = false;
    for (const auto* look : {&verify, &doctor}) {
      check_orderly(*look);
      noticed = noticed || look->exit != 0;
    }
    if (found != sound) CHECK(noticed);
    if (noticed) ++seen;
    check_orderly(disk.run({"receive", "-w", "E", "S=1"}));
  }
  CHECK(seen > rounds / 4);
}

// Where an index has another key than its table, a request cannot be found again, and would be posted twice.
TEST_CASE("a key that is damaged in its table or in its index is seen by verify or doctor", "[storage]") {
  if (!is_on_a_disk()) return;
  const Disk disk;
  for (const auto& words : a_day) disk.must(words);
  const auto whole = disk.whole();
  int places = 0;
  for (auto at = whole.find("basket"); at != std::string::npos; at = whole.find("basket", at + 1)) {
    auto bytes = whole;
    bytes[at] = 'c';
    disk.put_back(bytes);
    const auto verify = disk.run({"verify"});
    const auto doctor = disk.run({"doctor"});
    INFO("byte " << at << verify << doctor);
    CHECK((verify.exit != 0 || doctor.exit != 0));
    ++places;
  }
  CHECK(places >= 2);
  disk.put_back(whole);
  CHECK(disk.run({"doctor"}).exit == 0);
}

TEST_CASE(
    "whatever byte of the log was changed, the changes up to some moment are there, and a kept seal tells",
    "[storage]") {
  if (!is_on_a_disk()) return;
  Random random;
  INFO(random);
  const Disk disk;
  const auto whole = disk.whole();
  disk.put_back(whole);
  std::vector<std::string> states = {ledger_in(disk)};
  for (const auto& words : a_day) {
    disk.must(words);
    states.push_back(ledger_in(disk));
  }
  const auto sealed = states.size() - 1;
  const auto seal = disk.must({"seal", "--json"}).json().at("seal").get<std::string>();
  states.push_back(ledger_in(disk));
  const auto log = read_file(disk.file() + "-wal");
  REQUIRE(read_file(disk.file()) == whole);  // all of it is in the log

  disk.put_back(whole, log);
  REQUIRE(ledger_in(disk) == states.back());
  CHECK(disk.run({"verify", "--seal", seal}).exit == 0);
  int cut = 0;
  for (int i = 0; i < 20; ++i) {
    const auto at = any_place(log, random);
    const auto bytes = damaged(log, at, random);
    CAPTURE(i, at, bytes.size());
    disk.put_back(whole, bytes);
    const auto found = std::find(states.begin(), states.end(), ledger_in(disk));
    REQUIRE(found != states.end());
    const auto state = static_cast<std::size_t>(found - states.begin());
    CHECK(state < states.size() - 1);
    // To itself it is a sound ledger that ends earlier.
    CHECK(disk.run({"verify"}).exit == 0);
    CHECK(disk.run({"verify", "--seal", seal}).exit == (state < sealed ? 7 : 0));
    if (state < sealed) ++cut;
    check_orderly(disk.run({"receive", "-w", "E", "S=1"}));
  }
  CHECK(cut > 0);
}

// --- a backup is restored

namespace {

void receive(const Disk& disk, int times) {
  for (int i = 0; i < times; ++i) disk.must({"receive", "-w", "E", "S=1"});
}

// What not to do: its log stays, and belongs to another.
void copy_over(const Disk& disk, const std::string& backup) {
  fs::copy_file(backup, disk.file(), fs::copy_options::overwrite_existing);
}

bool is_noticed(const Disk& disk) {
  return disk.run({"verify"}).exit != 0 || disk.run({"doctor"}).exit != 0;
}

}  // namespace

TEST_CASE("a backup copied over a database whose log is still there: it is undone, or verify tells",
          "[storage]") {
  if (!is_on_a_disk()) return;
  int undone = 0;
  int noticed = 0;
  for (const int later : {5, 40}) {
    CAPTURE(later);
    const Disk disk;
    receive(disk, 10);
    const auto backup = disk.place().path("backup");
    disk.must({"backup", backup});
    const auto then = ledger_in(disk);
    receive(disk, later);
    const auto now = ledger_in(disk);
    copy_over(disk, backup);
    const auto found = ledger_in(disk);
    if (is_noticed(disk)) {
      ++noticed;
      continue;
    }
    CHECK((found == then || found == now));
    if (found == now) ++undone;
  }
  CHECK(undone > 0);
  CHECK(noticed > 0);
}

// Pages of later prices fit a ledger of before: there is nothing that verify could see. So the manual says
// that the log goes first. This is also the control of the test above: it would see such a mixture.
TEST_CASE("a backup copied over a database whose log holds only prices is mixed with them unnoticed",
          "[storage]") {
  if (!is_on_a_disk()) return;
  const Disk disk;
  receive(disk, 10);
  const auto backup = disk.place().path("backup");
  disk.must({"backup", backup});
  const auto then = ledger_in(disk);
  receive(disk, 30);
  disk.put_back(disk.whole());
  disk.must({"price", "set", "S=2.00", "--reason", "spring"});
  const auto now = ledger_in(disk);
  copy_over(disk, backup);
  const auto found = ledger_in(disk);
  CHECK(found != then);
  CHECK(found != now);
  CHECK_FALSE(is_noticed(disk));
}

TEST_CASE("a backup that is restored as the manual says is what it was, and what was moved away is whole",
          "[storage]") {
  if (!is_on_a_disk()) return;
  for (const int later : {5, 40}) {
    CAPTURE(later);
    const Disk disk;
    receive(disk, 9);
    const Words held = {"receive", "-w", "E", "S=1", "--id", "held"};
    disk.must(held);
    const auto backup = disk.place().path("backup");
    disk.must({"backup", backup});
    const auto then = ledger_in(disk);
    receive(disk, later);
    const Words again = {"receive", "-w", "E", "S=1", "--id", "again"};
    disk.must(again);
    const auto seal = disk.must({"seal", "--json"}).json().at("seal").get<std::string>();
    const auto now = ledger_in(disk);

    const auto away = disk.place().path("away");
    fs::create_directory(away);
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::rename(disk.file() + suffix, away + "/shop.db" + suffix);
    }
    fs::copy_file(backup, disk.file());
    CHECK(ledger_in(disk) == then);
    CHECK_FALSE(is_noticed(disk));
    CHECK(disk.run({"verify", "--seal", seal}).exit == 7);  // which was made after the backup
    // What it holds is replayed, and what came after it is posted again: nobody has seen its id.
    disk.must(held);
    CHECK(disk.on_hand() == 10);
    disk.must(again);
    CHECK(disk.on_hand() == 11);
    CHECK_FALSE(is_noticed(disk));

    fs::remove_all(disk.directory());
    fs::rename(away, disk.directory());
    CHECK(ledger_in(disk) == now);
    disk.must({"verify", "--seal", seal});
  }
}

TEST_CASE("a log that was left behind by a database that is gone is not taken into the new one",
          "[storage]") {
  if (!is_on_a_disk()) return;
  const Disk disk;
  disk.must({"receive", "-w", "E", "S=7"});
  REQUIRE(fs::file_size(disk.file() + "-wal") > 0);
  fs::remove(disk.file());
  CHECK(disk.run({"stock"}).exit == 9);
  disk.must({"init-db"});
  CHECK(disk.run({"stock", "--json"}).json().empty());
  CHECK(disk.run({"warehouse", "list", "--json"}).json().empty());
  CHECK(disk.run({"verify"}).exit == 0);
}

TEST_CASE("a database that is taken away, or replaced, between two commands is said to be so", "[storage]") {
  if (!is_on_a_disk()) return;
  const Disk disk;
  const auto away = disk.place().path("away");
  fs::rename(disk.directory(), away);
  CHECK(disk.run({"receive", "-w", "E", "S=1"}).exit == 9);
  CHECK(disk.run({"stock"}).exit == 9);
  CHECK_FALSE(fs::exists(disk.directory()));
  fs::create_directories(disk.file());
  CHECK(disk.run({"receive", "-w", "E", "S=1"}).exit == 9);
  fs::remove_all(disk.directory());
  fs::rename(away, disk.directory());
  disk.must({"receive", "-w", "E", "S=1"});
}

}  // namespace damage_test
