-- Runs of plans: what was to be done, and each step as it happened.
CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  uid        BLOB NOT NULL UNIQUE,
  run_key    TEXT NOT NULL UNIQUE,
  plan       TEXT NOT NULL,
  actor      TEXT NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE run_event (
  id          INTEGER PRIMARY KEY,
  run_id      INTEGER NOT NULL REFERENCES run (id),
  number      INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  step        INTEGER NOT NULL,
  exit_code   INTEGER NOT NULL,
  answer      TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  UNIQUE (run_id, number)
) STRICT;

CREATE TRIGGER run_no_update BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER run_no_replace BEFORE INSERT ON run
WHEN EXISTS (SELECT 1 FROM run WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM run WHERE uid = NEW.uid)
  OR EXISTS (SELECT 1 FROM run WHERE run_key = NEW.run_key)
BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;

CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event
BEGIN SELECT RAISE(ABORT, 'run_event is append-only'); END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event
BEGIN SELECT RAISE(ABORT, 'run_event is append-only'); END;
CREATE TRIGGER run_event_no_replace BEFORE INSERT ON run_event
WHEN EXISTS (SELECT 1 FROM run_event WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM run_event WHERE run_id = NEW.run_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'run_event is append-only'); END;
