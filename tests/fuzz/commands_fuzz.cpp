// Whole command lines, in this process, against a database of their own. An input is words, one a line; an
// empty line ends a command line, `""` is an empty word, `\n` `\0` `\\` stand for what they stand for
// elsewhere. What follows the line `<<` is the file `input`, which is standard input too.
//
// Whatever is typed: the exit code is one of the table and never that of a defect, both outputs are safe,
// JSON is JSON, a refused command leaves every row of the database as it was, and the ledger verifies
// afterwards.
//
// Commands that start processes, last, or take the terminal are parsed and no more (`only_parsed`).
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"
#include "io/output.hpp"
#include "run.hpp"
#include "sandbox.hpp"

namespace invctl::fuzz {

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::size_t most_commands = 5;
constexpr std::array<std::string_view, 4> only_parsed{"simulate-concurrency", "simulate-worker", "run",
                                                      "watch"};

struct Input {
  std::vector<Words> commands;
  std::string file;
};

std::string unescaped(std::string_view text) {
  if (text == "\"\"") return {};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : ' ';
    if (next == 'n' || next == '\\') {
      out += next == 'n' ? '\n' : '\\';
      ++i;
    } else if (text[i] != '\0') {
      out += text[i];
    }
  }
  return out;
}

Input parse_input(std::string_view text) {
  Input input;
  Words words;
  const auto end_command = [&] {
    if (!words.empty() && input.commands.size() < most_commands) input.commands.push_back(std::move(words));
    words = {};
  };
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line == "<<") {
      input.file = text;
      break;
    }
    if (line.empty()) {
      end_command();
    } else {
      words.push_back(unescaped(line));
    }
  }
  end_command();
  return input;
}

// What a command changes of the process that runs it.
class ProcessState {
 public:
  ProcessState() : directory_(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], nullptr, &actions_[i]);
    getitimer(ITIMER_REAL, &timer_);
  }
  ~ProcessState() {
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &actions_[i], nullptr);
    setitimer(ITIMER_REAL, &timer_, nullptr);
    [[maybe_unused]] const int back = fchdir(directory_);
    close(directory_);
  }
  ProcessState(const ProcessState&) = delete;
  ProcessState& operator=(const ProcessState&) = delete;

 private:
  static constexpr std::array signals{SIGALRM, SIGINT, SIGTERM, SIGPIPE, SIGHUP};
  int directory_;
  std::array<struct sigaction, signals.size()> actions_{};
  itimerval timer_{};
};

// A standard stream that leads to a file in memory for as long as the object lives.
class Stream {
 public:
  Stream(int number, std::string_view content = {})
      : number_(number), saved_(fcntl(number, F_DUPFD_CLOEXEC, 10)) {
    memory_ = memfd_create("stream", MFD_CLOEXEC);
    io::write_all(memory_, content);
    lseek(memory_, 0, SEEK_SET);
    dup2(memory_, number_);
  }
  ~Stream() {
    dup2(saved_, number_);
    close(saved_);
    close(memory_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::string content() const {
    std::string text(static_cast<std::size_t>(std::max<off_t>(lseek(memory_, 0, SEEK_END), 0)), '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(pread(memory_, text.data(), text.size(), 0), 0)));
    return text;
  }

 private:
  int number_, saved_, memory_ = -1;
};

struct Result {
  int exit = 0;
  std::string out, err;
};

Result run_here(Words words, std::string_view standard_input) {
  words.insert(words.begin(), "invctl");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const Stream in(STDIN_FILENO, standard_input);
  const Stream out(STDOUT_FILENO);
  const Stream err(STDERR_FILENO);
  const int exit = cmd::run(static_cast<int>(words.size()), argv.data());
  return {exit, out.content(), err.content()};
}

std::string shown(const Words& words, const Result& result) {
  return fmt::format("[{}] exit {}\n{}\n{}", fmt::join(words, "] ["), result.exit, result.out.substr(0, 2000),
                     result.err.substr(0, 2000));
}

void must(const Words& words) {
  const auto result = run_here(words, "");
  require(result.exit == 0, "the database of the fuzzer is made", shown(words, result));
}

// The directory in which everything happens, and what is in it at the beginning of each input.
class Scratch {
 public:
  Scratch() {
    std::string name = fs::temp_directory_path().string() + "/invctl-fuzz-XXXXXX";
    require(mkdtemp(name.data()) != nullptr, "a directory", name);
    path_ = name;
    for (const auto* variable : {"HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
      setenv(variable, name.c_str(), 1);
    setenv("INVCTL_DB", "stock.db", 1);
    setenv("INVCTL_ACTOR", "fuzz", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    for (const auto* variable : {"INVCTL_CONFIG", "INVCTL_WAREHOUSE", "INVCTL_FORMAT", "INVCTL_DB_PASSWORD"})
      unsetenv(variable);
    const ProcessState state;
    enter();
    fill();
    for (const auto& entry : fs::directory_iterator("."))
      files_.emplace_back(entry.path(), read(entry.path()));
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    rmdir(path_.c_str());  // remove_all() asks for more than the sandbox gives
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  void enter() const { require(chdir(path_.c_str()) == 0, "the directory is there"); }

  void restore(std::string_view input) const {
    for (const auto& entry : fs::directory_iterator(".")) fs::remove_all(entry.path());
    for (const auto& [path, content] : files_) write(path, content);
    write("input", input);
  }

 private:
  static std::string read(const fs::path& path) {
    std::string text(fs::file_size(path), '\0');
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()), "a file is read");
    close(fd);
    return text;
  }
  static void write(const fs::path& path, std::string_view content) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0 && io::write_all(fd, content) == 0, "a file is written");
    close(fd);
  }

  static void fill() {
    must({"init-db"});
    must({"warehouse", "add", "EAST", "--name", "East hall"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT-10", "--name", "Bolt M10", "--price", "0.25", "--reorder-point", "5",
          "--barcode", "4006381333931"});
    must({"product", "add", "NUT-10", "--price", "0.10", "--category", "small"});
    must({"receive", "-w", "EAST", "BOLT-10=100", "NUT-10=50", "--unit-cost", "0.10", "--id", "first"});
    must({"ship", "-w", "EAST", "BOLT-10=10", "--ref", "SO-1"});
    must({"purchase", "NUT-10=3", "--user", "kim"});
    must({"reserve", "-w", "EAST", "BOLT-10=5", "--ttl", "7d", "--for", "order-1"});
    must({"count", "open", "-w", "EAST"});
    must({"threshold", "set", "BOLT-10", "-w", "EAST", "--reorder-point", "20"});
    must({"export", "ledger.ndjson"});
    // One file without a log beside it, which is quick to put back.
    sqlite3* database = nullptr;
    require(
        sqlite3_open("stock.db", &database) == SQLITE_OK &&
            sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr) == SQLITE_OK,
        "the log is copied back");
    sqlite3_close(database);
    for (const auto* side_file : {"stock.db-wal", "stock.db-shm"}) fs::remove(side_file);
  }

  std::string path_;
  std::vector<std::pair<fs::path, std::string>> files_;
};

// Every row of every table, but for the stored answers of refused requests with a key. A refusal may also
// leave the end of reservations whose time was up: how many there have been so far.
struct Content {
  Digest rows{};
  std::int64_t expired = 0;
};

Content content_of_database() {
  Sha256 sum;
  sqlite3* database = nullptr;
  if (sqlite3_open_v2("stock.db", &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    sqlite3_close(database);
    return {};
  }
  const auto each_row = [&](const std::string& sql, const auto& use) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) return;
    while (sqlite3_step(statement) == SQLITE_ROW) use(statement);
    sqlite3_finalize(statement);
  };
  std::vector<std::string> tables;
  each_row("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
           [&](sqlite3_stmt* row) {
             tables.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(row, 0)));
           });
  for (const auto& table : tables) {
    sum.update(table);
    const std::string which = table == "operation" ? " WHERE outcome = 'accepted'" : "";
    each_row("SELECT * FROM \"" + table + "\"" + which, [&](sqlite3_stmt* row) {
      for (int i = 0; i < sqlite3_column_count(row); ++i) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, i));
        sum.update(fmt::format("{}:{}:", sqlite3_column_type(row, i), size));
        if (size > 0) sum.update({bytes, size});
      }
    });
  }
  Content content{sum.finish()};
  each_row("SELECT COUNT(*) FROM operation WHERE kind = 'expire'",
           [&](sqlite3_stmt* row) { content.expired = sqlite3_column_int64(row, 0); });
  sqlite3_close(database);
  return content;
}

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What goes to a file is for programs, and holds texts as they are; colours were asked for.
bool raw_output(const Words& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.find("csv") != std::string::npos || word.find("tsv") != std::string::npos ||
           word.find("config") != std::string::npos || word.find("always") != std::string::npos ||
           word.find("complete") != std::string::npos;
  });
}

bool leaves_the_database(int exit) {
  switch (static_cast<Exit>(exit)) {
    case Exit::ok:
    case Exit::partial:
    case Exit::alert:
    case Exit::unreported:
    case Exit::unknown_outcome:
      return false;
    default:
      return true;
  }
}

void check_outputs(const Words& words, const Result& result) {
  const auto all = shown(words, result);
  const auto exit = static_cast<Exit>(result.exit);
  require(exit == Exit::internal || exit_name(exit) != "internal", "the exit code is one of the table", all);
  require(result.err.find("defect of invctl") == std::string::npos, "nothing unexpected happens", all);
  require(exit != Exit::invariant, "no command breaks the ledger", all);
  const bool coloured = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.find("always") != std::string::npos;
  });
  require(coloured || is_safe(result.err), "what is said on stderr is safe", all);
  require(raw_output(words) || is_safe(result.out), "what is said on stdout is safe", all);
  require(result.exit == 0 || !result.err.empty() || !result.out.empty(), "a failure says why", all);
}

// Of a command line whose last word says that JSON is wanted and which nothing contradicts.
void check_json(const Words& words, const Result& result) {
  if (words.back() != "--json" || has(words, "--") || has(words, "--help") || has(words, "-h") ||
      has(words, "complete") || has(words, "--version")) {
    return;
  }
  const auto all = shown(words, result);
  if (result.exit == 0 && !result.out.empty() && words.front() != "apply" && words.front() != "export")
    require(nlohmann::json::accept(result.out), "the answer is JSON", all);
  if (result.exit == 0 || result.err.empty() || has(words, "--log-level") || has(words, "-v")) return;
  const auto last = result.err.rfind('\n', result.err.size() - 2);
  const auto line = std::string_view(result.err).substr(last == std::string::npos ? 0 : last + 1);
  require(line.empty() || line.front() != '{' || nlohmann::json::accept(line), "the error is JSON", all);
}

void parse_only(const Words& words) {
  for (const auto& command : cmd::command_table()) {
    if (command.name != words.front()) continue;
    CLI::App app("fuzz", "invctl");
    cmd::Action action;
    command.setup(app, action);
    try {
      app.parse(Words(words.rbegin(), words.rend() - 1));
    } catch (const CLI::ParseError&) {
      // The usual way for words that nobody would type.
    } catch (const Error& error) {
      require_safe(error);
    }
  }
}

void check_commands(std::string_view text) {
  static const Scratch scratch;
  [[maybe_unused]] static const bool guarded = [] {
    std::vector<std::string> writable = {scratch.path()};
    // Where the fuzzer itself keeps what it finds.
    if (const char* more = std::getenv("INVCTL_FUZZ_WRITABLE")) {
      for (const auto path : text::split(more, ':')) writable.emplace_back(path);
    }
    enter_sandbox(writable);
    return true;
  }();
  auto input = parse_input(text);
  for (const auto& words : input.commands) {
    if (!std::all_of(words.begin(), words.end(), stays_here)) return;
    for (const auto& word : words) {
      // Anywhere, because options of the program may stand before the command.
      if (std::find(only_parsed.begin(), only_parsed.end(), word) == only_parsed.end()) continue;
      if (word == words.front()) parse_only(words);
      return;
    }
  }
  const ProcessState state;
  scratch.enter();
  scratch.restore(input.file);
  const auto first = content_of_database();
  auto before = first;
  for (const auto& words : input.commands) {
    const auto result = run_here(words, input.file);
    check_outputs(words, result);
    check_json(words, result);
    const auto after = content_of_database();
    const bool unchanged = after.rows == before.rows || after.expired != before.expired;
    require(unchanged || !leaves_the_database(result.exit), "a refused command changes nothing",
            shown(words, result));
    before = after;
  }
  if (before.rows == first.rows) return;
  const auto verified = run_here({"verify"}, "");
  require(verified.exit == 0, "the ledger verifies", shown({"verify"}, verified));
}

[[maybe_unused]] const bool added = add_target("commands", check_commands);

}  // namespace
}  // namespace invctl::fuzz
