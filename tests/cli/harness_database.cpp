// The database of a test, on the engine that the environment chooses.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "backend.hpp"

namespace invctl::test {

namespace {

std::string hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

class SqliteBackend : public Backend {
 public:
  explicit SqliteBackend(const TempDir& directory) : path_(directory.path("test.db")) {}

  std::string url() const override { return "sqlite:" + path_; }

  Rows rows(const std::string& sql) override {
    const SQLite::Database database(path_, SQLite::OPEN_READONLY, 5000);
    SQLite::Statement statement(database, sql);
    Rows rows;
    while (statement.executeStep()) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < statement.getColumnCount(); ++i) {
        const auto column = statement.getColumn(i);
        const auto value = column.getString();
        row.push_back(column.isNull() ? "NULL" : column.isBlob() ? hexadecimal(value) : value);
      }
    }
    return rows;
  }

  void execute(const std::string& sql) override {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE, 5000);
    database.exec(sql);
  }

 private:
  std::string path_;
};

std::map<std::string, BackendFactory>& backends() {
  static std::map<std::string, BackendFactory> table = {
      {"sqlite", [](const TempDir& directory) { return std::make_unique<SqliteBackend>(directory); }}};
  return table;
}

}  // namespace

std::unique_ptr<Backend> make_backend(const std::string& engine, const TempDir& directory) {
  const auto found = backends().find(engine);
  if (found == backends().end()) {
    throw std::runtime_error("the engine " + engine + " has no fixture in this build");
  }
  return found->second(directory);
}

bool register_backend(const std::string& name, BackendFactory factory) {
  return backends().insert_or_assign(name, std::move(factory)).second;
}

std::string backend_name() {
  const char* name = std::getenv("INVCTL_TEST_BACKEND");
  return name != nullptr && *name != '\0' ? name : "sqlite";
}

Database::Database(const std::string& currency, const std::string& engine)
    : backend_(make_backend(engine, dir_)) {
  must({"init-db", "--currency", currency});
  backend_->grant();
}

RunOptions options_for(const Backend& backend, const TempDir& directory, const std::vector<std::string>& args,
                       RunOptions options) {
  // These two make and drop tables; everything else is the operator's.
  const bool schema = std::any_of(args.begin(), args.end(), [](const std::string& word) {
    return word == "init-db" || word == "simulate-concurrency";
  });
  Environment env = {{"HOME", directory.path()}, {"INVCTL_DB", schema ? backend.admin_url() : backend.url()}};
  for (auto& entry : backend.environment()) env.push_back(std::move(entry));
  env.insert(env.end(), options.env.begin(), options.env.end());
  options.env = std::move(env);
  if (options.cwd.empty()) options.cwd = directory.path();
  return options;
}

RunOptions Database::complete(const std::vector<std::string>& args, RunOptions options) const {
  return options_for(*backend_, dir_, args, std::move(options));
}

Result Database::run(const std::vector<std::string>& args, RunOptions options) {
  return test::run(args, complete(args, std::move(options)));
}

Result Database::must(const std::vector<std::string>& args, RunOptions options) {
  auto result = run(args, std::move(options));
  if (result.exit != 0) {
    throw std::runtime_error("invctl " + args.at(0) + " ended with exit " + std::to_string(result.exit) +
                             ": " + result.err);
  }
  return result;
}

std::unique_ptr<Process> Database::start(const std::vector<std::string>& args, RunOptions options) {
  return std::make_unique<Process>(args, complete(args, std::move(options)));
}

std::int64_t Database::integer(const std::string& sql) {
  return std::stoll(text(sql));
}

std::string Database::text(const std::string& sql) {
  const auto found = rows(sql);
  if (found.size() != 1 || found[0].size() != 1) throw std::runtime_error("not one value: " + sql);
  return found[0][0];
}

std::optional<std::string> real_data(const std::string& name) {
  const char* directory = std::getenv("INVCTL_TEST_DATA");
  const auto path = (directory != nullptr ? directory : PROJECT_DIR "/../shared/data") + ("/" + name);
  if (file_exists(path)) return path;
  WARN("skipped: " << path << " is not there");
  return std::nullopt;
}

}  // namespace invctl::test
