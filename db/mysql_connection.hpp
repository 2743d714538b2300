// The MySQL and MariaDB driver, over MySQL Connector/C++.
#pragma once

#include <memory>

#include "connection.hpp"
#include "url.hpp"

namespace invctl::db {

// Connects to the first of the URL's hosts that answers and is ready.
std::unique_ptr<Connection> open_mysql(const Url& url);

}  // namespace invctl::db
