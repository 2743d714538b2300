// Small pieces of SQL text that several statements share.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace invctl::db {

inline constexpr std::size_t list_most = 512;  // values in one IN (...)

// Runs `use(query, count)` for the values in lists of at most 512, in order. `sql(n)` makes the text of a
// query with n placeholders; the list is filled up to a power of two by repeating its last value, so that few
// texts are ever prepared.
// `first_value`, where there is one, is bound before each list.
template <class T, class Sql, class Use>
void for_lists(Connection& connection, std::span<const T> values, Sql&& sql, Use&& use,
               std::optional<std::int64_t> first_value = std::nullopt) {
  for (std::size_t first = 0; first < values.size(); first += list_most) {
    const auto list = values.subspan(first, std::min(list_most, values.size() - first));
    const auto size = padded_size(list.size());
    Query query(connection, sql(size));
    if (first_value) query.bind(*first_value);
    for (std::size_t i = 0; i < size; ++i) query.bind(list[std::min(i, list.size() - 1)]);
    use(query);
  }
}

// Directly after an INSERT into `table`: runs `use(query)` for each row that it made, and maybe for others,
// with the id and `columns`. Goes with the INSERT in one round trip.
template <class Use>
void for_new_rows(Connection& connection, std::string_view table, std::string_view columns, Use&& use) {
  const auto& dialect = connection.dialect();
  Query query(connection, fmt::format("SELECT id, {} FROM {}{} WHERE id >= {}", columns, table,
                                      dialect.by_primary_key, dialect.first_new_id));
  while (query.next()) use(query);
}

// "INSERT INTO t (a, b) VALUES (?, ?), (?, ?)" for n rows; `first` stands in place of each first "?".
std::string insert_sql(const std::string& table, const std::string& columns, std::size_t column_count,
                       std::size_t n, std::string_view first = "?");

// A hash or a uid. What was tampered with is named by whoever checks it, so a wrong length is not an error
// here: all bytes are then 0xff.
template <std::size_t N>
void read_bytes(const Query& query, int column, std::array<unsigned char, N>& into) {
  const auto bytes = query.view(column);
  if (bytes.size() == N) {
    std::copy(bytes.begin(), bytes.end(), into.begin());
  } else {
    into.fill(0xff);
  }
}

// What is reserved of `inventory i`, without what has expired at `now` (an expression).
std::string reserved_now(std::string_view now);

// The threshold of `inventory i` stands above that of `product p`, as a whole.
inline constexpr std::string_view join_threshold_sql =
    " LEFT JOIN threshold t ON t.warehouse_id = i.warehouse_id AND t.product_id = i.product_id";
inline constexpr std::string_view reorder_point_sql =
    "(CASE WHEN t.product_id IS NULL THEN p.reorder_point ELSE t.reorder_point END)";
inline constexpr std::string_view reorder_target_sql =
    "(CASE WHEN t.product_id IS NULL THEN p.reorder_target ELSE t.target END)";

}  // namespace invctl::db
