-- Seals of the ledger: a digest over the heads of all chains, and the heads that moved since the seal before.
CREATE TABLE seal (
  id             INTEGER PRIMARY KEY,
  name           TEXT UNIQUE,
  digest         BLOB NOT NULL,
  movements      INTEGER NOT NULL,
  inventory_rows INTEGER NOT NULL,
  recorded_at    INTEGER NOT NULL,
  actor          TEXT NOT NULL,
  host           TEXT NOT NULL,
  tool_version   TEXT NOT NULL
) STRICT;

CREATE TABLE seal_line (
  id        INTEGER PRIMARY KEY,
  seal_id   INTEGER NOT NULL REFERENCES seal (id),
  warehouse TEXT NOT NULL,
  sku       TEXT NOT NULL,
  version   INTEGER NOT NULL,
  head      BLOB NOT NULL,
  UNIQUE (warehouse, sku, version)
) STRICT;

-- Append-only, as the ledger is.
CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal
BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END;
CREATE TRIGGER seal_no_delete BEFORE DELETE ON seal
BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END;
CREATE TRIGGER seal_no_replace BEFORE INSERT ON seal
WHEN EXISTS (SELECT 1 FROM seal WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM seal WHERE name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END;

CREATE TRIGGER seal_line_no_update BEFORE UPDATE ON seal_line
BEGIN SELECT RAISE(ABORT, 'seal_line is append-only'); END;
CREATE TRIGGER seal_line_no_delete BEFORE DELETE ON seal_line
BEGIN SELECT RAISE(ABORT, 'seal_line is append-only'); END;
CREATE TRIGGER seal_line_no_replace BEFORE INSERT ON seal_line
WHEN EXISTS (SELECT 1 FROM seal_line WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM seal_line WHERE warehouse = NEW.warehouse AND sku = NEW.sku AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'seal_line is append-only'); END;
