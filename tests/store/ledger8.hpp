// A small ledger for somebody with raw SQL to tamper with: each change is undone by a rollback, so one ledger
// serves them all.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "stock/reverse.hpp"
#include "stock/seal.hpp"
#include "stock/verify.hpp"

namespace invctl::test {

// Operations 1 to 8, movements 1 to 9, purchases 1 and 2:
//   1 opening A P1 50 (movement 1)    2 receive A P1 10, A P2 4 (2, 3)    3 purchase A P1 2 (4)
//   4 ship A P1 1 (5)                 5 adjust A P1 -3 (6)                6 refused purchase
//   7 purchase A P1 4, A P2 1 (7, 8)  8 reversal of 4 (9)
class Ledger8 {
 public:
  Ledger8() : store_(std::make_unique<db::SqlStore>(database_.connect_as_owner())) {
    add_catalog(*store_, 2, 2);
    post(*store_, make(Kind::opening, "A", "P1", 50, "o-1"));
    auto two = make(Kind::receive, "A", "P1", 10, "o-2");
    two.lines.push_back(make(Kind::receive, "A", "P2", 4).lines.front());
    two.reference = "PO-1";
    post(*store_, two);
    post(*store_, make(Kind::purchase, "A", "P1", 2, "o-3"));
    post(*store_, make(Kind::ship, "A", "P1", 1, "o-4"));
    post(*store_, make(Kind::adjust, "A", "P1", -3, "o-5"));
    post(*store_, make(Kind::purchase, "A", "P1", 5000, "o-6"));
    auto seven = make(Kind::purchase, "A", "P1", 4, "o-7");
    seven.lines.push_back(make(Kind::purchase, "A", "P2", 1).lines.front());
    post(*store_, seven);
    auto undo = reversal_of(*store_, 4);
    undo.actor = "tester";
    undo.reason = "a mistake";
    undo.key = "o-8";
    post(*store_, undo);
    for (const std::string table : {"operation", "movement", "purchase"}) drop_triggers(table);
    sql(on_mysql() ? "SET SESSION foreign_key_checks = 0" : "PRAGMA foreign_keys = OFF");
    allow_bad_values();
  }

  void sql(const std::string& text) { store_->connection().execute(text); }
  db::SqlStore& store() { return *store_; }

  void allow_bad_values() {
    if (!on_mysql()) return sql("PRAGMA ignore_check_constraints = ON");
    if (number(store_->connection(), "SELECT VERSION() LIKE '%MariaDB%'") == 1) {
      return sql("SET SESSION check_constraint_checks = 0");
    }
    std::vector<std::string> texts;
    {
      db::Query query(store_->connection(),
                      "SELECT CONCAT('ALTER TABLE ', table_name, ' ALTER CHECK ', constraint_name, ' NOT "
                      "ENFORCED') FROM information_schema.table_constraints WHERE constraint_schema = "
                      "DATABASE() AND constraint_type = 'CHECK'");
      while (query.next()) texts.push_back(query.text(0));
    }
    for (const auto& text : texts) sql(text);
  }

  void drop_triggers(const std::string& table) {
    sql("DROP TRIGGER " + table + "_no_update");
    sql("DROP TRIGGER " + table + "_no_delete");
    if (!on_mysql()) sql("DROP TRIGGER " + table + "_no_replace");
  }

  // What verify says of the ledger after these statements, which are undone.
  std::vector<Violation> after(const std::vector<std::string>& statements, const VerifyScope& scope = {}) {
    sql("BEGIN");
    for (const auto& statement : statements) sql(statement);
    auto violations = verify_ledger(*store_, scope).violations;
    for (auto& seal : check_seals(*store_, scope, std::nullopt).violations) violations.push_back(seal);
    sql("ROLLBACK");
    return violations;
  }

 private:
  TestDatabase database_;
  std::unique_ptr<db::SqlStore> store_;
};

inline bool names(const std::vector<Violation>& violations, const std::string& table,
                  const std::string& key) {
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.table == table && (violation.key == key || violation.key.starts_with(key + " "));
  });
}

inline std::string told(const std::vector<Violation>& violations) {
  std::string text;
  for (const auto& violation : violations) text += violation.check + ": " + violation.message() + "\n";
  return text;
}

}  // namespace invctl::test
