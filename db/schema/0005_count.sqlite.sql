-- Stocktaking: what stood in the books when a count was opened, and what was counted since, entry by entry.
CREATE TABLE stock_count (
  id           INTEGER PRIMARY KEY,
  uid          BLOB NOT NULL UNIQUE,
  warehouse_id INTEGER NOT NULL REFERENCES warehouse (id),
  note         TEXT,
  actor        TEXT NOT NULL,
  opened_at    INTEGER NOT NULL,
  ended_at     INTEGER,
  operation_id INTEGER REFERENCES operation (id),
  version      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE count_line (
  count_id         INTEGER NOT NULL REFERENCES stock_count (id),
  product_id       INTEGER NOT NULL REFERENCES product (id),
  snapshot_version INTEGER NOT NULL,
  snapshot         INTEGER NOT NULL,
  PRIMARY KEY (count_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_entry (
  id         INTEGER PRIMARY KEY,
  count_id   INTEGER NOT NULL REFERENCES stock_count (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  quantity   INTEGER NOT NULL CHECK (quantity >= 0),
  adds       INTEGER NOT NULL CHECK (adds IN (0, 1)),
  entry_key  TEXT NOT NULL,
  actor      TEXT NOT NULL,
  entered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX count_entry_product ON count_entry (count_id, product_id);
CREATE INDEX count_entry_key ON count_entry (count_id, entry_key);

CREATE TRIGGER count_entry_no_update BEFORE UPDATE ON count_entry
BEGIN SELECT RAISE(ABORT, 'count_entry is append-only'); END;
CREATE TRIGGER count_entry_no_delete BEFORE DELETE ON count_entry
BEGIN SELECT RAISE(ABORT, 'count_entry is append-only'); END;
CREATE TRIGGER count_entry_no_replace BEFORE INSERT ON count_entry
WHEN EXISTS (SELECT 1 FROM count_entry WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'count_entry is append-only'); END;
