#include "mysql_statement.hpp"

#include <cppconn/exception.h>
#include <cppconn/resultset.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/error.hpp"
#include "mysql_connection.hpp"

namespace invctl::db {

namespace {

unsigned from_zero(int column) {
  return static_cast<unsigned>(column) + 1;
}

void append_hex(std::string& out, const unsigned char* bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto first = out.size();
  out.resize(first + 2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    out[first + 2 * i] = digits[bytes[i] >> 4];
    out[first + 2 * i + 1] = digits[bytes[i] & 15];
  }
}

// Printable ASCII without the characters that mean something between quotes.
bool is_plain(std::string_view value) {
  static constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = ' '; c <= '~'; ++c) table[c] = c != '\'' && c != '"' && c != '\\';
    return table;
  }();
  return std::all_of(value.begin(), value.end(), [](char c) { return plain[static_cast<unsigned char>(c)]; });
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

void append_text_literal(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out.append(1, '\'').append(value).append(1, '\'');
    return;
  }
  // Hexadecimal needs no escaping, which depends on the server's mode and on both character sets.
  out += "_utf8mb4 X'";
  append_hex(out, reinterpret_cast<const unsigned char*>(value.data()), value.size());
  out += '\'';
}

void append_blob_literal(std::string& out, Blob value) {
  out += "X'";
  append_hex(out, value.data(), value.size());
  out += '\'';
}

std::string text_literal(std::string_view value) {
  std::string out;
  append_text_literal(out, value);
  return out;
}

std::string blob_literal(Blob value) {
  std::string out;
  append_blob_literal(out, value);
  return out;
}

MysqlStatement::MysqlStatement(MysqlConnection& connection, const std::string& sql)
    : connection_(connection), pieces_(split_at_parameters(sql)) {}

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

std::string& MysqlStatement::text_before(int index) {
  if (static_cast<std::size_t>(index) != bound_ + 1 || bound_ + 1 >= pieces_.size()) {
    throw Error(Exit::internal, "a parameter is bound out of order");
  }
  return text_ += pieces_[bound_++];
}

void MysqlStatement::bind_integer(int index, std::int64_t value) {
  auto& text = text_before(index);
  if (value == INT64_MIN) {
    // It has no positive counterpart, which is what a minus sign is applied to.
    text += "(-9223372036854775807 - 1)";
    return;
  }
  std::array<char, 24> digits{};
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}
void MysqlStatement::bind_text(int index, std::string_view value) {
  append_text_literal(text_before(index), value);
}
void MysqlStatement::bind_blob(int index, Blob value) {
  append_blob_literal(text_before(index), value);
}
void MysqlStatement::bind_null(int index) {
  text_before(index) += "NULL";
}

const std::string& MysqlStatement::filled_in() {
  while (bound_ + 1 < pieces_.size()) bind_null(static_cast<int>(bound_) + 1);
  if (bound_ + 1 == pieces_.size()) {
    text_ += pieces_.back();
    ++bound_;
  }
  return text_;
}

bool MysqlStatement::next() {
  if (!rows_) {
    if (!asked_) ask_later();
    connection_.flush();
    if (!rows_) throw Error(Exit::internal, "a query was sent whose answer nobody has");
  }
  return guarded([&] { return rows_->next(); });
}

void MysqlStatement::ask_later() {
  connection_.ask_later(filled_in(), rows_);
  asked_ = true;
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
}

void MysqlStatement::reset() noexcept {
  if (asked_ && !rows_) connection_.call_off(rows_);
  asked_ = false;
  rows_.reset();
  text_.clear();
  bound_ = 0;
  in_use_ = false;
}

}  // namespace invctl::db
