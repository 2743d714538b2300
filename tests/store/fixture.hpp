// A database for one test, on the engine under test, and the small things that every store test needs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "migrate.hpp"
#include "sql_store.hpp"
#include "stock/ledger.hpp"

namespace invctl::test {

bool on_mysql();

// The embedded migrations of the engine under test. `without` drops the guard lines that hold one of these
// words: the database of a negative control.
std::vector<db::Migration> migrations(std::initializer_list<std::string_view> without = {});

class TestDatabase {
 public:
  // Initialised with the schema, unless the test does that itself (`migrate` = false: there is a database
  // with nothing in it).
  explicit TestDatabase(bool migrate = true, std::initializer_list<std::string_view> without = {});
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // For the account that posts: on a server it may add to the ledger but not change it.
  std::string url() const;
  // For the account that owns the schema.
  std::string owner_url() const;
  const std::string& name() const { return name_; }

  std::unique_ptr<db::SqlStore> open(db::Guards guards = {}) const;
  std::unique_ptr<db::Connection> connect() const;
  std::unique_ptr<db::Connection> connect_as_owner() const;

  // Lets the posting account write; the constructor does it where it migrates.
  void grant() const;

 private:
  std::string directory_;  // sqlite
  std::string name_;       // mysql
};

// What `call` throws; an Error with exit 0 where it does not.
template <class F>
Error error_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return Error(Exit::ok, "no error");
}

inline const Origin test_origin{"test-host", "0.0.0"};

// Warehouses A, B, ... and products P1, P2, ... (price 100 x number), enough of each.
void add_catalog(db::SqlStore& store, int warehouses, int products);

Operation make(Kind kind, const std::string& warehouse, const std::string& sku, Quantity quantity,
               const std::string& key = "");
// One operation, posted on its own; throws where the ledger does.
Outcome post(db::SqlStore& store, Operation operation,
             std::chrono::milliseconds lock_timeout = std::chrono::seconds(20));

// One number from a query without parameters.
std::int64_t number(db::Connection& connection, const std::string& sql);

// Everything that must hold of a ledger, checked from its rows alone: balances are the sums of movements,
// versions have no gap, running balances and hash chains are right, nothing is negative. Each fault found is
// one sentence.
std::vector<std::string> ledger_faults(db::Connection& connection);

}  // namespace invctl::test
