// SqlStore: runs of plans.
#include "core/text.hpp"
#include "sql_store.hpp"

namespace invctl::db {

namespace {

constexpr const char* run_columns = "SELECT id, uid, run_key, plan, actor, started_at FROM run";

saga::Run read_run(const Query& query) {
  saga::Run run;
  run.id = query.integer(0);
  run.uid = query.bytes<16>(1);
  run.key = query.text(2);
  run.plan = query.text(3);
  run.actor = query.text(4);
  run.started_at = query.integer(5);
  return run;
}

}  // namespace

std::optional<saga::Run> SqlStore::find_run(const std::string& key) {
  Query query(*connection_, std::string(run_columns) + " WHERE run_key = ?");
  return query.bind(key).next() ? std::optional(read_run(query)) : std::nullopt;
}

void SqlStore::add_run(const saga::Run& run) {
  const auto now = clock();
  Query(*connection_, "INSERT INTO run (uid, run_key, plan, actor, started_at) VALUES (?, ?, ?, ?, ?)")
      .bind_blob(run.uid)
      .bind(run.key)
      .bind(run.plan)
      .bind(run.actor)
      .bind(now)
      .run();
}

void SqlStore::runs(const std::function<void(const saga::Run&)>& row) {
  Query query(*connection_, std::string(run_columns) + " ORDER BY id DESC");
  while (query.next()) row(read_run(query));
}

std::vector<saga::Event> SqlStore::run_events(std::int64_t run) {
  Query query(*connection_,
              "SELECT kind, step, exit_code, answer FROM run_event WHERE run_id = ? ORDER BY number");
  query.bind(run);
  std::vector<saga::Event> events;
  while (query.next()) {
    const auto kind = saga::parse_event(query.text(0));
    if (!kind) {
      throw Error(Exit::unavailable, "an event of a run is unknown: " + text::quoted(query.text(0)),
                  "a newer version of this program wrote it");
    }
    events.push_back({*kind, static_cast<std::size_t>(query.integer(1)), static_cast<int>(query.integer(2)),
                      query.text(3)});
  }
  return events;
}

void SqlStore::add_run_event(std::int64_t run, std::int64_t number, const saga::Event& event) {
  const auto now = clock();
  Query(*connection_,
        "INSERT INTO run_event (run_id, number, kind, step, exit_code, answer, recorded_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(run)
      .bind(number)
      .bind(saga::event_name(event.kind))
      .bind(static_cast<std::int64_t>(event.step))
      .bind(std::int64_t{event.exit})
      .bind(event.answer)
      .bind(now)
      .run();
}

}  // namespace invctl::db
