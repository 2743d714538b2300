// A statement of the MySQL driver: its text with the parameters filled in as literals, sent as one query.
//
// It is not prepared on the server: preparing costs a round trip, which a program that runs for milliseconds
// never earns back, and prepared statements cannot be sent together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"

namespace sql {
class ResultSet;
}  // namespace sql

namespace invctl::db {

class MysqlConnection;

class MysqlStatement : public Statement {
 public:
  MysqlStatement(MysqlConnection& connection, const std::string& sql);
  ~MysqlStatement() override;

  void bind_integer(int index, std::int64_t value) override;
  void bind_text(int index, std::string_view value) override;
  void bind_blob(int index, Blob value) override;
  void bind_null(int index) override;
  bool next() override;
  void ask_later() override;
  std::int64_t run() override;
  void run_later(std::int64_t rows) override;
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
  // The text so far, up to the place of this parameter. They are bound in order.
  std::string& text_before(int index);
  const std::string& filled_in();
  template <class F>
  auto guarded(F&& call);

  MysqlConnection& connection_;
  std::vector<std::string> pieces_;  // of the text, around its parameters
  std::string text_;                 // with the parameters that are bound
  std::size_t bound_ = 0;
  std::unique_ptr<sql::ResultSet> rows_;    // open while a query is read
  mutable std::vector<std::string> views_;  // what view() has handed out, by column
  bool asked_ = false;                      // the answer comes into rows_
  bool in_use_ = false;
};

// A string as a literal of utf8mb4, whatever bytes it holds; and bytes as one of a binary string.
void append_text_literal(std::string& out, std::string_view value);
void append_blob_literal(std::string& out, Blob value);
std::string text_literal(std::string_view value);
std::string blob_literal(Blob value);

}  // namespace invctl::db
