// The live screen in a terminal of its own.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <optional>

#include "cli/harness.hpp"

namespace watch_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

using Clock = std::chrono::steady_clock;

// invctl with a pseudo terminal in place of a person's.
class Terminal {
 public:
  Terminal(Database& db, std::vector<std::string> words, int lines, int columns,
           const std::optional<std::string>& type = "xterm-256color") {
    master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    resize(lines, columns);
    const std::string name = ptsname(master_);
    terminal_ = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    tcgetattr(terminal_, &before_);
    RunOptions options;
    options.wrapper = {"sh", "-c", "exec \"$@\" <" + name + " >" + name, "sh"};
    options.env = {{"LC_ALL", "C.UTF-8"}};
    if (type) options.env.emplace_back("TERM", *type);
    process_ = db.start(words, options);
  }
  ~Terminal() {
    process_.reset();
    close(terminal_);
    close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void resize(int lines, int columns) const {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(lines);
    size.ws_col = static_cast<unsigned short>(columns);
    ioctl(master_, TIOCSWINSZ, &size);
  }
  void type(const std::string& keys) const { REQUIRE(write(master_, keys.data(), keys.size()) > 0); }

  // Reads until the text has come since the last call, for ten seconds at most.
  bool shows(const std::string& text) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    std::string fresh;
    while (Clock::now() < deadline) {
      fresh += take(100);
      if (fresh.find(text) != std::string::npos) return true;
    }
    UNSCOPED_INFO("the screen got: " << fresh);
    return false;
  }
  void signal(int number) const { process_->signal(number); }
  Result end() {
    shows("\x1b[?1049l");
    return process_->wait();
  }
  bool has_shown_nothing() const { return all_.empty(); }
  bool has_shown(const std::string& text) const { return all_.find(text) != std::string::npos; }
  // The end of one that takes no screen.
  Result refused() {
    auto result = process_->wait();
    while (!take(0).empty()) {
    }
    return result;
  }
  // As the shell had it before: line by line, echoing.
  bool has_old_modes() const {
    termios now{};
    tcgetattr(terminal_, &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
           now.c_cc[VQUIT] == before_.c_cc[VQUIT];
  }
  bool restored() const { return has_old_modes() && has_shown("\x1b[?1049l"); }

 private:
  // What is there, or comes within that time.
  std::string take(int milliseconds) {
    pollfd watched{master_, POLLIN, 0};
    if (poll(&watched, 1, milliseconds) <= 0) return {};
    char bytes[4096];
    const auto size = read(master_, bytes, sizeof bytes);
    if (size <= 0) return {};
    all_.append(bytes, static_cast<std::size_t>(size));
    return {bytes, static_cast<std::size_t>(size)};
  }

  int master_ = -1, terminal_ = -1;
  termios before_{};
  std::string all_;
  std::unique_ptr<Process> process_;
};

class Shop : public Database {
 public:
  Shop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"product", "add", "BOLT", "--name", "육각 볼트", "--reorder-point", "5"});
    must({"product", "add", "NUT", "--name", "ナット"});
    must({"receive", "-w", "EAST", "BOLT=10", "NUT=400"});
  }
};

}  // namespace

TEST_CASE("watch shows stock and what moves, and gives the terminal back", "[watch]") {
  Shop db;
  Terminal terminal(db, {"watch", "--interval", "100ms"}, 24, 80);
  REQUIRE(terminal.shows("육각 볼트"));
  db.must({"ship", "-w", "EAST", "BOLT=6", "--actor", "kim"});
  CHECK(terminal.shows("kim"));
  terminal.type("/nut\r");
  CHECK(terminal.shows("with \"n"));
  terminal.type("p");
  CHECK(terminal.shows("PAUSED"));
  terminal.resize(50, 200);
  terminal.signal(SIGWINCH);
  CHECK(terminal.shows("go on"));
  terminal.type("q");
  CHECK(terminal.end().exit == 0);
  CHECK(terminal.restored());
}

TEST_CASE("watch goes on without a word when a server has ended its session between two looks", "[watch]") {
  if (backend_name() == "sqlite") return;
  Shop db;
  Terminal terminal(db, {"watch", "--interval", "500ms"}, 24, 80);
  REQUIRE(terminal.shows("BOLT"));
  for (const auto& row :
       db.rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> "
               "CONNECTION_ID()")) {
    db.execute("KILL " + row[0]);
  }
  db.must({"ship", "-w", "EAST", "BOLT=6", "--actor", "kim"});
  CHECK(terminal.shows("kim"));
  terminal.type("q");
  CHECK(terminal.end().exit == 0);
  CHECK_FALSE(terminal.has_shown("trying again"));
}

TEST_CASE("a signal ends watch and gives the terminal back", "[watch]") {
  Shop db;
  const int number = GENERATE(SIGINT, SIGTERM);
  Terminal terminal(db, {"watch", "-w", "EAST", "--sku", "BOLT"}, 10, 40);
  REQUIRE(terminal.shows("BOLT"));
  terminal.signal(number);
  CHECK(terminal.end().exit == 128 + number);
  CHECK(terminal.restored());
}

TEST_CASE("watch without a terminal, or of what is not there, says so", "[watch]") {
  Shop db;
  const auto result = db.run({"watch"});
  CHECK(result.exit == 2);
  CHECK_THAT(result.err, Contains("watch needs a terminal"));
  Terminal nowhere(db, {"watch", "-w", "NORTH"}, 24, 80);
  CHECK(nowhere.refused().exit == 3);
}

TEST_CASE("watch on a terminal whose kind is not known, or not said, tells what else there is", "[watch]") {
  Shop db;
  const auto type = GENERATE(as<std::optional<std::string>>(), std::nullopt, "", "no-such-terminal", "dumb");
  Terminal terminal(db, {"watch"}, 24, 80, type);
  const auto result = terminal.refused();
  INFO(type.value_or("none") << result);
  CHECK(result.exit == 2);
  CHECK_THAT(result.err, Contains("this terminal cannot show a screen"));
  CHECK_THAT(result.err, Contains("invctl stock"));
  CHECK(terminal.has_old_modes());
  CHECK(terminal.has_shown_nothing());
}

}  // namespace watch_test
