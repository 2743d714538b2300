// Price changes on a connection alone, where no store is open yet.
#pragma once

#include <string>
#include <string_view>

#include "catalog/price.hpp"
#include "connection.hpp"
#include "core/time.hpp"

namespace invctl::db {

// What `product p` costs at `now` (an expression): its row knows, until the moment of its next price.
std::string price_in_effect(std::string_view now);

// Writes a change and its lines, and fills in its id.
void insert_price_change(Connection& connection, PriceChange& change);

// Gives every product that has a price and no price change its first one: those of a database from before
// prices were remembered. Inside begin_migration(); may be interrupted and repeated.
void record_first_prices(Connection& connection, const Deadline& deadline);

}  // namespace invctl::db
