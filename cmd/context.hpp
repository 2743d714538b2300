// What every command works with: the settings, the answer on its way out, and the database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/settings.hpp"
#include "core/time.hpp"
#include "instance_lock.hpp"
#include "io/output.hpp"
#include "io/report.hpp"
#include "io/terminal.hpp"
#include "sql_store.hpp"
#include "stock/ledger.hpp"

namespace invctl::cmd {

// The program's version, as in CMakeLists.txt.
extern const char* const version;

class Context {
 public:
  explicit Context(std::string program) : program_path(std::move(program)) {}

  Settings settings;
  io::Output out;
  std::string program_path;  // argv[0], to start workers of the same binary
  std::string command;       // "warehouse add": for messages

  // Set once a change is durable: from then on a failure to report it is exit 13, not 1. `committed_key`
  // names the operation in that message.
  bool committed = false;
  std::string committed_key;
  std::string committed_hint = "it was done: look before you repeat it";  // where there is no key

  io::Format format();
  io::TableOptions table_options(std::string empty_note = {});
  bool quiet() { return settings.boolean("quiet"); }
  // A remark on stderr, unless --quiet: `invctl: warning: ...`.
  void warn(const std::string& message);
  // Warns of the first few of `messages`, or with --verbose or `all` of each, and says how many of `total`
  // were not shown, followed by `rest`.
  void warn_of(std::span<const std::string> messages, std::size_t total, const std::string& rest,
               bool all = false);
  void note(const std::string& message);

  // The database's address. Throws Error(usage) for a password on the command line, where `ps` shows it.
  std::string db_url();
  std::unique_ptr<db::SqlStore> open_for_reading();
  std::unique_ptr<db::SqlStore> open_for_writing();

  // From here on this is the only run of that name on the database. Throws Error(busy) where there is one.
  void hold_instance(const std::string& name);

  Deadline deadline();  // now + --lock-timeout
  Ledger::Options ledger_options(bool dry_run);
  Origin origin();
  std::string actor();
  std::string program() const;  // the path of this executable, to start it once more

 private:
  std::unique_ptr<db::InstanceLock> instance_;
};

}  // namespace invctl::cmd
