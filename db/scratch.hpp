// A database of its own for a simulation: on the engine that a URL names, and nowhere near that URL's data.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "migrate.hpp"
#include "url.hpp"

namespace invctl::db {

class ScratchDatabase {
 public:
  // Removes the database, unless it is kept. Never throws.
  virtual ~ScratchDatabase() = default;

  virtual const std::string& url() const = 0;
  void keep() { kept_ = true; }
  bool kept() const { return kept_; }

 private:
  bool kept_ = false;
};

struct ScratchOptions {
  // Off: the schema is made without its lines marked `-- guard` (the CHECK of the balance and what keeps
  // versions unique), for the negative control.
  bool guards = true;
};

// SQLite: a file in a new directory (mode 0700) under TMPDIR, else /tmp; `url` says nothing but the engine.
// MySQL: a new database invctl_sim_... on the server of `url`, for which the account must be allowed to
// create and drop databases. Initialised either way. Throws Error.
std::unique_ptr<ScratchDatabase> create_scratch(const std::string& url, const ScratchOptions& options = {});

// The migrations without their guard lines. Throws Error(internal) where no line is marked: a negative
// control that has its guards proves nothing.
std::vector<Migration> without_guards(std::vector<Migration> migrations);

// A mysql URL with another database in the place of its own.
std::string with_database(const std::string& url, const std::string& database);

}  // namespace invctl::db
