// A prepared statement of the MySQL driver. It outlives the session it was prepared in: after a reconnect it
// is prepared again at its next use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"

namespace sql {
class PreparedStatement;
class ResultSet;
}  // namespace sql

namespace invctl::db {

class MysqlConnection;

class MysqlStatement : public Statement {
 public:
  MysqlStatement(MysqlConnection& connection, std::string sql);
  ~MysqlStatement() override;

  void bind_integer(int index, std::int64_t value) override;
  void bind_text(int index, std::string_view value) override;
  void bind_blob(int index, Blob value) override;
  void bind_null(int index) override;
  bool next() override;
  std::int64_t run() override;
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  std::string text(int column) const override;
  std::string_view view(int column) const override;
  void reset() noexcept override;

  // Between the connection's statement() and reset(): it may not be thrown out of the cache.
  bool in_use() const { return in_use_; }
  void use() { in_use_ = true; }
  // Lets go of the session, which is about to end.
  void forget() noexcept;

 private:
  // The driver's statement, prepared in the session of now.
  sql::PreparedStatement& prepared();
  template <class F>
  auto guarded(F&& call);

  MysqlConnection& connection_;
  std::string sql_;
  std::unique_ptr<sql::PreparedStatement> prepared_;
  std::unique_ptr<sql::ResultSet> rows_;    // open while a query is read
  mutable std::vector<std::string> views_;  // what view() has handed out, by column
  std::uint64_t session_ = 0;               // in which it was prepared; 0: not prepared
  bool in_use_ = false;
};

}  // namespace invctl::db
