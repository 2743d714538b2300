// Runs the real binary from tests, against a fresh database, and looks at all it leaves behind: exit code,
// stdout, stderr and the rows of the database.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace invctl::test {

// Whether a sanitizer watches, and the program has many times its usual time and memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

// A directory of its own that goes away with the object; INVCTL_TEST_KEEP=1 keeps it and says where.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes a file in it and returns its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::string path_;
};

std::string read_file(const std::string& path);  // throws where it cannot be read
bool file_exists(const std::string& path);

using Environment = std::vector<std::pair<std::string, std::string>>;

struct RunOptions {
  std::string stdin_text = {};  // empty: /dev/null
  Environment env = {};         // on top of a clean one: PATH, HOME, LC_ALL, TMPDIR; nothing of INVCTL_*
  std::string cwd = {};         // empty: HOME, a temporary directory
  std::string stdout_to = {};   // a file to open instead of capturing, such as /dev/full
  std::string stderr_to = {};
  std::chrono::seconds timeout{120};  // then the process is killed: exit is 137, and `timed_out` says why
  std::vector<std::string> wrapper =
      {};                   // a program that starts the binary, and its options, such as prlimit
  std::string binary = {};  // another copy of the program; empty: the one under test
};

struct Result {
  int exit = -1;  // 128 + the signal where one ended it
  std::string out, err;
  bool timed_out = false;  // it did not end by itself: the harness killed it

  // stdout as JSON; throws where it is not.
  nlohmann::json json() const;
  // The `error` object of stderr's last line, for runs with --json.
  nlohmann::json error() const;
  std::string error_code() const;  // its `code`
};
std::ostream& operator<<(std::ostream& stream, const Result& result);

// A process that runs while the test goes on. Ends with the object, killed if it still runs. Thread-safe as
// far as each thread uses its own.
class Process {
 public:
  explicit Process(const std::vector<std::string>& args, const RunOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int pid() const { return pid_; }
  void signal(int number) const;
  // Feeds stdin, which has to wait until here, collects what it says, and waits for its end.
  Result wait();

 private:
  void exchange(Result& result);

  int pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string stdin_text_;
  std::chrono::steady_clock::time_point deadline_;
};

// `invctl ARGS...`, from start to end.
Result run(const std::vector<std::string>& args, const RunOptions& options = {});

using Rows = std::vector<std::vector<std::string>>;  // NULL is "NULL", a blob is hexadecimal

// One database of an engine, made for one test.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string url() const = 0;  // for the account that works with the ledger
  // For the account that makes and upgrades the schema.
  virtual std::string admin_url() const { return url(); }
  // Called once the database is initialised: gives the account of url() its rights.
  virtual void grant() {}
  virtual Rows rows(const std::string& sql) = 0;          // behind invctl's back
  virtual void execute(const std::string& sql) = 0;       // the same for statements
  virtual Environment environment() const { return {}; }  // what the child needs besides the URL
};

// Engines by the name in INVCTL_TEST_BACKEND (default sqlite, which is built in). Another engine's fixture
// registers itself before main, from a file of its own.
using BackendFactory = std::function<std::unique_ptr<Backend>(const TempDir& directory)>;
bool register_backend(const std::string& name, BackendFactory factory);
std::string backend_name();

// A database made by `invctl init-db`, and a directory for the test's own files, which is HOME and the
// working directory of what it runs.
class Database {
 public:
  explicit Database(const std::string& currency = "USD", const std::string& engine = backend_name());

  // As the account that works with the ledger; init-db and simulate-concurrency as the one that makes
  // schemas.
  Result run(const std::vector<std::string>& args, RunOptions options = {});
  // The same that throws, with everything it said, unless it exits 0.
  Result must(const std::vector<std::string>& args, RunOptions options = {});
  std::unique_ptr<Process> start(const std::vector<std::string>& args, RunOptions options = {});

  const TempDir& dir() const { return dir_; }
  std::string url() const { return backend_->url(); }
  std::string admin_url() const { return backend_->admin_url(); }
  Rows rows(const std::string& sql) { return backend_->rows(sql); }
  std::int64_t integer(const std::string& sql);  // of one row and column
  std::string text(const std::string& sql);
  void execute(const std::string& sql) { backend_->execute(sql); }

 private:
  RunOptions complete(const std::vector<std::string>& args, RunOptions options) const;

  TempDir dir_;
  std::unique_ptr<Backend> backend_;
};

// A file of the real data sets, which are not part of the repository: INVCTL_TEST_DATA, else
// ../shared/data beside the project. Nothing, and a message, where it is absent: then the test returns.
std::optional<std::string> real_data(const std::string& name);

}  // namespace invctl::test
