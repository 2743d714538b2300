// Names of files that are traps: links, pipes, devices, names that mean something to others. SQLite's files
// and those that any command writes.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "harness.hpp"

namespace paths_test {

using namespace invctl::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

// A directory with things in the way, and the program in it.
class Place {
 public:
  Place() {
    dir_.write("victim", "precious\n");
    fs::create_directory(path("dir"));
    fs::create_symlink("victim", path("link"));
    fs::create_symlink("nowhere", path("dangling"));
    REQUIRE(mkfifo(path("fifo").c_str(), 0600) == 0);
  }
  std::string path(const std::string& name) const { return dir_.path(name); }
  Result run(const Words& words, RunOptions options = {}) const {
    options.cwd = dir_.path();
    options.timeout = std::chrono::seconds(20);
    options.env.emplace_back("HOME", dir_.path());
    return invctl::test::run(words, options);
  }
  // A database with something in it. Its log is copied back, so that its side files may be taken away.
  std::string stock(const std::string& name) const {
    for (const Words& words : {Words{"init-db"},
                               {"warehouse", "add", "EAST"},
                               {"product", "add", "BOLT"},
                               {"receive", "-w", "EAST", "BOLT=5"}}) {
      auto all = words;
      all.insert(all.end(), {"--db", "making.db"});
      const auto result = run(all);
      REQUIRE(result.exit == 0);
    }
    REQUIRE(run({"backup", name, "--db", "making.db"}).exit == 0);
    for (const auto* suffix : {"", "-wal", "-shm", "-turnstile"}) fs::remove(path("making.db") + suffix);
    return path(name);
  }
  bool victim_is_whole() const {
    return read_file(path("victim")) == "precious\n" && !fs::exists(path("nowhere")) &&
           fs::is_symlink(path("link"));
  }

 private:
  TempDir dir_;
};

bool on_sqlite() {
  return backend_name() == "sqlite";
}

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0U;
}

}  // namespace

TEST_CASE("what is no file is no database, and nobody waits for it", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  for (const auto* name : {"dir", "fifo", "/dev/null", "/dev/zero", "/dev/full", "/dev/tty"}) {
    for (const Words& words :
         {Words{"init-db"}, {"stock"}, {"warehouse", "add", "EAST"}, {"doctor"}, {"backup", "b.db"}}) {
      auto all = words;
      all.insert(all.end(), {"--db", name});
      const auto result = place.run(all);
      INFO(name << ' ' << words.front() << result);
      CHECK(result.exit == 9);
      CHECK_THAT(result.err + result.out, Contains("not a database"));
    }
  }
  const auto longest = std::string(300, 'x');
  const auto result = place.run({"init-db", "--db", longest});
  CHECK(result.exit == 9);
  CHECK_THAT(result.err, Contains("too long"));
}

TEST_CASE("a name of a database means that file and nothing else", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  for (const std::string name :
       {":memory:", "file:x?mode=memory", "file:x.db", "a?b#c%20d", "-dash", " space ", "b\xff\xfe.db",
        "line\nfeed", "./dir/../dots", "it's \"q\"", "sqlite:twice"}) {
    const auto at = [&](Words words) {
      words.insert(words.begin(), {"--db", "sqlite:" + name});
      return place.run(words);
    };
    INFO(name);
    CHECK(at({"init-db"}).exit == 0);
    CHECK(at({"warehouse", "add", "EAST"}).exit == 0);
    CHECK(at({"warehouse", "list", "--json"}).json().size() == 1);
    CHECK(at({"verify"}).exit == 0);
    CHECK(fs::file_size(place.path(name)) > 0);
    CHECK(at({"backup", "--", name + ".copy"}).exit == 0);
    CHECK(place.run({"warehouse", "list", "--json", "--db", "sqlite:" + name + ".copy"}).json().size() == 1);
  }
  CHECK_FALSE(fs::exists(place.path("x.db")));
  CHECK_FALSE(fs::exists(place.path("x")));
}

TEST_CASE("all names of a database stand in one line and exclude each other", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  place.stock("real.db");
  fs::create_symlink("real.db", place.path("alias.db"));
  fs::create_symlink("..", place.path("dir/up"));
  for (const auto* name : {"alias.db", "dir/up/real.db", "dir/../alias.db"}) {
    CHECK(place.run({"receive", "-w", "EAST", "BOLT=1", "--db", name}).exit == 0);
  }
  for (const auto& entry : fs::directory_iterator(place.path(""))) {
    const auto name = entry.path().filename().string();
    if (name.find("-turnstile") != std::string::npos) CHECK(name == "real.db-turnstile");
  }
  // A run under a name of its own is the only one, by whichever name of the database.
  CHECK(place.run({"verify", "--single-instance", "night", "--db", "alias.db"}).exit == 0);
  std::size_t locks = 0;
  for (const auto& entry : fs::directory_iterator(place.path(""))) {
    const auto name = entry.path().filename().string();
    if (name.find("-instance-") == std::string::npos) continue;
    ++locks;
    CHECK(name.starts_with("real.db-"));
  }
  CHECK(locks == 1);
  // init-db through a link that leads nowhere yet makes the file that it names.
  CHECK(place.run({"init-db", "--db", "dangling"}).exit == 0);
  CHECK(fs::exists(place.path("nowhere-turnstile")));
  CHECK_FALSE(fs::exists(place.path("dangling-turnstile")));
}

TEST_CASE("nothing is written through what somebody has put in the place of a side file", "[paths]") {
  if (!on_sqlite()) return;
  for (const std::string suffix : {"-wal", "-shm"}) {
    for (const auto* in_the_way : {"victim", "nowhere", "dir", "fifo"}) {
      const Place place;
      const auto database = place.stock("stock.db");
      fs::create_symlink(in_the_way, database + suffix);
      for (const Words& words :
           {Words{"receive", "-w", "EAST", "BOLT=1"}, {"stock"}, {"init-db"}, {"doctor"}}) {
        auto all = words;
        all.insert(all.end(), {"--db", database});
        const auto result = place.run(all);
        INFO(suffix << " -> " << in_the_way << ' ' << words.front() << result);
        CHECK(result.exit == 9);
        CHECK_THAT(result.err + result.out,
                   Contains("stock.db" + suffix + " is not a file of this database"));
        CHECK(place.victim_is_whole());
      }
      fs::remove(database + suffix);
      CHECK(place.run({"receive", "-w", "EAST", "BOLT=1", "--db", database}).exit == 0);
    }
  }
  // Without a place in line others decide who is next; nothing is lost, and it is said.
  for (const auto* in_the_way : {"victim", "nowhere", "dir"}) {
    const Place place;
    const auto database = place.stock("stock.db");
    fs::create_symlink(in_the_way, database + "-turnstile");
    const auto result = place.run({"receive", "-w", "EAST", "BOLT=1", "--db", database});
    CHECK(result.exit == 0);
    CHECK_THAT(result.err, Contains("turnstile_unavailable"));
    CHECK(place.victim_is_whole());
    const auto doctor = place.run({"doctor", "--db", database});
    CHECK_THAT(doctor.out, Contains("changes wait in random order"));
  }
}

TEST_CASE("a refused database gets no files beside it", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  for (const Words& words :
       {Words{"init-db"}, {"stock"}, {"warehouse", "add", "EAST"}, {"backup", "b"}, {"verify"}}) {
    auto all = words;
    all.insert(all.end(), {"--db", "victim"});
    CHECK(place.run(all).exit == 9);
  }
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(place.path(""))) ++files;
  CHECK(files == 5);
  CHECK(place.victim_is_whole());
}

TEST_CASE("files that a command makes never take the place of what is there", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  place.stock("stock.db");
  for (const auto* target : {"victim", "link", "dangling", "dir", "fifo", "/dev/null", "/dev/full"}) {
    for (const Words& words : {Words{"backup"}, {"export"}, {"report", "--html"}}) {
      auto all = words;
      all.insert(all.end(), {target, "--db", "stock.db"});
      const auto result = place.run(all);
      INFO(words.front() << ' ' << target << result);
      CHECK(result.exit == 5);
      CHECK(place.victim_is_whole());
    }
  }
  for (const auto* target : {"x/y", "victim/x", "dangling/x"}) {
    for (const Words& words : {Words{"backup"}, {"export"}, {"report", "--html"}}) {
      auto all = words;
      all.insert(all.end(), {target, "--db", "stock.db"});
      const auto result = place.run(all);
      INFO(words.front() << ' ' << target << result);
      CHECK(result.exit != 0);
      CHECK(place.victim_is_whole());
    }
  }
}

TEST_CASE("the draft of a backup is nobody else's file", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  place.stock("stock.db");
  const Words backup = {"backup", "copy", "--db", "stock.db"};
  // What a backup that was killed left is written over ...
  for (const std::string& left :
       {std::string(), "SQLite format 3" + std::string(5000, '\0'), std::string(8192, '\0')}) {
    std::ofstream(place.path("copy.tmp"), std::ios::binary) << left;
    const auto result = place.run(backup);
    INFO(result);
    CHECK(result.exit == 0);
    CHECK_FALSE(fs::exists(place.path("copy.tmp")));
    fs::remove(place.path("copy"));
  }
  // ... and nothing else.
  const auto refused = [&] {
    const auto result = place.run(backup);
    INFO(result);
    CHECK(result.exit == 5);
    CHECK_THAT(result.err, Contains("copy.tmp"));
    CHECK_FALSE(fs::exists(place.path("copy")));
    CHECK(place.victim_is_whole());
  };
  std::ofstream(place.path("copy.tmp")) << "my notes\n";
  refused();
  CHECK(read_file(place.path("copy.tmp")) == "my notes\n");
  fs::remove(place.path("copy.tmp"));
  for (const auto* target : {"victim", "nowhere", "fifo"}) {
    fs::create_symlink(target, place.path("copy.tmp"));
    refused();
    fs::remove(place.path("copy.tmp"));
  }
  fs::create_hard_link(place.path("victim"), place.path("copy.tmp"));
  refused();
  fs::remove(place.path("copy.tmp"));
  REQUIRE(mkfifo(place.path("copy.tmp").c_str(), 0600) == 0);
  refused();
}

TEST_CASE("a cursor, a log and rejected rows go where they are told, and to no pipe that nobody reads",
          "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  place.stock("stock.db");
  for (const auto* target : {"fifo", "/dev/zero", "/dev/full", "dir", "victim", "link"}) {
    const auto result = place.run({"alerts", "--cursor", target, "--db", "stock.db"});
    INFO(target << result);
    CHECK(result.exit == 8);
    CHECK(place.victim_is_whole());
  }
  // The cursor's draft is made anew: it is no way to another file.
  fs::create_symlink("victim", place.path("c.tmp"));
  CHECK(place.run({"alerts", "--cursor", "c", "--db", "stock.db"}).exit == 0);
  CHECK(place.victim_is_whole());
  CHECK(mode_of(place.path("c")) == 0600);
  // Beside the cursor another run may hold it: that file is no link.
  fs::create_symlink("victim", place.path("d.lock"));
  CHECK(place.run({"alerts", "--cursor", "d", "--db", "stock.db"}).exit != 0);

  const auto log = place.run({"stock", "--log-file", "fifo", "--log-level", "debug", "--db", "stock.db"});
  CHECK(log.exit == 2);
  CHECK_THAT(log.err, Contains("cannot be opened"));
  CHECK(place.run({"stock", "--log-file", "dir", "--db", "stock.db"}).exit == 2);

  std::ofstream(place.path("rows.csv")) << "warehouse,sku,quantity\nEAST,BOLT,1\nEAST,NUT,1\n";
  for (const auto* target : {"victim", "link", "dir"}) {
    const auto result = place.run({"apply", "rows.csv", "--set", "kind=receive", "--on-error", "skip",
                                   "--rejects", target, "--db", "stock.db", "--as-new"});
    INFO(target << result);
    CHECK((result.exit == 5 || result.exit == 2));
    CHECK(place.victim_is_whole());
  }
}

TEST_CASE("whatever the umask, what the program makes is for its owner alone", "[paths]") {
  if (!on_sqlite()) return;
  for (const std::string mask : {"0", "077", "022"}) {
    const Place place;
    const RunOptions masked{.wrapper = {"/bin/sh", "-c", "umask " + mask + " && exec \"$@\"", "sh"}};
    const auto run = [&](Words words) {
      words.insert(words.end(), {"--db", "new/deep/stock.db"});
      const auto result = place.run(words, masked);
      INFO(mask << ' ' << words.front() << result);
      CHECK((result.exit == 0 || result.exit == 12));
    };
    std::ofstream(place.path("rows.csv")) << "warehouse,sku,quantity\nEAST,BOLT,1\nEAST,NUT,1\n";
    run({"init-db"});
    run({"warehouse", "add", "EAST"});
    run({"product", "add", "BOLT"});
    run({"receive", "-w", "EAST", "BOLT=1"});
    run({"verify", "--single-instance", "night"});
    run({"backup", "made-backup"});
    run({"export", "made-export"});
    run({"report", "--html", "made-page"});
    run({"alerts", "--cursor", "made-cursor"});
    run({"stock", "--log-file", "made-log", "--log-level", "debug"});
    run({"apply", "rows.csv", "--set", "kind=receive", "--on-error", "skip", "--rejects", "made-rejects"});
    run({"seed-from-csv", "--stock", "rows.csv", "--rejects", "made-seed-rejects"});
    std::size_t made = 0;
    for (const auto& entry : fs::directory_iterator(place.path(""))) {
      if (!entry.path().filename().string().starts_with("made-")) continue;
      ++made;
      INFO(mask << ' ' << entry.path());
      CHECK(mode_of(entry.path()) == 0600);
    }
    CHECK(made == 8);  // the cursor has a file to lock
    std::size_t beside = 0;
    for (const auto& entry : fs::directory_iterator(place.path("new/deep"))) {
      ++beside;
      INFO(mask << ' ' << entry.path());
      CHECK(mode_of(entry.path()) == 0600);
    }
    CHECK(beside == 5);  // the database, its log, the log's index, the turnstile, a name that was held
    CHECK(mode_of(place.path("new")) == 0700);
    CHECK(mode_of(place.path("new/deep")) == 0700);
  }
}

TEST_CASE("doctor warns of a directory that is open to all, and of hard links", "[paths]") {
  if (!on_sqlite()) return;
  const Place place;
  const auto database = place.stock("stock.db");
  fs::rename(database, place.path("dir/stock.db"));
  const auto doctor = [&] { return place.run({"doctor", "--db", "dir/stock.db", "--json"}).out; };
  CHECK_THAT(doctor(), !Contains("every user can put files"));
  fs::permissions(place.path("dir"), fs::perms(01777));
  CHECK_THAT(doctor(), Contains("every user can put files"));
  fs::permissions(place.path("dir"), fs::perms(0755));
  CHECK_THAT(doctor(), !Contains("hard link"));
  fs::create_hard_link(place.path("dir/stock.db"), place.path("dir/other.db"));
  CHECK_THAT(doctor(), Contains("2 hard links"));
}

}  // namespace paths_test
