// SqlStore: what `apply` asks about operations and files that are there already.
#include <fmt/format.h>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

std::vector<intake::StoredRequest> SqlStore::find_requests(std::span<const std::string> keys) {
  std::vector<intake::StoredRequest> found;
  found.reserve(keys.size());
  for_lists(
      *connection_, keys,
      [](std::size_t n) {
        return fmt::format(
            "SELECT idempotency_key, request_hash, recorded_at, occurred_at, outcome, result, id FROM "
            "operation "
            "WHERE idempotency_key IN ({})",
            placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          intake::StoredRequest stored;
          stored.key = query.text(0);
          stored.request_hash = query.bytes<32>(1);
          if (query.integer(2) != query.integer(3)) stored.occurred_at = query.integer(3);
          stored.accepted = query.text(4) == "accepted";
          stored.result = query.optional_text(5);
          stored.operation = query.integer(6);
          found.push_back(std::move(stored));
        }
      });
  return found;
}

bool SqlStore::has_key_beginning(const std::string& prefix) {
  Query query(*connection_,
              "SELECT 1 FROM operation WHERE idempotency_key >= ? AND idempotency_key < ? LIMIT 1");
  // The character after the colon is the first that no such key goes on with.
  query.bind(prefix).bind(prefix.substr(0, prefix.size() - 1) + ';');
  return query.next();
}

bool SqlStore::is_applied(const Digest& digest) {
  Query query(*connection_, "SELECT 1 FROM applied_file WHERE digest = ?");
  query.bind_blob(digest);
  return query.next();
}

std::vector<intake::AppliedFile> SqlStore::find_applied_by_head(const Digest& head) {
  std::vector<intake::AppliedFile> found;
  Query query(*connection_,
              "SELECT digest, operations, name, applied_at FROM applied_file WHERE head = ? ORDER BY id");
  query.bind_blob(head);
  while (query.next()) {
    found.push_back({query.bytes<32>(0), head, query.integer(1), query.text(2), query.integer(3)});
  }
  return found;
}

void SqlStore::add_applied(const intake::AppliedFile& file) {
  Query query(*connection_,
              "INSERT INTO applied_file (digest, head, operations, name, applied_at) VALUES (?, ?, ?, ?, ?)");
  query.bind_blob(file.digest).bind_blob(file.head).bind(file.operations).bind(file.name);
  query.bind(file.applied_at).run();
}

}  // namespace invctl::db
