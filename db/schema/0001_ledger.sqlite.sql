-- The warehouse and its append-only ledger. Guard lines are marked, so that the simulator's negative control
-- can be built from this file without them.
CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE warehouse (
  id         INTEGER PRIMARY KEY,
  code       TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  address    TEXT,
  retired_at INTEGER
) STRICT;

CREATE TABLE product (
  id            INTEGER PRIMARY KEY,
  sku           TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  category      TEXT,
  unit          TEXT,
  price_minor   INTEGER CHECK (price_minor >= 0),
  reorder_point INTEGER CHECK (reorder_point >= 0),
  barcode       TEXT,
  retired_at    INTEGER,
  version       INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE inventory (
  id           INTEGER PRIMARY KEY,
  warehouse_id INTEGER NOT NULL REFERENCES warehouse (id),
  product_id   INTEGER NOT NULL REFERENCES product (id),
  on_hand      INTEGER NOT NULL DEFAULT 0,
  reserved     INTEGER NOT NULL DEFAULT 0,
  version      INTEGER NOT NULL DEFAULT 0,
  head_hash    BLOB NOT NULL,
  opening      INTEGER,
  UNIQUE (warehouse_id, product_id)
, CONSTRAINT stock_in_bounds CHECK (reserved >= 0 AND on_hand >= reserved) -- guard
) STRICT;
CREATE INDEX inventory_product ON inventory (product_id);

CREATE TABLE operation (
  id              INTEGER PRIMARY KEY,
  uid             BLOB NOT NULL UNIQUE,
  idempotency_key TEXT UNIQUE,
  request_hash    BLOB NOT NULL,
  kind            TEXT NOT NULL,
  outcome         TEXT NOT NULL CHECK (outcome IN ('accepted', 'rejected')),
  actor           TEXT NOT NULL,
  reference       TEXT,
  reason          TEXT,
  note            TEXT,
  reverses_id     INTEGER UNIQUE REFERENCES operation (id),
  recorded_at     INTEGER NOT NULL,
  occurred_at     INTEGER NOT NULL,
  host            TEXT NOT NULL,
  tool_version    TEXT NOT NULL,
  result          TEXT,
  hash            BLOB NOT NULL
) STRICT;

CREATE TABLE movement (
  id             INTEGER PRIMARY KEY,
  operation_id   INTEGER NOT NULL REFERENCES operation (id),
  inventory_id   INTEGER NOT NULL REFERENCES inventory (id),
  line           INTEGER NOT NULL,
  kind           TEXT NOT NULL,
  version        INTEGER NOT NULL,
  on_hand_delta  INTEGER NOT NULL,
  reserved_delta INTEGER NOT NULL,
  on_hand_after  INTEGER NOT NULL,
  reserved_after INTEGER NOT NULL,
  hash           BLOB NOT NULL
, UNIQUE (inventory_id, version) -- guard
) STRICT;
CREATE INDEX movement_operation ON movement (operation_id);

CREATE TABLE purchase (
  id               INTEGER PRIMARY KEY,
  operation_id     INTEGER NOT NULL REFERENCES operation (id),
  line             INTEGER NOT NULL,
  user_name        TEXT NOT NULL,
  product_id       INTEGER NOT NULL REFERENCES product (id),
  warehouse_id     INTEGER NOT NULL REFERENCES warehouse (id),
  quantity         INTEGER NOT NULL CHECK (quantity > 0),
  unit_price_minor INTEGER NOT NULL,
  total_minor      INTEGER NOT NULL,
  purchased_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX purchase_operation ON purchase (operation_id);
CREATE INDEX purchase_user ON purchase (user_name);

-- The ledger only grows. REPLACE deletes without firing DELETE triggers, hence the INSERT triggers.
CREATE TRIGGER operation_no_update BEFORE UPDATE ON operation
BEGIN SELECT RAISE(ABORT, 'operation is append-only'); END;
CREATE TRIGGER operation_no_delete BEFORE DELETE ON operation
BEGIN SELECT RAISE(ABORT, 'operation is append-only'); END;
CREATE TRIGGER operation_no_replace BEFORE INSERT ON operation
WHEN EXISTS (SELECT 1 FROM operation WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM operation WHERE uid = NEW.uid)
  OR EXISTS (SELECT 1 FROM operation WHERE idempotency_key = NEW.idempotency_key)
  OR EXISTS (SELECT 1 FROM operation WHERE reverses_id = NEW.reverses_id)
BEGIN SELECT RAISE(ABORT, 'operation is append-only'); END;

CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement
BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END;
CREATE TRIGGER movement_no_delete BEFORE DELETE ON movement
BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END;
CREATE TRIGGER movement_no_replace BEFORE INSERT ON movement
WHEN EXISTS (SELECT 1 FROM movement WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM movement WHERE inventory_id = NEW.inventory_id AND version = NEW.version) -- guard
BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END;

CREATE TRIGGER purchase_no_update BEFORE UPDATE ON purchase
BEGIN SELECT RAISE(ABORT, 'purchase is append-only'); END;
CREATE TRIGGER purchase_no_delete BEFORE DELETE ON purchase
BEGIN SELECT RAISE(ABORT, 'purchase is append-only'); END;
CREATE TRIGGER purchase_no_replace BEFORE INSERT ON purchase
WHEN EXISTS (SELECT 1 FROM purchase WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'purchase is append-only'); END;
