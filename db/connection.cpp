#include "connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

void throw_moved() {
  throw StoreError(StoreError::Kind::retry, Exit::busy, "the stock moved while it was being changed");
}

void Statement::run_later(std::int64_t rows) {
  const auto matched = run();
  if (rows >= 0 && matched != rows) throw_moved();
}

void Query::copy_bytes(std::string_view from, std::span<unsigned char> to) {
  if (from.size() != to.size()) {
    throw Error(Exit::internal,
                fmt::format("the database holds {} bytes where {} belong", from.size(), to.size()),
                "`invctl verify` shows which rows were changed");
  }
  std::copy(from.begin(), from.end(), to.begin());
}

MigrationLock::~MigrationLock() {
  if (ended_) return;
  try {
    connection_.end_migration(false);
  } catch (const Error&) {
    // The connection is gone, and its lock with it.
  }
}

void MigrationLock::commit() const {
  ended_ = true;
  connection_.end_migration(true);
}

std::string placeholders(std::size_t n) {
  std::string out;
  out.reserve(n * 3);
  for (std::size_t i = 0; i < n; ++i) out += i == 0 ? "?" : ", ?";
  return out;
}

std::size_t padded_size(std::size_t n) {
  return std::bit_ceil(std::max<std::size_t>(n, 1));
}

}  // namespace invctl::db
