#include "mysql_statement.hpp"

#include <cppconn/datatype.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>

#include "mysql_connection.hpp"

namespace invctl::db {

namespace {

constexpr int must_prepare_again = 1615;  // the server threw it away, such as after DDL

unsigned from_one(int index) {
  return static_cast<unsigned>(index);
}
unsigned from_zero(int column) {
  return static_cast<unsigned>(column) + 1;
}

}  // namespace

MysqlStatement::MysqlStatement(MysqlConnection& connection, std::string sql)
    : connection_(connection), sql_(std::move(sql)) {}

MysqlStatement::~MysqlStatement() = default;

template <class F>
auto MysqlStatement::guarded(F&& call) {
  try {
    return call();
  } catch (const sql::SQLException& error) {
    rows_.reset();
    if (error.getErrorCode() == must_prepare_again) session_ = 0;
    connection_.fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
  }
}

sql::PreparedStatement& MysqlStatement::prepared() {
  if (session_ != connection_.session_number()) {
    rows_.reset();
    prepared_.reset();
    prepared_ = connection_.prepare(sql_);
    session_ = connection_.session_number();
  }
  return *prepared_;
}

void MysqlStatement::bind_integer(int index, std::int64_t value) {
  guarded([&] { prepared().setInt64(from_one(index), value); });
}
void MysqlStatement::bind_text(int index, std::string_view value) {
  guarded([&] { prepared().setString(from_one(index), sql::SQLString(value.data(), value.size())); });
}
// As a string, because setBlob sends each value in a packet of its own. The server stores the bytes of a
// string in a BINARY column as they are.
void MysqlStatement::bind_blob(int index, Blob value) {
  bind_text(index, {reinterpret_cast<const char*>(value.data()), value.size()});
}
void MysqlStatement::bind_null(int index) {
  guarded([&] { prepared().setNull(from_one(index), sql::DataType::SQLNULL); });
}

bool MysqlStatement::next() {
  return guarded([&] {
    if (!rows_) {
      connection_.before_statement();
      rows_.reset(prepared().executeQuery());
    }
    return rows_->next();
  });
}

std::int64_t MysqlStatement::run() {
  return guarded([&]() -> std::int64_t {
    connection_.before_statement();
    return prepared().executeUpdate();
  });
}

bool MysqlStatement::is_null(int column) const {
  return rows_->isNull(from_zero(column));
}
std::int64_t MysqlStatement::integer(int column) const {
  return rows_->getInt64(from_zero(column));
}
std::string MysqlStatement::text(int column) const {
  return rows_->getString(from_zero(column)).asStdString();
}

std::string_view MysqlStatement::view(int column) const {
  const auto index = static_cast<std::size_t>(column);
  if (views_.size() <= index) views_.resize(index + 1);
  return views_[index] = text(column);
}

void MysqlStatement::forget() noexcept {
  rows_.reset();
  prepared_.reset();
  session_ = 0;
}

void MysqlStatement::reset() noexcept {
  rows_.reset();
  in_use_ = false;
}

}  // namespace invctl::db
