// Locks beside the data, for the simulator's strategies that rely on them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sim/session.hpp"
#include "sql_store.hpp"

namespace invctl::db {

// Locks with a name. A server keeps them (GET_LOCK) for the store's own session: they are gone with it, and a
// Galera node knows only its own. Beside a SQLite file they are kernel locks on side files.
std::unique_ptr<sim::Excluder> make_named_locks(const std::string& url, SqlStore& store);

// Locks that are rows of a table with the time at which they end, whatever their holder is doing: as a key
// with a time to live in another server. Each time one is taken its token grows. `fence`: the store's
// transactions write only while no greater token has been shown to the data, which who takes the lock does
// before he reads.
std::unique_ptr<sim::Excluder> make_expiring_locks(SqlStore& store, std::chrono::milliseconds time_to_live,
                                                   bool fence);
void create_expiring_locks(Connection& connection, const std::vector<std::string>& names);

}  // namespace invctl::db
