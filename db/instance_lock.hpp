// One run of a name at a time, for jobs that cron starts whether or not the last one has ended. Held by the
// process: whatever ends it frees the name.
#pragma once

#include <memory>
#include <string>

namespace invctl::db {

class InstanceLock {
 public:
  virtual ~InstanceLock() = default;
};

// Takes the name in the database of `url`, at once or not at all. SQLite: a kernel lock on a side file,
// `<database>-instance-<digest of the name>`, which is never deleted. MySQL: GET_LOCK on a session of its
// own; a Galera node knows only its own names. Throws Error(busy, "already_running") where another run holds
// it.
std::unique_ptr<InstanceLock> hold_instance(const std::string& url, const std::string& name);

}  // namespace invctl::db
