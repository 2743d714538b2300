-- Prices that are remembered: what each product cost from when on, and who said so. One change is what one
-- command did, with a line for each product. `product` keeps what is in effect, so that a sale reads one row.
ALTER TABLE product ADD COLUMN next_price_at INTEGER;
ALTER TABLE product ADD COLUMN price_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE price_change (
  id              INTEGER PRIMARY KEY,
  uid             BLOB NOT NULL UNIQUE,
  idempotency_key TEXT UNIQUE,
  actor           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  effective_at    INTEGER NOT NULL,
  recorded_at     INTEGER NOT NULL,
  host            TEXT NOT NULL,
  tool_version    TEXT NOT NULL,
  line_count      INTEGER NOT NULL,
  hash            BLOB NOT NULL
) STRICT;

CREATE TABLE price_line (
  product_id INTEGER NOT NULL REFERENCES product (id),
  version    INTEGER NOT NULL,
  change_id  INTEGER NOT NULL REFERENCES price_change (id),
  old_minor  INTEGER CHECK (old_minor >= 0),
  new_minor  INTEGER CHECK (new_minor >= 0),
  PRIMARY KEY (product_id, version)
) STRICT, WITHOUT ROWID;

-- Append-only, as the ledger is.
CREATE TRIGGER price_change_no_update BEFORE UPDATE ON price_change
BEGIN SELECT RAISE(ABORT, 'price_change is append-only'); END;
CREATE TRIGGER price_change_no_delete BEFORE DELETE ON price_change
BEGIN SELECT RAISE(ABORT, 'price_change is append-only'); END;
CREATE TRIGGER price_change_no_replace BEFORE INSERT ON price_change
WHEN EXISTS (SELECT 1 FROM price_change WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM price_change WHERE uid = NEW.uid)
  OR EXISTS (SELECT 1 FROM price_change WHERE idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'price_change is append-only'); END;

CREATE TRIGGER price_line_no_update BEFORE UPDATE ON price_line
BEGIN SELECT RAISE(ABORT, 'price_line is append-only'); END;
CREATE TRIGGER price_line_no_delete BEFORE DELETE ON price_line
BEGIN SELECT RAISE(ABORT, 'price_line is append-only'); END;
CREATE TRIGGER price_line_no_replace BEFORE INSERT ON price_line
WHEN EXISTS (SELECT 1 FROM price_line WHERE product_id = NEW.product_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'price_line is append-only'); END;
