// The ways of keeping rivals apart that a simulation can compare. Whatever the strategy, the rules, the
// ledger and the repetition of a transaction that lost are the product's own.
#pragma once

#include <span>
#include <string_view>

namespace invctl::sim {

// What keeps others out while one reads, decides and writes, beside the database itself.
enum class Exclusion {
  none,
  named,     // a lock with a name: GET_LOCK on a server, a file beside a SQLite database
  expiring,  // a lock with a time to live, as one is kept in another server: it may end while it is used
};

// How a request becomes operations.
enum class Way {
  post,     // as the product posts
  claim,    // one UPDATE with a condition takes the stock; all else is read and written behind it
  reserve,  // hold first, confirm later
  combine,  // one writer posts what many ask for as one batch
};

struct Strategy {
  std::string_view name;
  std::string_view summary;
  Way way = Way::post;
  Exclusion exclusion = Exclusion::none;
  bool turnstile = false;      // writers wait in line before they ask SQLite
  bool lock = false;           // what is decided about is locked first
  bool serializable = false;   // it is read in a transaction that the database keeps serializable
  bool relative = true;        // the balance is changed by a difference, not set to what was reckoned
  bool versioned = false;      // and only if the row has not moved since it was read
  bool constraints = true;     // the database has its CHECK and its unique versions
  bool must_oversell = false;  // the negative control

  // Without the constraints nothing else holds: never on a database that is somebody's.
  bool scratch_only() const { return !constraints; }
};

std::span<const Strategy> strategies();
const Strategy* find_strategy(std::string_view name);

}  // namespace invctl::sim
