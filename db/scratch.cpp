#include "scratch.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/trace.hpp"
#include "sql_store.hpp"
#include "sqlite_connection.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view guard_mark = "-- guard";

std::string make_directory() {
  const char* base = std::getenv("TMPDIR");
  if (base == nullptr || *base == '\0') base = "/tmp";
  std::string path = fmt::format("{}/invctl-sim-XXXXXX", base);
  if (mkdtemp(path.data()) == nullptr) {
    throw Error(
        Exit::unavailable,
        fmt::format("cannot create a directory in {}: {}", text::printable(base), std::strerror(errno)),
        "TMPDIR names another place");
  }
  return path;
}

void initialise(const std::string& url, const ScratchOptions& options) {
  const auto connection = open_connection(url);
  auto migrations = migrations_of(connection->dialect(), schema_files());
  if (!options.guards) migrations = without_guards(std::move(migrations));
  migrate(*connection, migrations, Currency::parse("USD"), Deadline::after(std::chrono::seconds(30)), false);
}

class SqliteScratch : public ScratchDatabase {
 public:
  SqliteScratch() : directory_(make_directory()), url_("sqlite:" + directory_ + "/invctl.db") {}
  ~SqliteScratch() override {
    std::error_code ignored;
    if (!kept()) std::filesystem::remove_all(directory_, ignored);
  }
  const std::string& url() const override { return url_; }

 private:
  std::string directory_, url_;
};

class MysqlScratch : public ScratchDatabase {
 public:
  explicit MysqlScratch(const std::string& server)
      : server_(server), name_("invctl_sim_" + to_hex(random_uid())), url_(with_database(server, name_)) {
    open_connection(server_)->execute(
        fmt::format("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", name_));
  }
  ~MysqlScratch() override {
    if (kept()) return;
    try {
      open_connection(server_)->execute("DROP DATABASE " + name_);
    } catch (const std::exception& error) {
      trace(TraceLevel::warn, "scratch_left_behind", {{"database", name_}, {"why", error.what()}});
    }
  }
  const std::string& url() const override { return url_; }

 private:
  std::string server_, name_, url_;
};

}  // namespace

std::string with_database(const std::string& url, const std::string& database) {
  const auto slash = url.find('/', url.find("://") + 3);
  const auto question = url.find('?', slash);
  return url.substr(0, slash + 1) + database + (question == std::string::npos ? "" : url.substr(question));
}

std::vector<Migration> without_guards(std::vector<Migration> migrations) {
  bool found = false;
  for (auto& migration : migrations) {
    std::string kept;
    for (const auto line : text::split(migration.text, '\n')) {
      const bool guard = text::trim(line).ends_with(guard_mark);
      found = found || guard;
      if (!guard) kept += std::string(line) + '\n';
    }
    migration.text = std::move(kept);
  }
  if (!found) throw Error(Exit::internal, "the schema marks no guards that could be left out");
  return migrations;
}

std::unique_ptr<ScratchDatabase> create_scratch(const std::string& url, const ScratchOptions& options) {
  std::unique_ptr<ScratchDatabase> scratch;
  if (parse_url(url).engine == Url::Engine::mysql) {
    scratch = std::make_unique<MysqlScratch>(url);
  } else {
    scratch = std::make_unique<SqliteScratch>();
    SqliteConnection::create_file(parse_url(scratch->url()).path);
  }
  initialise(scratch->url(), options);
  return scratch;
}

}  // namespace invctl::db
