-- Reports by time, what a receipt has cost, and closed periods: how things stood when a period ended, so that a
-- report needs not begin at the beginning.
CREATE INDEX operation_occurred ON operation (occurred_at);
CREATE INDEX operation_recorded ON operation (recorded_at);
ALTER TABLE movement ADD COLUMN unit_cost_minor INTEGER;

CREATE TABLE period (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  starts_at    INTEGER NOT NULL,
  ends_at      INTEGER NOT NULL UNIQUE,
  operations   INTEGER NOT NULL,
  movements    INTEGER NOT NULL,
  digest       BLOB NOT NULL,
  closed_at    INTEGER NOT NULL,
  actor        TEXT NOT NULL,
  host         TEXT NOT NULL,
  tool_version TEXT NOT NULL
) STRICT;

-- Only what is not zero.
CREATE TABLE period_balance (
  period_id    INTEGER NOT NULL REFERENCES period (id),
  inventory_id INTEGER NOT NULL REFERENCES inventory (id),
  on_hand      INTEGER NOT NULL,
  PRIMARY KEY (period_id, inventory_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE period_cost (
  period_id   INTEGER NOT NULL REFERENCES period (id),
  product_id  INTEGER NOT NULL REFERENCES product (id),
  owed        INTEGER NOT NULL,
  pooled      INTEGER NOT NULL,
  uncosted    INTEGER NOT NULL,
  value_minor INTEGER NOT NULL,
  PRIMARY KEY (period_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE period_layer (
  period_id       INTEGER NOT NULL REFERENCES period (id),
  product_id      INTEGER NOT NULL REFERENCES product (id),
  position        INTEGER NOT NULL,
  quantity        INTEGER NOT NULL,
  unit_cost_minor INTEGER,
  received_at     INTEGER NOT NULL,
  operation_id    INTEGER NOT NULL REFERENCES operation (id),
  PRIMARY KEY (period_id, product_id, position)
) STRICT, WITHOUT ROWID;

-- Append-only, as the ledger is.
CREATE TRIGGER period_no_update BEFORE UPDATE ON period
BEGIN SELECT RAISE(ABORT, 'period is append-only'); END;
CREATE TRIGGER period_no_delete BEFORE DELETE ON period
BEGIN SELECT RAISE(ABORT, 'period is append-only'); END;
CREATE TRIGGER period_no_replace BEFORE INSERT ON period
WHEN EXISTS (SELECT 1 FROM period WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM period WHERE name = NEW.name)
  OR EXISTS (SELECT 1 FROM period WHERE ends_at = NEW.ends_at)
BEGIN SELECT RAISE(ABORT, 'period is append-only'); END;

CREATE TRIGGER period_balance_no_update BEFORE UPDATE ON period_balance
BEGIN SELECT RAISE(ABORT, 'period_balance is append-only'); END;
CREATE TRIGGER period_balance_no_delete BEFORE DELETE ON period_balance
BEGIN SELECT RAISE(ABORT, 'period_balance is append-only'); END;
CREATE TRIGGER period_balance_no_replace BEFORE INSERT ON period_balance
WHEN EXISTS (SELECT 1 FROM period_balance WHERE period_id = NEW.period_id AND inventory_id = NEW.inventory_id)
BEGIN SELECT RAISE(ABORT, 'period_balance is append-only'); END;

CREATE TRIGGER period_cost_no_update BEFORE UPDATE ON period_cost
BEGIN SELECT RAISE(ABORT, 'period_cost is append-only'); END;
CREATE TRIGGER period_cost_no_delete BEFORE DELETE ON period_cost
BEGIN SELECT RAISE(ABORT, 'period_cost is append-only'); END;
CREATE TRIGGER period_cost_no_replace BEFORE INSERT ON period_cost
WHEN EXISTS (SELECT 1 FROM period_cost WHERE period_id = NEW.period_id AND product_id = NEW.product_id)
BEGIN SELECT RAISE(ABORT, 'period_cost is append-only'); END;

CREATE TRIGGER period_layer_no_update BEFORE UPDATE ON period_layer
BEGIN SELECT RAISE(ABORT, 'period_layer is append-only'); END;
CREATE TRIGGER period_layer_no_delete BEFORE DELETE ON period_layer
BEGIN SELECT RAISE(ABORT, 'period_layer is append-only'); END;
CREATE TRIGGER period_layer_no_replace BEFORE INSERT ON period_layer
WHEN EXISTS (SELECT 1 FROM period_layer WHERE period_id = NEW.period_id AND product_id = NEW.product_id AND position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'period_layer is append-only'); END;
