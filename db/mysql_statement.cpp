#include "mysql_statement.hpp"

#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>

#include <algorithm>

#include "mysql_connection.hpp"

namespace invctl::db {

namespace {

unsigned from_zero(int column) {
  return static_cast<unsigned>(column) + 1;
}

void append_hex(std::string& out, const unsigned char* bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (std::size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
}

// Printable ASCII without the characters that mean something between quotes.
bool is_plain(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '"' && c != '\\'; });
}

// The texts around the question marks that are not between quotes.
std::vector<std::string> split_at_parameters(const std::string& sql) {
  std::vector<std::string> pieces(1);
  char quote = 0;
  for (const char c : sql) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '?') {
      pieces.emplace_back();
      continue;
    }
    pieces.back() += c;
  }
  return pieces;
}

}  // namespace

std::string text_literal(std::string_view value) {
  if (is_plain(value)) return "'" + std::string(value) + "'";
  // Hexadecimal needs no escaping, which depends on the server's mode and on both character sets.
  std::string out = "_utf8mb4 X'";
  out.reserve(out.size() + 2 * value.size() + 1);
  append_hex(out, reinterpret_cast<const unsigned char*>(value.data()), value.size());
  return out + "'";
}

std::string blob_literal(Blob value) {
  std::string out = "X'";
  out.reserve(2 * value.size() + 3);
  append_hex(out, value.data(), value.size());
  return out + "'";
}

MysqlStatement::MysqlStatement(MysqlConnection& connection, const std::string& sql)
    : connection_(connection), pieces_(split_at_parameters(sql)), values_(pieces_.size() - 1, "NULL") {}

MysqlStatement::~MysqlStatement() = default;

template <class F>
auto MysqlStatement::guarded(F&& call) {
  try {
    return call();
  } catch (const sql::SQLException& error) {
    rows_.reset();
    connection_.fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
  }
}

void MysqlStatement::bind_integer(int index, std::int64_t value) {
  // The least number has no positive counterpart, which is what a minus sign is applied to.
  this->value(index) = value == INT64_MIN ? "(-9223372036854775807 - 1)" : std::to_string(value);
}
void MysqlStatement::bind_text(int index, std::string_view value) {
  this->value(index) = text_literal(value);
}
void MysqlStatement::bind_blob(int index, Blob value) {
  this->value(index) = blob_literal(value);
}
void MysqlStatement::bind_null(int index) {
  this->value(index) = "NULL";
}

std::string MysqlStatement::filled_in() const {
  std::size_t size = pieces_.back().size();
  for (std::size_t i = 0; i < values_.size(); ++i) size += pieces_[i].size() + values_[i].size();
  std::string text;
  text.reserve(size);
  for (std::size_t i = 0; i < values_.size(); ++i) text.append(pieces_[i]).append(values_[i]);
  return text.append(pieces_.back());
}

bool MysqlStatement::next() {
  if (!rows_) {
    if (!native_) native_ = connection_.make_statement();
    rows_ = connection_.query(*native_, filled_in());
  }
  return guarded([&] { return rows_->next(); });
}

std::int64_t MysqlStatement::run() {
  return connection_.update(filled_in());
}

void MysqlStatement::run_later(std::int64_t rows) {
  connection_.update_later(filled_in(), rows);
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
  native_.reset();
}

void MysqlStatement::reset() noexcept {
  rows_.reset();
  in_use_ = false;
}

}  // namespace invctl::db
