#include <fmt/format.h>

#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/types.hpp"
#include "doctor.hpp"
#include "grants.hpp"

namespace invctl::db {

namespace {

using Level = Finding::Level;
using Names = std::map<std::string, std::string>;

// The rows of SHOW ... LIKE, whose first two columns are name and value.
Names show(Connection& connection, const std::string& what) {
  Names values;
  Query query(connection, what);
  while (query.next()) values[query.text(0)] = query.text(1);
  return values;
}

std::string value_of(const Names& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

bool is_on(const std::string& value) {
  return value == "ON" || value == "1" || value == "YES";
}

void check_durability(const Names& variables, std::vector<Finding>& findings) {
  const auto flush = value_of(variables, "innodb_flush_log_at_trx_commit");
  findings.push_back({flush == "1" ? Level::ok : Level::warning, "innodb_flush_log_at_trx_commit", flush,
                      flush == "1" ? "" : "a crash of the server can lose reported changes: set it to 1"});
  if (is_on(value_of(variables, "log_bin"))) {
    const auto sync = value_of(variables, "sync_binlog");
    findings.push_back(
        {sync == "1" ? Level::ok : Level::warning, "sync_binlog", sync,
         sync == "1" ? "" : "after a crash a replica can differ from its primary: set it to 1"});
  }
  const auto doublewrite = value_of(variables, "innodb_doublewrite");
  if (doublewrite == "OFF" || doublewrite == "0") {
    findings.push_back(
        {Level::warning, "innodb_doublewrite", doublewrite, "a power cut can tear a page: set it to ON"});
  }
}

void check_session(const Names& variables, std::vector<Finding>& findings) {
  auto isolation = value_of(variables, "transaction_isolation");
  if (isolation.empty()) isolation = value_of(variables, "tx_isolation");
  const bool committed = isolation == "READ-COMMITTED";
  findings.push_back({committed ? Level::ok : Level::problem, "isolation", isolation,
                      committed ? "" : "the session did not take READ COMMITTED"});
  const auto mode = value_of(variables, "sql_mode");
  const bool strict = mode.find("STRICT_ALL_TABLES") != std::string::npos ||
                      mode.find("STRICT_TRANS_TABLES") != std::string::npos ||
                      mode.find("TRADITIONAL") != std::string::npos;
  findings.push_back({strict ? Level::ok : Level::problem, "sql_mode", mode,
                      strict ? "" : "values could be cut silently: the session must be strict"});
  for (const char* name : {"read_only", "super_read_only", "innodb_read_only"}) {
    const auto value = value_of(variables, name);
    if (!value.empty() && value != "OFF" && value != "0") {
      findings.push_back({Level::problem, name, value, "this server takes no changes: write to the primary"});
    }
  }
}

// What one statement may be long: batches have some hundred rows each.
void check_packet(const Names& variables, std::vector<Finding>& findings) {
  constexpr std::int64_t enough = 1 << 20;
  const auto value = value_of(variables, "max_allowed_packet");
  std::string why;
  const auto bytes = parse_whole(value, why);
  if (!bytes || *bytes >= enough) return;
  findings.push_back({Level::warning, "max_allowed_packet", value,
                      "files of many rows are refused: SET GLOBAL max_allowed_packet = 16777216"});
}

void check_tls(Connection& connection, const Url& url, std::vector<Finding>& findings) {
  const auto cipher = value_of(show(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'"), "Ssl_cipher");
  if (!cipher.empty()) {
    const bool verified = url.tls == Url::Tls::verify;
    findings.push_back({Level::ok, "tls", cipher + (verified ? ", server verified" : ", server not verified"),
                        verified ? "" : "tls=verify with ca=FILE also checks who answers"});
    return;
  }
  const bool socket = !url.socket.empty();
  findings.push_back({socket ? Level::ok : Level::warning, "tls", socket ? "none (a socket)" : "none",
                      socket ? "" : "fine on this machine only; elsewhere use tls=require or tls=verify"});
}

// An account that lacks what the operator's has stops in the middle of its work.
void check_missing(const std::vector<std::string>& grants, const Url& url, std::vector<Finding>& findings) {
  const auto [missing, only_reads] = missing_rights(grants, url.database);
  if (missing.empty()) return;
  if (only_reads) {
    findings.push_back({Level::ok, "rights", "this account only reads", ""});
    return;
  }
  findings.push_back({Level::problem, "rights", "it may not " + text::join(missing, ", "),
                      "an administrator runs what `invctl init-db --print-grants operator` prints"});
}

void check_grants(Connection& connection, const Url& url, std::vector<Finding>& findings) {
  Query query(connection, "SHOW GRANTS");
  std::vector<std::string> grants;
  while (query.next()) grants.push_back(query.text(0));
  check_missing(grants, url, findings);
  std::string too_wide;
  for (const auto& grant : grants) {
    const auto rights = grant.substr(0, grant.find(" ON "));
    const bool on_server = grant.find(" ON *.*") != std::string::npos;
    // What is open now is deleted when it ends; it is no part of the ledger.
    const bool of_current_state =
        grant.find(".`hold` ") != std::string::npos || grant.find(".`threshold` ") != std::string::npos;
    for (const std::string_view right : {"ALL PRIVILEGES", "DELETE", "DROP", "SUPER"}) {
      if (of_current_state && right == "DELETE") continue;
      if (rights.find(right) != std::string::npos) {
        too_wide += fmt::format("{}{}{}", too_wide.empty() ? "" : ", ", right, on_server ? " on *.*" : "");
      }
    }
  }
  findings.push_back(
      {too_wide.empty() ? Level::ok : Level::warning, "grants",
       too_wide.empty() ? "no more than needed" : too_wide,
       too_wide.empty() ? ""
                        : "an account of `invctl init-db --print-grants operator` cannot change the ledger"});
}

void check_engines(Connection& connection, std::vector<Finding>& findings) {
  Query query(connection,
              "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() "
              "AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'");
  while (query.next()) {
    findings.push_back(
        {Level::problem, "engine", fmt::format("{} is {}", query.text(0), query.text(1)),
         fmt::format("it has no transactions: ALTER TABLE {} ENGINE = InnoDB", query.text(0))});
  }
}

void check_cluster(Connection& connection, std::vector<Finding>& findings) {
  const auto status = show(connection, "SHOW GLOBAL STATUS LIKE 'wsrep%'");
  const auto ready = value_of(status, "wsrep_ready");
  const auto size = value_of(status, "wsrep_cluster_size");
  if (ready.empty() || size.empty() || size == "0") return;  // not a node of a cluster
  const auto state = value_of(status, "wsrep_cluster_status");
  const bool working = ready == "ON" && state == "Primary";
  findings.push_back({working ? Level::ok : Level::problem, "galera",
                      fmt::format("{}, {} nodes, {}, ready {}", state, size,
                                  value_of(status, "wsrep_local_state_comment"), ready),
                      working ? "" : "this node has lost the majority: use another, or bring nodes back"});
}

// Who waits for whom. MariaDB and MySQL keep it in different places; an account without the right to look is
// told nothing, which is no fault.
void check_waits(Connection& connection, std::vector<Finding>& findings) {
  static constexpr const char* sources[] = {
      "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, coalesce(b.trx_query, '') "
      "FROM information_schema.innodb_lock_waits w "
      "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id "
      "JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id",
      "SELECT waiting_pid, blocking_pid, coalesce(blocking_query, '') FROM sys.innodb_lock_waits",
  };
  for (const char* source : sources) {
    try {
      Query query(connection, source);
      bool any = false;
      while (query.next()) {
        any = true;
        findings.push_back(
            {Level::warning, "blocked",
             fmt::format("connection {} waits for connection {}{}", query.integer(0), query.integer(1),
                         query.text(2).empty() ? " (idle in a transaction)" : ""),
             fmt::format("if it hangs, an administrator ends it: KILL {}", query.integer(1))});
      }
      if (!any) findings.push_back({Level::ok, "blocked", "nobody waits", ""});
      return;
    } catch (const Error&) {
      // Not this server's place, or not for this account.
    }
  }
}

}  // namespace

void examine_mysql(Connection& connection, const Url& url, std::vector<Finding>& findings) {
  const auto variables = show(connection, "SHOW SESSION VARIABLES");
  findings.push_back({Level::ok, "version",
                      value_of(variables, "version") + " " + value_of(variables, "version_comment"), ""});
  check_durability(variables, findings);
  check_session(variables, findings);
  check_tls(connection, url, findings);
  check_packet(variables, findings);
  check_grants(connection, url, findings);
  check_engines(connection, findings);
  check_cluster(connection, findings);
  check_waits(connection, findings);
}

}  // namespace invctl::db
