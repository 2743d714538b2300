-- Reservations. The ledger says what was held and given back; `hold` is what is open now, as `inventory` is the
-- balance.
ALTER TABLE operation ADD COLUMN reservation_id INTEGER REFERENCES operation (id);
ALTER TABLE operation ADD COLUMN expires_at INTEGER;
CREATE INDEX operation_reservation ON operation (reservation_id) WHERE reservation_id IS NOT NULL;

CREATE TABLE hold (
  reservation_id INTEGER NOT NULL REFERENCES operation (id),
  inventory_id   INTEGER NOT NULL REFERENCES inventory (id),
  quantity       INTEGER NOT NULL CHECK (quantity > 0),
  expires_at     INTEGER NOT NULL,
  PRIMARY KEY (reservation_id, inventory_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_inventory ON hold (inventory_id, expires_at);
